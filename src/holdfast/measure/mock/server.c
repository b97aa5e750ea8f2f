/* The mock, compiled: one thread on epoll. plain.py is the same in Python, the oracle and the fallback; both send the
 * same bytes, plan the same deadlines and write the same log. Plain C ABI, loaded by ctypes into a process of its own;
 * serves until `stop` can be read. What clients send is bounded, and never trusted. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "answering.h"

#define EVENTS_AT_ONCE 64
#define DUE_AT_ONCE 16           /* steps between two looks at what has arrived */
#define OUT_BYTES_MAX (4 << 20)  /* that a client does not take: then it is cut off */
#define READ_BYTES (64 << 10)
#define GROWTH_BYTES (256 << 10) /* of the log, had from the disk at once */
#define BLOCKS_MAX (1 << 20)
#define HEADER_BYTES 64
#define DRAINED_BYTES_MAX (1 << 30)

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

int64_t holdfast_mock_version(void) { return 1; }

/* Sizes that native.py compares with its own. */
int64_t holdfast_mock_layout(int64_t sizes[5]) {
    sizes[0] = sizeof(Spec), sizes[1] = sizeof(Scenario), sizes[2] = sizeof(Wording);
    sizes[3] = sizeof(RequestRow), sizes[4] = sizeof(TokenRow);
    return 5;
}

static int64_t read_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

/* ---- the log -------------------------------------------------------------------------------------------------- */

static uint64_t *find_count(const Table *table) { return (uint64_t *)(table->memory + 8); }

/* A new row, all zero; NULL when there is no room, which is counted. */
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
    __atomic_store_n(count, count[0] + 1, __ATOMIC_RELEASE);
    return table->memory + at;
}

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

/* ---- connections ----------------------------------------------------------------------------------------------- */

static void abort_service(Server *server, Connection *connection);
static void read_requests(Server *server, Connection *connection);

static void watch(Server *server, Connection *connection) {
    uint32_t wanted = EPOLLRDHUP;
    if (!connection->service && !connection->closes) wanted |= EPOLLIN;
    if (connection->drains) wanted = EPOLLIN;
    if (connection->out.size > connection->out_begin) wanted |= EPOLLOUT;
    if (!connection->is_open || wanted == connection->watched) return;
    struct epoll_event event = {.events = wanted, .data.ptr = connection};
    connection->watched = wanted;
    epoll_ctl(server->poll, EPOLL_CTL_MOD, connection->file, &event);
}

/* Closed now, freed at the end of the turn: events of this turn may still name it. */
static void drop(Server *server, Connection *connection) {
    if (!connection->is_open) return;
    connection->is_open = false;
    close(connection->file);
    if (connection->left) connection->left->right = connection->right;
    if (connection->right) connection->right->left = connection->left;
    if (server->open == connection) server->open = connection->right;
    server->open_count--;
    connection->next_dead = server->dead;
    server->dead = connection;
}

static void bury(Server *server) {
    for (Connection *connection; (connection = server->dead);) {
        server->dead = connection->next_dead;
        free(connection->heard.data);
        free(connection->head_bytes.data);
        free(connection->out.data);
        free(connection->late);
        free(connection);
    }
}

static void note_late(Connection *connection, Late late) {
    if (connection->late_end == connection->late_room) {
        connection->late_room = connection->late_room ? 2 * connection->late_room : 16;
        connection->late = realloc(connection->late, connection->late_room * sizeof late);
        if (!connection->late) abort();
    }
    late.end = connection->given + (int64_t)(connection->out.size - connection->out_begin);
    connection->late[connection->late_end++] = late;
}

/* Whether the kernel took all of it. */
static bool send_bytes(Server *server, Connection *connection, const uint8_t *data, size_t size) {
    size_t sent = 0;
    if (!connection->is_open) return true;
    if (connection->out.size == connection->out_begin) {
        ssize_t given = send(connection->file, data, size, MSG_NOSIGNAL);
        if (given < 0 && errno != EAGAIN && errno != EINTR) {
            abort_service(server, connection);
            return true;
        }
        sent = given > 0 ? (size_t)given : 0;
        connection->given += (int64_t)sent;
    }
    if (sent == size) return true;
    append(&connection->out, data + sent, size - sent);
    if (connection->out.size - connection->out_begin > OUT_BYTES_MAX)
        abort_service(server, connection);
    else
        watch(server, connection);
    return false;
}

