/* The connections of the compiled mock, as in clients.py: bytes in and out, also what the kernel takes later. */
#ifndef HOLDFAST_MOCK_CLIENTS_H
#define HOLDFAST_MOCK_CLIENTS_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "state.h"

#define OUT_BYTES_MAX (16 << 20) /* that a client does not take: then it is cut off */
#define READ_BYTES (64 << 10)
#define DRAINED_BYTES_MAX (1 << 30)
#define ACCEPTED_AT_ONCE 64

static void abort_service(Server *server, Connection *connection);

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

/* ---- new ones and old ones ---------------------------------------------------------------------- */

static void drain(Server *server, Connection *connection) {
    uint8_t thrown[READ_BYTES];
    ssize_t got = recv(connection->file, thrown, sizeof thrown, 0);
    connection->drained += got;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || connection->drained > DRAINED_BYTES_MAX)
        drop(server, connection);
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
    for (int n = 0; n < ACCEPTED_AT_ONCE && server->open_count < server->spec->connections_max; n++) {
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

#endif
