/* What the compiled mock holds: connections, what is due in a heap, and the log, which is rows in mapped memory. */
#ifndef HOLDFAST_MOCK_STATE_H
#define HOLDFAST_MOCK_STATE_H

#include <fcntl.h>
#include <time.h>

#include "answering.h"

#define GROWTH_BYTES (256 << 10) /* of the log, had from the disk at once */
#define HEADER_BYTES 64

enum { DEFERRED = 1, ABORTED = 2, QUEUED = 4, REASONING_PART = 8 };

typedef struct {
    int64_t sample, first_byte_ns, read_ns, started_ns, first_send_ns, end_ns;
    uint32_t connection, prompt, cached, planned, tokens;
    uint16_t scenario, status;
    uint8_t api, streamed;
    uint16_t flags;
    uint32_t spare;
} RequestRow;

typedef struct { int64_t deadline_ns, send_ns, after_ns; uint32_t request, index, count, flags; } TokenRow;

typedef struct Service Service;
typedef struct Connection Connection;

/* What is noted once `end` bytes in all have been given to the kernel. */
typedef struct { int64_t end; TokenRow *token; RequestRow *first, *last; } Late;

struct Service {
    Answer answer;
    Connection *connection;
    RequestRow *row, spare;
    uint32_t number;
    bool keeps_alive, holds_place;
    int64_t order, place; /* in the heap; -1: not there */
    Service *before, *after; /* in the queue */
    bool is_waiting;
};

struct Connection {
    int file;
    uint32_t number, watched;
    bool is_open, closes, drains, has_head;
    Buffer heard;
    Head head;
    Buffer head_bytes;
    int64_t first_byte_ns, given, drained;
    Buffer out;
    size_t out_begin;
    Late *late;
    size_t late_begin, late_end, late_room;
    Service *service;
    Connection *next_dead, *left, *right; /* all that are open, in both directions */
};

typedef struct {
    const Spec *spec;
    int poll, timer;
    bool accepts;
    Connection *open, *dead;
    int64_t open_count, armed_ns, zero_ns, served, waiting, order;
    Service **heap;
    int64_t heap_size, heap_room;
    Service *first, *last;
    uint64_t *blocks;
    int64_t block_count;
    Table requests, tokens;
    Step step;
    int64_t connections, request_count, answered, refused, broken_off, aborted, not_understood, events, token_count,
        deferred, lateness_sum_ns, lateness_max_ns;
} Server;

static int64_t read_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

/* ---- the log -------------------------------------------------------------------------------------------------- */

static uint64_t *find_count(const Table *table) { return (uint64_t *)(table->memory + 8); }

/* Room for a new row, which counts once it is published; NULL when there is none, which is counted. */
static void *add_row(Table *table, uint32_t *number) {
    uint64_t *count = find_count(table);
    int64_t at = HEADER_BYTES + (int64_t)count[0] * table->row_bytes, end = at + table->row_bytes;
    if (end > table->room && end <= table->bytes_max) {
        int64_t grown = table->room + GROWTH_BYTES < table->bytes_max ? table->room + GROWTH_BYTES : table->bytes_max;
        if (!posix_fallocate((int)table->file, table->room, grown - table->room)) table->room = grown;
    }
    if (end > table->room) {
        count[1]++;
        *number = UINT32_MAX;
        return NULL;
    }
    *number = (uint32_t)count[0];
    return table->memory + at;
}

/* Readers of the file see the row from now on: it must be filled. */
static void publish_row(Table *table) { __atomic_add_fetch(find_count(table), 1, __ATOMIC_RELEASE); }

/* ---- what is due, in a heap ------------------------------------------------------------------------------------ */

static bool is_before(const Service *one, const Service *other) {
    int64_t a = one->answer.due_ns, b = other->answer.due_ns;
    return a < b || (a == b && one->order < other->order);
}

static void set_place(Server *server, int64_t place, Service *service) {
    server->heap[place] = service;
    service->place = place;
}

static void rise(Server *server, int64_t place, Service *service) {
    for (; place && is_before(service, server->heap[(place - 1) / 2]); place = (place - 1) / 2)
        set_place(server, place, server->heap[(place - 1) / 2]);
    set_place(server, place, service);
}

static void sink(Server *server, int64_t place, Service *service) {
    for (int64_t child; (child = 2 * place + 1) < server->heap_size; place = child) {
        if (child + 1 < server->heap_size && is_before(server->heap[child + 1], server->heap[child])) child++;
        if (!is_before(server->heap[child], service)) break;
        set_place(server, place, server->heap[child]);
    }
    set_place(server, place, service);
}

static void put_due(Server *server, Service *service) {
    if (server->heap_size == server->heap_room) {
        server->heap_room = server->heap_room ? 2 * server->heap_room : 256;
        server->heap = realloc(server->heap, (size_t)server->heap_room * sizeof *server->heap);
        if (!server->heap) abort();
    }
    service->order = ++server->order;
    rise(server, server->heap_size++, service);
}

static void take_out(Server *server, Service *service) {
    int64_t place = service->place;
    service->place = -1;
    Service *moved = server->heap[--server->heap_size];
    if (moved == service) return;
    if (place && is_before(moved, server->heap[(place - 1) / 2]))
        rise(server, place, moved);
    else
        sink(server, place, moved);
}

#endif