/* Forget what the kernel has taken, once that is more than what it has not. */
static void close_ranks(Connection *connection) {
    Buffer *out = &connection->out;
    if (2 * connection->out_begin < out->size) return;
    out->size -= connection->out_begin;
    memmove(out->data, out->data + connection->out_begin, out->size);
    connection->out_begin = 0;
}

static void flush(Server *server, Connection *connection) {
    int64_t before_ns = read_clock();
    size_t left = connection->out.size - connection->out_begin;
    ssize_t sent = send(connection->file, connection->out.data + connection->out_begin, left, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) abort_service(server, connection);
        return;
    }
    int64_t after_ns = read_clock();
    connection->out_begin += (size_t)sent, connection->given += sent;
    for (; connection->late_begin < connection->late_end; connection->late_begin++) {
        Late *late = connection->late + connection->late_begin;
        if (late->end > connection->given) break;
        if (late->token) late->token->send_ns = before_ns, late->token->after_ns = after_ns;
        if (late->first) late->first->first_send_ns = before_ns;
        if (late->last) late->last->end_ns = after_ns;
    }
    if (connection->late_begin == connection->late_end) connection->late_begin = connection->late_end = 0;
    close_ranks(connection);
    if (connection->out.size || !connection->closes)
        watch(server, connection);
    else if (connection->drains)
        shutdown(connection->file, SHUT_WR), watch(server, connection);
    else
        drop(server, connection);
}

/* An answer is given: close, or go on to what the client has sent since. */
static void let_go(Server *server, Connection *connection, bool keeps_alive) {
    if (!connection->is_open) return;
    if (keeps_alive) {
        watch(server, connection);
        return;
    }
    connection->closes = true;
    if (connection->out.size)
        watch(server, connection);
    else
        drop(server, connection);
}

static void reply(Server *server, Connection *connection, Text text, bool keeps_alive) {
    send_bytes(server, connection, text.data, (size_t)text.size);
    let_go(server, connection, keeps_alive);
}

/* A request that cannot be understood is answered, and what the client still sends is read and thrown away: a
 * connection that is closed with something unread in it is reset, and the answer with it. */
