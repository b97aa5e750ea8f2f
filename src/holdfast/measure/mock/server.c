/* The mock, compiled: one thread on epoll. plain.py is the same in Python, the oracle and the fallback; both send the
 * same bytes, plan the same deadlines and write the same log. Plain C ABI, loaded by ctypes into a process of its own;
 * serves until `control` ends. What clients send is bounded, and never trusted. */
#define _GNU_SOURCE
#include <sys/timerfd.h>

#include "clients.h"

#define EVENTS_AT_ONCE 64
#define DUE_AT_ONCE 16 /* steps between two looks at what has arrived */
#define BLOCKS_MAX (1 << 20)

static void read_requests(Server *server, Connection *connection);

int64_t holdfast_mock_version(void) { return 1; }

/* Sizes that native.py compares with its own. */
int64_t holdfast_mock_layout(int64_t sizes[5]) {
    sizes[0] = sizeof(Spec), sizes[1] = sizeof(Scenario), sizes[2] = sizeof(Wording);
    sizes[3] = sizeof(RequestRow), sizes[4] = sizeof(TokenRow);
    return 5;
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
    if (token) {
        *token = (TokenRow){server->step.due_ns, stamps[0], stamps[1], service->number, (uint32_t)part->index,
                            (uint32_t)part->count, flags};
        publish_row(&server->tokens);
    }
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
    RequestRow *row = add_row(&server->requests, &service->number);
    service->row = row ? row : &service->spare;
    *service->row = (RequestRow){
        .sample = connection->head.sample, .first_byte_ns = connection->first_byte_ns, .read_ns = read_ns,
        .connection = connection->number, .prompt = (uint32_t)asked->prompt, .cached = (uint32_t)answer->cached,
        .planned = (uint32_t)answer->planned, .scenario = (uint16_t)scenario, .status = 200, .api = (uint8_t)api,
        .streamed = answer->streams};
    if (row) publish_row(&server->requests);
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

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

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

static void arm(Server *server, int64_t at_ns) {
    struct itimerspec when = {.it_value = {at_ns / SECOND, at_ns % SECOND}};
    if (at_ns == server->armed_ns) return;
    server->armed_ns = at_ns;
    timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* For each byte that comes, one goes out once all that was done is in the log. False when `control` has ended. */
static bool hear_control(Server *server) {
    uint8_t bytes[64];
    ssize_t got = read((int)server->spec->control, bytes, sizeof bytes);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    return got > 0 && write((int)server->spec->said, bytes, (size_t)got) == got;
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
        if (events[n].data.ptr == server && !hear_control(server)) return false;
        if (events[n].data.ptr == server) continue;
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
    struct epoll_event control = {.events = EPOLLIN, .data.ptr = server};
    server->poll = epoll_create1(EPOLL_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (server->poll < 0 || server->timer < 0) return errno;
    if (epoll_ctl(server->poll, EPOLL_CTL_ADD, server->timer, &timer)) return errno;
    /* A file cannot be waited for: then only a signal ends the server. */
    if (epoll_ctl(server->poll, EPOLL_CTL_ADD, (int)server->spec->control, &control) && errno != EPERM) return errno;
    return fcntl((int)server->spec->listener, F_SETFL, O_NONBLOCK) ? errno : 0;
}

/* Serves until what `spec->control` reads from ends. Returns 0, or the system's number of an error. */
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