static void reply_fault(Server *server, Connection *connection, int fault) {
    Text text = server->spec->faults[fault];
    server->not_understood++;
    connection->closes = connection->drains = true;
    connection->heard.size = 0;
    send_bytes(server, connection, text.data, (size_t)text.size);
    if (!connection->is_open) return;
    if (!connection->out.size) shutdown(connection->file, SHUT_WR);
    watch(server, connection);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void start(Server *server, Service *service, int64_t started_ns) {
    service->row->started_ns = started_ns;
    begin_answer(&service->answer, started_ns, server->served);
    put_due(server, service);
}

static void take_place(Server *server, Service *service, int64_t started_ns) {
    server->served++;
    service->holds_place = true;
    start(server, service, started_ns);
}

static void leave_queue(Server *server, Service *service) {
    *(service->before ? &service->before->after : &server->first) = service->after;
    *(service->after ? &service->after->before : &server->last) = service->before;
    service->is_waiting = false;
    server->waiting--;
}

static void join_queue(Server *server, Service *service) {
    service->before = server->last, service->after = NULL;
    *(server->last ? &server->last->after : &server->first) = service;
    server->last = service;
    service->is_waiting = true;
    service->row->flags |= QUEUED;
    server->waiting++;
}

/* It is over: the next that waits takes its place. */
static void finish_service(Server *server, Service *service, int64_t freed_ns) {
    if (service->place >= 0) take_out(server, service);
    if (service->is_waiting) leave_queue(server, service);
    service->connection->service = NULL;
    bool holds_place = service->holds_place;
    free_answer(&service->answer);
    free(service);
    if (!holds_place) return;
    server->served--;
    Service *next = server->first;
    if (!next) return;
    leave_queue(server, next);
    take_place(server, next, next->row->read_ns > freed_ns ? next->row->read_ns : freed_ns);
}

/* The client has left, or does not read. */
static void abort_service(Server *server, Connection *connection) {
    Service *service = connection->service;
    int64_t now_ns = read_clock();
    drop(server, connection);
    if (!service) return;
    service->row->flags |= ABORTED;
    service->row->end_ns = now_ns;
    server->aborted++;
    finish_service(server, service, now_ns);
}

static void count_events(Server *server, const Answer *answer, int64_t lateness_ns, bool is_late) {
    int64_t parts = server->step.part_count;
    for (int64_t n = 0; n < parts; n++) server->token_count += answer->parts[n].count;
    server->events += parts;
    server->deferred += is_late ? parts : 0;
    server->lateness_sum_ns += lateness_ns * parts;
    if (lateness_ns > server->lateness_max_ns) server->lateness_max_ns = lateness_ns;
}

static void note_part(Server *server, Service *service, const Part *part, const int64_t stamps[2], bool is_late) {
    uint32_t number, flags = (part->is_reasoning ? REASONING_PART : 0) | (is_late ? DEFERRED : 0);
    RequestRow *row = service->row;
    TokenRow *token = add_row(&server->tokens, &number);
    if (token)
        *token = (TokenRow){server->step.due_ns, stamps[0], stamps[1], service->number, (uint32_t)part->index,
                            (uint32_t)part->count, flags};
    row->tokens += (uint32_t)part->count;
    if (!is_late) return;
    row->flags |= DEFERRED;
    bool is_first = !row->first_send_ns && row != &service->spare;
    note_late(service->connection, (Late){0, token, is_first ? row : NULL, NULL});
}

/* Send a step's bytes and note its events. Returns whether the service is still there. */
static bool give(Server *server, Service *service) {
    Step *step = &server->step;
    Connection *connection = service->connection;
    Answer *answer = &service->answer;
    if (!step->data.size) return true;
    int64_t stamps[2] = {read_clock(), 0};
    bool is_late = !send_bytes(server, connection, step->data.data, step->data.size);
    stamps[1] = read_clock();
    if (!connection->is_open) return false;
    for (int64_t n = 0; n < step->part_count; n++) note_part(server, service, answer->parts + n, stamps, is_late);
    if (!step->part_count) return true;
    if (!service->row->first_send_ns) service->row->first_send_ns = stamps[0];
    count_events(server, answer, stamps[0] - step->due_ns, is_late);
    answer->part_count = 0;
    return true;
}

static void count_end(Server *server, const Service *service) {
    const Step *step = &server->step;
    bool is_whole = step->after == AFTER_CLOSE && service->row->tokens == service->row->planned;
    if (step->status >= 400)
        server->refused++;
    else if (step->after == AFTER_DONE || is_whole)
        server->answered++;
    else
        server->broken_off++;
}

/* Send the last bytes of an answer, and let the next request have its place. */
static void end_answer(Server *server, Service *service) {
    static const struct linger at_once = {1, 0};
    Connection *connection = service->connection;
    int after = server->step.after;
    int64_t due_ns = server->step.due_ns;
    service->row->status = (uint16_t)server->step.status;
    if (!give(server, service) || after == AFTER_HANG) return;
    bool keeps_alive = service->keeps_alive && after == AFTER_DONE;
    count_end(server, service);
    if (!connection->out.size)
        service->row->end_ns = read_clock();
    else if (service->row != &service->spare)
        note_late(connection, (Late){0, NULL, NULL, service->row});
    finish_service(server, service, due_ns);
    if (after == AFTER_RESET) {
        setsockopt(connection->file, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        drop(server, connection);
        return;
    }
    let_go(server, connection, keeps_alive);
    if (connection->is_open && connection->heard.size) {
        connection->first_byte_ns = read_clock();
        read_requests(server, connection);
    }
}

/* Take the step that is due first, unless that is in the future. */
static bool take_due(Server *server) {
    if (!server->heap_size || server->heap[0]->answer.due_ns > read_clock()) return false;
    Service *service = server->heap[0];
    take_out(server, service);
    take_step(&server->step, &service->answer, server->served);
    if (server->step.after != AFTER_NEXT) {
        end_answer(server, service);
        return true;
    }
    put_due(server, service);
    give(server, service);
    return true;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* Whether a block was there already; it is then, unless there are too many. */
static bool add_block(Server *server, uint64_t block) {
    uint64_t mask = 2 * BLOCKS_MAX - 1, at = block & mask;
    block += !block;
    for (; server->blocks[at]; at = (at + 1) & mask)
        if (server->blocks[at] == block) return true;
    if (server->block_count < BLOCKS_MAX) server->blocks[at] = block, server->block_count++;
    return false;
}

/* How many tokens the prompt begins with that an earlier one began with too, in whole blocks. */
static int64_t find_cached(Server *server, const Asked *asked) {
    int64_t found = 0;
    if (asked->block_count && !server->blocks) server->blocks = calloc(2 * BLOCKS_MAX, sizeof *server->blocks);
    if (!asked->block_count || !server->blocks) return 0;
    while (found < asked->block_count && add_block(server, asked->blocks[found])) found++;
    for (int64_t n = found + 1; n < asked->block_count; n++) add_block(server, asked->blocks[n]);
    return found * server->spec->block_tokens;
}

static int64_t find_scenario(const Spec *spec, Text name, int64_t key) {
    if (!name.size) return choose_scenario(spec, key);
    for (int64_t n = 0; n < spec->scenario_count; n++) {
        Text known = spec->scenarios[n].name;
        if (known.size == name.size && !memcmp(known.data, name.data, (size_t)name.size)) return n;
    }
    return -1;
}

static void make_answer(Server *server, Answer *answer, const Asked *asked, int64_t read_ns) {
    const Spec *spec = server->spec;
    int64_t key = answer->key, joined = answer->scenario->framing == JOINED ? answer->scenario->join_events : 1;
    Draws word = make_draws(spec, key, FOR_WORD), identity = make_draws(spec, key, FOR_IDENTITY);
    answer->ttft = make_draws(spec, key, FOR_TTFT), answer->gap = make_draws(spec, key, FOR_GAP);
    answer->chunks = make_draws(spec, key, FOR_CHUNK);
    answer->word = draw_bits(&word), answer->identity = draw_bits(&identity);
    answer->prompt = asked->prompt, answer->inputs = asked->inputs, answer->wants_usage = asked->wants_usage;
    answer->reasoning = answer->scenario->reasoning_tokens;
    if (answer->reasoning > answer->planned) answer->reasoning = answer->planned;
    answer->parts = calloc((size_t)joined, sizeof *answer->parts);
    if (!answer->parts) abort();
    if (!spec->stall_count) return;
    answer->freezes = calloc((size_t)spec->stall_count, sizeof *answer->freezes);
    if (!answer->freezes) abort();
    answer->freeze_count = list_freezes(spec, server->zero_ns, key, read_ns, answer->freezes);
}

static Service *make_service(Server *server, Connection *connection, int64_t key, int64_t scenario, int api,
                             const Asked *asked, int64_t read_ns) {
    Service *service = calloc(1, sizeof *service);
    if (!service) abort();
    Answer *answer = &service->answer;
    answer->spec = server->spec, answer->key = key, answer->scenario = server->spec->scenarios + scenario;
    answer->wording = answer->scenario->wordings + api;
    answer->streams = asked->streams && api != EMBEDDINGS;
    if (api != EMBEDDINGS) count_tokens(answer, asked);
    answer->cached = find_cached(server, asked);
    make_answer(server, answer, asked, read_ns);
    service->connection = connection, service->keeps_alive = connection->head.keeps_alive, service->place = -1;
    service->row = add_row(&server->requests, &service->number);
    if (!service->row) service->row = &service->spare;
    *service->row = (RequestRow){
        .sample = connection->head.sample, .first_byte_ns = connection->first_byte_ns, .read_ns = read_ns,
        .connection = connection->number, .prompt = (uint32_t)asked->prompt, .cached = (uint32_t)answer->cached,
        .planned = (uint32_t)answer->planned, .scenario = (uint16_t)scenario, .status = 200, .api = (uint8_t)api,
        .streamed = answer->streams};
    return service;
}

static void refuse(Server *server, Service *service) {
    Step *step = &server->step;
    service->row->started_ns = service->row->read_ns;
    step->data.size = 0;
    append_text(&step->data, server->spec->full);
    step->due_ns = service->row->read_ns, step->after = AFTER_DONE, step->status = 429, step->part_count = 0;
    end_answer(server, service);
}

static int begin_request(Server *server, Connection *connection, int api, const Asked *asked) {
    const Spec *spec = server->spec;
    int64_t read_ns = read_clock(), sample = connection->head.sample;
    int64_t key = sample >= 0 ? sample : server->request_count;
    int64_t scenario = find_scenario(spec, connection->head.scenario, key);
    if (scenario < 0) return NO_SCENARIO;
    if (!server->zero_ns) server->zero_ns = read_ns;
    server->request_count++;
    Service *service = make_service(server, connection, key, scenario, api, asked, read_ns);
    connection->service = service;
    watch(server, connection);
    if (service->answer.scenario->status >= 400)
        start(server, service, read_ns);
    else if (!spec->concurrency || server->served < spec->concurrency)
        take_place(server, service, read_ns);
    else if (spec->queue_max >= 0 && server->waiting >= spec->queue_max)
        refuse(server, service);
    else
        join_queue(server, service);
    return NO_FAULT;
}

static int find_api(Text path) {
    static const char *const paths[] = {"/chat/completions", "/completions", "/responses", "/embeddings"};
    for (int n = 0; n < APIS; n++)
        if (is_text(path, paths[n])) return n;
    return -1;
}

static void append_count(Buffer *body, const char *name, int64_t count) {
    append(body, ", \"", 3);
    append(body, name, strlen(name));
    append(body, "\": ", 3);
    append_number(body, count);
}

static void append_counts(Buffer *body, const Server *server) {
    append_count(body, "connections", server->connections);
    append_count(body, "requests", server->request_count);
    append_count(body, "served", server->served);
    append_count(body, "waiting", server->waiting);
    append_count(body, "answered", server->answered);
    append_count(body, "refused", server->refused);
    append_count(body, "broken_off", server->broken_off);
    append_count(body, "aborted", server->aborted);
    append_count(body, "not_understood", server->not_understood);
    append_count(body, "events", server->events);
    append_count(body, "tokens", server->token_count);
    append_count(body, "deferred", server->deferred);
    append_count(body, "lateness_mean_ns", server->events ? server->lateness_sum_ns / server->events : 0);
    append_count(body, "lateness_max_ns", server->lateness_max_ns);
    append_count(body, "log_lost", (int64_t)(find_count(&server->requests)[1] + find_count(&server->tokens)[1]));
}

static void reply_truth(Server *server, Connection *connection) {
    static const char start[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    Buffer body = {NULL, 0, 0}, whole = {NULL, 0, 0};
    append(&body, "{\"version\": \"native\"", 20);
    append_counts(&body, server);
    append(&body, "}", 1);
    append(&whole, start, sizeof start - 1);
    append_number(&whole, (int64_t)body.size);
    append(&whole, "\r\n\r\n", 4);
    append(&whole, body.data, body.size);
    reply(server, connection, (Text){whole.data, (int64_t)whole.size}, connection->head.keeps_alive);
    free(body.data);
    free(whole.data);
}

static int answer_request(Server *server, Connection *connection, Text body) {
    Head *head = &connection->head;
    Text path = head->path;
    if (path.size >= 3 && !memcmp(path.data, "/v1", 3)) path.data += 3, path.size -= 3;
    bool is_get = is_text(head->method, "GET");
    int api = find_api(path);
    if (is_get && is_text(path, "/models"))
        reply(server, connection, server->spec->models, head->keeps_alive);
    else if (is_get && is_text(path, "/truth"))
        reply_truth(server, connection);
    else if (api < 0)
        return NO_PATH;
    if (api < 0) return NO_FAULT;
    if (!is_text(head->method, "POST")) return NO_METHOD;
    Asked asked;
    int fault = read_asked(server->spec, body, &asked);
    if (fault == NO_FAULT) fault = begin_request(server, connection, api, &asked);
    free(asked.blocks);
    return fault;
}

/* Take the head of the next request from what was heard, if all of it has come. */
static int take_head(Server *server, Connection *connection) {
    Buffer *heard = &connection->heard;
    size_t looked_at = heard->size < HEAD_BYTES_MAX ? heard->size : HEAD_BYTES_MAX;
    const uint8_t *end = looked_at ? memmem(heard->data, looked_at, "\r\n\r\n", 4) : NULL;
    if (!end) return heard->size >= HEAD_BYTES_MAX ? HEAD_LONG : NO_FAULT;
    size_t size = (size_t)(end - heard->data);
    connection->head_bytes.size = 0;
    append(&connection->head_bytes, heard->data, size);
    heard->size -= size + 4;
    memmove(heard->data, end + 4, heard->size);
    int fault = read_head((Text){connection->head_bytes.data, (int64_t)size}, &connection->head);
    if (fault != NO_FAULT) return fault;
    if (connection->head.body_bytes > server->spec->body_bytes_max) return BODY_LONG;
    connection->has_head = true;
    if (connection->head.waits && (int64_t)heard->size < connection->head.body_bytes)
        send_bytes(server, connection, (const uint8_t *)"HTTP/1.1 100 Continue\r\n\r\n", 25);
    return NO_FAULT;
}

static int read_request(Server *server, Connection *connection) {
    Buffer *heard = &connection->heard;
    int fault = connection->has_head ? NO_FAULT : take_head(server, connection);
    if (fault != NO_FAULT || !connection->has_head || !connection->is_open) return fault;
    size_t size = (size_t)connection->head.body_bytes;
    if (heard->size < size) return NO_FAULT;
    Buffer body = *heard;
    *heard = (Buffer){NULL, 0, 0};
    append(heard, body.data + size, body.size - size);
    connection->has_head = false;
    fault = answer_request(server, connection, (Text){body.data, (int64_t)size});
    free(body.data);
    return fault;
}

/* All requests that have come whole, one after the other: the next is read when the one before is answered. */
static void read_requests(Server *server, Connection *connection) {
    for (size_t before = 0; connection->is_open && !connection->service && !connection->closes;) {
        before = connection->heard.size;
        int fault = read_request(server, connection);
        if (fault != NO_FAULT) {
            reply_fault(server, connection, fault);
            return;
        }
        if (!connection->heard.size || connection->heard.size == before) return;
        connection->first_byte_ns = read_clock();
    }
}

/* ---- the loop ----------------------------------------------------------------------------------------------------- */

static void drain(Server *server, Connection *connection) {
    uint8_t thrown[READ_BYTES];
    ssize_t got = recv(connection->file, thrown, sizeof thrown, 0);
    connection->drained += got;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || connection->drained > DRAINED_BYTES_MAX)
        drop(server, connection);
}

static void hear(Server *server, Connection *connection, int64_t now_ns) {
    uint8_t data[READ_BYTES];
    ssize_t got = recv(connection->file, data, sizeof data, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        drop(server, connection);
        return;
    }
    if (!connection->heard.size && !connection->has_head) connection->first_byte_ns = now_ns;
    append(&connection->heard, data, (size_t)got);
    read_requests(server, connection);
}

static void meet(Server *server, Connection *connection, uint32_t events, int64_t now_ns) {
    if (!connection->is_open) return;
    if (events & EPOLLOUT) flush(server, connection);
    if (!connection->is_open) return;
    if (connection->drains && events & ~(uint32_t)EPOLLOUT)
        drain(server, connection);
    else if (connection->service && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        abort_service(server, connection);
    else if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !connection->service)
        hear(server, connection, now_ns);
}

static bool add_connection(Server *server, int file) {
    int on = 1;
    Connection *connection = calloc(1, sizeof *connection);
    if (!connection) return false;
    *connection = (Connection){.file = file, .is_open = true, .watched = EPOLLIN | EPOLLRDHUP, .right = server->open};
    connection->number = (uint32_t)server->connections;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = connection->watched, .data.ptr = connection};
    if (epoll_ctl(server->poll, EPOLL_CTL_ADD, file, &event)) return free(connection), false;
    if (server->open) server->open->left = connection;
    server->open = connection;
    server->connections++, server->open_count++;
    return true;
}

static void accept_some(Server *server) {
    for (int n = 0; n < EVENTS_AT_ONCE && server->open_count < server->spec->connections_max; n++) {
        int file = accept4((int)server->spec->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (file < 0) return;
        if (!add_connection(server, file)) close(file);
    }
}

/* Whether new connections are let in now, and when that changes. */
static bool is_accepting(const Server *server, int64_t now_ns, int64_t *next_ns) {
    bool is_closed = false;
    for (int64_t n = 0; server->zero_ns && n < server->spec->stall_count; n++) {
        const Stall *stall = server->spec->stalls + n;
        int64_t begin_ns = server->zero_ns + stall->at_ns, end_ns = begin_ns + stall->duration_ns;
        if (stall->of != STALL_ACCEPT) continue;
        is_closed = is_closed || (begin_ns <= now_ns && now_ns < end_ns);
        if (begin_ns > now_ns && begin_ns < *next_ns) *next_ns = begin_ns;
        if (end_ns > now_ns && end_ns < *next_ns) *next_ns = end_ns;
    }
    return !is_closed && server->open_count < server->spec->connections_max;
}

static void watch_listener(Server *server, int64_t now_ns, int64_t *next_ns) {
    bool wanted = is_accepting(server, now_ns, next_ns);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server->accepts};
    if (wanted == server->accepts) return;
    server->accepts = wanted;
    epoll_ctl(server->poll, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, (int)server->spec->listener, &event);
}

static void arm(Server *server, int64_t at_ns) {
    struct itimerspec when = {.it_value = {at_ns / SECOND, at_ns % SECOND}};
    if (at_ns == server->armed_ns) return;
    server->armed_ns = at_ns;
    timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Wait for what comes first, answer what is due, hear what has arrived. False when it is time to stop. */
static bool turn(Server *server) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t now_ns = read_clock(), next_ns = INT64_MAX;
    watch_listener(server, now_ns, &next_ns);
    if (server->heap_size && server->heap[0]->answer.due_ns < next_ns) next_ns = server->heap[0]->answer.due_ns;
    bool is_due = next_ns <= now_ns;
    if (!is_due) arm(server, next_ns == INT64_MAX ? 0 : next_ns);
    int count = epoll_wait(server->poll, events, EVENTS_AT_ONCE, is_due ? 0 : -1);
    now_ns = read_clock();
    for (int n = 0; n < DUE_AT_ONCE && take_due(server); n++) continue;
    for (int n = 0; n < count; n++) {
        uint64_t times;
        if (events[n].data.ptr == server) return false;
        if (events[n].data.ptr == &server->accepts)
            accept_some(server);
        else if (events[n].data.ptr == &server->timer)
            server->armed_ns = read(server->timer, &times, sizeof times) > 0 ? 0 : server->armed_ns;
        else
            meet(server, events[n].data.ptr, events[n].events, now_ns);
    }
    bury(server);
    return true;
}

static int64_t open_server(Server *server) {
    struct epoll_event timer = {.events = EPOLLIN, .data.ptr = &server->timer};
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = server};
    server->poll = epoll_create1(EPOLL_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (server->poll < 0 || server->timer < 0) return errno;
    if (epoll_ctl(server->poll, EPOLL_CTL_ADD, server->timer, &timer)) return errno;
    /* A file cannot be waited for: then only a signal ends the server. */
    if (epoll_ctl(server->poll, EPOLL_CTL_ADD, (int)server->spec->stop, &stop) && errno != EPERM) return errno;
    return fcntl((int)server->spec->listener, F_SETFL, O_NONBLOCK) ? errno : 0;
}

/* Serves until `spec->stop` can be read or its other end is closed. Returns 0, or the system's number of an error. */
int64_t holdfast_mock_serve(const Spec *spec) {
    Server server = {.spec = spec, .requests = spec->requests, .tokens = spec->tokens};
    int64_t fault = open_server(&server);
    while (!fault && turn(&server)) continue;
    while (server.open) {
        Connection *connection = server.open;
        Service *service = connection->service;
        drop(&server, connection);
        if (service) service->holds_place = false, finish_service(&server, service, 0);
    }
    bury(&server);
    free(server.heap);
    free(server.blocks);
    free(server.step.data.data);
    if (server.poll >= 0) close(server.poll);
    if (server.timer >= 0) close(server.timer);
    return fault;
}
