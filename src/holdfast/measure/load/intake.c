/* What comes on connections: waits, reads, stamps and puts aside, and comes back only for what needs a look. intake.py is
 * the same in Python, the oracle and the fallback. Plain C ABI, loaded by ctypes; knows no request and no answer. Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "chunks.h"

#define SECOND_NS 1000000000LL
#define READ_BYTES 16384
#define EVENTS_AT_ONCE 64 /* between two looks at the moment until which it waits */
#define SHORT 5           /* as in framing.py */
#define BRACKET_NS 10000  /* this and the next two as in stamps.py */
#define TRIES 10
#define AHEAD_NS SECOND_NS
#define REST_NS_MIN 50000
#define ROOM_LEAST 4096
#define ROOM_KEPT (64 << 10)

#define ENDINGS (EPOLLRDHUP | EPOLLHUP | EPOLLERR)
#define WATCHED (EPOLLIN | EPOLLRDHUP | EPOLLET) /* as in native.py */

enum { UNREAD, NOTHING, PART, END, BROKEN, ASIDE };

/* One connection's. `ends[i]` is where part i ends in `bytes`, and `stamps[i]` when it came. `left`: bytes that may come
 * before a look is wanted. */
typedef struct {
    char *bytes;
    int64_t *stamps, *ends;
    int64_t size, room, count, places, left;
    bool is_watched, is_new, is_open_ended, has_more;
} Stream;

typedef struct { int64_t file, events, came, error; } Arrival;
typedef struct { int64_t since_ns, before_ns, woke_ns, offset_ns; } Clocks;

/* Up to `streams`, native.py has the same. */
typedef struct {
    Clocks clocks;
    int64_t has_come, has_notes;
    const char *bytes;
    const int64_t *stamps, *ends;
    int64_t size;
    Arrival arrivals[EVENTS_AT_ONCE];
    Stream *streams; /* by the number of the socket */
    int64_t stream_count;
    int poll;
    bool is_behind; /* there may be more than the last wait told of */
    char part[READ_BYTES];
} Intake;

int64_t holdfast_intake_version(void) { return 1; }

int64_t holdfast_intake_layout(void) { return offsetof(Intake, streams); }

/* ---- stamps: as Stamper ------------------------------------------------------------------------------------------- */

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void read_clocks(Clocks *clocks, int64_t bracket_ns) {
    int64_t before_ns = read_clock(CLOCK_MONOTONIC), wall_ns = read_clock(CLOCK_REALTIME);
    clocks->woke_ns = read_clock(CLOCK_MONOTONIC);
    int64_t offset_ns = wall_ns - clocks->woke_ns, by_ns = offset_ns - clocks->offset_ns;
    if (clocks->woke_ns - before_ns <= bracket_ns || by_ns > SECOND_NS || by_ns < -SECOND_NS)
        clocks->offset_ns = offset_ns;
}

static void begin_clocks(Clocks *clocks) {
    clocks->before_ns = clocks->since_ns = read_clock(CLOCK_MONOTONIC);
    read_clocks(clocks, SECOND_NS);
    for (int n = 0; n < TRIES; n++) read_clocks(clocks, BRACKET_NS);
}

/* The moment of arrival that the kernel's note tells, or -1 when it cannot be true. */
int64_t holdfast_intake_find(const Clocks *clocks, int64_t seconds, int64_t nanoseconds) {
    int64_t stamp_ns = seconds * SECOND_NS + nanoseconds - clocks->offset_ns;
    return clocks->since_ns <= stamp_ns && stamp_ns <= clocks->woke_ns + AHEAD_NS ? stamp_ns : -1;
}

/* ---- streams ------------------------------------------------------------------------------------------------------ */

static bool has_room(Stream *stream, int64_t size) {
    if (stream->size + size > stream->room) {
        int64_t room = stream->room * 2 > stream->size + size ? stream->room * 2 : stream->size + size + ROOM_LEAST;
        char *bytes = realloc(stream->bytes, (size_t)room);
        if (!bytes) return false;
        stream->bytes = bytes, stream->room = room;
    }
    if (stream->count < stream->places) return true;
    int64_t places = stream->places ? stream->places * 2 : 64;
    int64_t *stamps = realloc(stream->stamps, (size_t)places * sizeof *stamps);
    if (stamps) stream->stamps = stamps;
    int64_t *ends = realloc(stream->ends, (size_t)places * sizeof *ends);
    if (ends) stream->ends = ends;
    if (!stamps || !ends) return false;
    stream->places = places;
    return true;
}

static bool ends_with(const char *part, int64_t size, const char *ending, int64_t length) {
    return size >= length && !memcmp(part + size - length, ending, (size_t)length);
}

/* Whether it may be an answer's last: HINTS in framing.py. */
static bool is_hint(const char *part, int64_t size) {
    if (part[size - 1] != '\n') return false;
    return ends_with(part, size, "\r\n\r\n", 4) || ends_with(part, size, "DONE]\n\n\r\n", 9) ||
           ends_with(part, size, "DONE]\n\n", 7);
}

/* Whether an answer begins here of which only the last bytes can say that they are the last: its head is whole and says
 * that chunks follow, and so they do. All that is less plain is left to framing.py. */
static bool begins_chunks(const char *part, int64_t size) {
    static const char begin[] = "HTTP/1.1 200 ", field[] = "\r\ntransfer-encoding:", value[] = " chunked\r\n";
    const int64_t field_size = sizeof field - 1, value_size = sizeof value - 1;
    const char *end = memmem(part, (size_t)size, "\r\n\r\n", 4);
    if (!end || size < (int64_t)sizeof begin || memcmp(part, begin, sizeof begin - 1)) return false;
    int64_t found = 0;
    for (const char *at = part; at < end; at++) {
        if (*at != '\r' || end + 2 - at < field_size || strncasecmp(at, field, (size_t)field_size)) continue;
        if (end + 2 - at < field_size + value_size) return false;
        if (strncasecmp(at + field_size, value, (size_t)value_size)) return false;
        found++;
    }
    return found == 1 && walk_chunks(part, size, end + 4 - part) >= size;
}

static int64_t find_stamp(Intake *intake, struct msghdr *message) {
    struct cmsghdr *note = CMSG_FIRSTHDR(message);
    intake->has_notes = note != NULL;
    int64_t stamp_ns = -1;
    if (note && note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec moment;
        memcpy(&moment, CMSG_DATA(note), sizeof moment);
        stamp_ns = holdfast_intake_find(&intake->clocks, moment.tv_sec, moment.tv_nsec);
    }
    return stamp_ns >= 0 ? stamp_ns : read_clock(CLOCK_MONOTONIC);
}

/* Read a part of an answer and put it aside. Fills in what came and any error. Returns whether there may be more. */
static bool read_part(Intake *intake, Stream *stream, Arrival *arrival) {
    char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec place = {intake->part, READ_BYTES};
    struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int64_t size = recvmsg((int)arrival->file, &message, 0);
    arrival->came = size < 0 ? BROKEN : END;
    arrival->error = size < 0 ? errno : 0;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) arrival->came = NOTHING;
    if (size <= 0) return false;
    int64_t stamp_ns = find_stamp(intake, &message);
    if (!has_room(stream, size)) {
        arrival->came = BROKEN, arrival->error = ENOMEM;
        return false;
    }
    memcpy(stream->bytes + stream->size, intake->part, (size_t)size);
    stream->size += size, stream->left -= size;
    stream->stamps[stream->count] = stamp_ns, stream->ends[stream->count++] = stream->size;
    if (stream->is_new) stream->is_open_ended = begins_chunks(intake->part, size);
    stream->is_new = false;
    bool is_plain = stream->is_open_ended && size >= SHORT && stream->left >= 0 && !is_hint(intake->part, size);
    arrival->came = is_plain ? ASIDE : PART;
    return size == READ_BYTES || arrival->events & ENDINGS;
}

/* The system tells once of what came: all of it is read, unless a part has to be looked at before. */
static void read_all(Intake *intake, Stream *stream, Arrival *arrival) {
    do stream->has_more = read_part(intake, stream, arrival);
    while (stream->has_more && arrival->came == ASIDE);
}

/* ---- what native.py calls ----------------------------------------------------------------------------------------- */

Intake *holdfast_intake_open(int64_t poll) {
    Intake *intake = calloc(1, sizeof *intake);
    if (!intake) return NULL;
    intake->poll = (int)poll;
    begin_clocks(&intake->clocks);
    return intake;
}

static void free_stream(Stream *stream) {
    free(stream->bytes), free(stream->stamps), free(stream->ends);
    memset(stream, 0, sizeof *stream);
}

void holdfast_intake_close(Intake *intake) {
    for (int64_t n = 0; n < intake->stream_count; n++) free_stream(intake->streams + n);
    free(intake->streams);
    free(intake);
}

/* An answer is to come on this socket, of no more than `left` bytes. Returns the system's error number, 0 for none. */
int64_t holdfast_intake_begin(Intake *intake, int64_t file, int64_t left) {
    if (!intake || file < 0) return EBADF;
    if (file >= intake->stream_count) {
        int64_t count = file * 2 + 64;
        Stream *streams = realloc(intake->streams, (size_t)count * sizeof *streams);
        if (!streams) return ENOMEM;
        memset(streams + intake->stream_count, 0, (size_t)(count - intake->stream_count) * sizeof *streams);
        intake->streams = streams, intake->stream_count = count;
    }
    Stream *stream = intake->streams + file;
    stream->size = stream->count = 0, stream->left = left;
    stream->is_watched = stream->is_new = true, stream->is_open_ended = stream->has_more = false;
    return 0;
}

/* Have the system tell again of what was left unread. */
static void ask_again(Intake *intake, Stream *stream) {
    if (!stream->has_more) return;
    int file = (int)(stream - intake->streams);
    struct epoll_event event = {.events = WATCHED, .data.fd = file};
    stream->has_more = false;
    epoll_ctl(intake->poll, EPOLL_CTL_MOD, file, &event);
}

static Stream *find_stream(Intake *intake, int64_t file) {
    if (!intake || file < 0 || file >= intake->stream_count || !intake->streams[file].is_watched) return NULL;
    return intake->streams + file;
}

/* It goes on; where `is_open_ended` only a part's last bytes can say that it is the last, or that more than `left`
 * came. While a request is being sent the system tells of what is unread as often as it is asked. */
void holdfast_intake_go_on(Intake *intake, int64_t file, int64_t is_open_ended, int64_t left, int64_t is_sending) {
    Stream *stream = find_stream(intake, file);
    if (!stream) return;
    stream->is_open_ended = is_open_ended, stream->left = left;
    if (!is_sending) ask_again(intake, stream);
}

/* The answer is over: the socket is the client's. A little memory is kept for the next. */
void holdfast_intake_end(Intake *intake, int64_t file) {
    if (!intake || file < 0 || file >= intake->stream_count) return;
    Stream *stream = intake->streams + file;
    stream->is_watched = false;
    ask_again(intake, stream);
    if (stream->room > ROOM_KEPT) free_stream(stream);
}

/* What was put aside since the last time, valid until the next call: how many parts. */
int64_t holdfast_intake_take(Intake *intake, int64_t file) {
    Stream *stream = find_stream(intake, file);
    if (!stream) return 0;
    int64_t count = stream->count;
    intake->bytes = stream->bytes, intake->size = stream->size;
    intake->stamps = stream->stamps, intake->ends = stream->ends;
    stream->size = stream->count = 0;
    return count;
}

static int64_t read_parts(Intake *intake, const struct epoll_event *events, int ready) {
    int64_t count = 0;
    for (int n = 0; n < ready; n++) {
        Arrival *arrival = intake->arrivals + count;
        *arrival = (Arrival){events[n].data.fd, events[n].events, UNREAD, 0};
        Stream *stream = find_stream(intake, arrival->file);
        if (stream && arrival->events & ~EPOLLOUT) {
            read_all(intake, stream, arrival);
            intake->has_come = true;
        }
        bool is_done = arrival->came == ASIDE || arrival->came == NOTHING;
        if (!is_done || arrival->events & EPOLLOUT) count++;
    }
    return count;
}

/* As PlainIntake's. */
static void rest(const Intake *intake, int64_t until_ns, int64_t rest_ns) {
    const Clocks *clocks = &intake->clocks;
    bool is_soon = until_ns - clocks->woke_ns < 2 * rest_ns;
    bool is_quick = clocks->woke_ns - clocks->before_ns < rest_ns;
    if (!intake->has_notes || rest_ns <= REST_NS_MIN || is_soon || !is_quick) return;
    struct timespec span = {rest_ns / SECOND_NS, rest_ns % SECOND_NS};
    nanosleep(&span, NULL);
}

/* Wait for what needs a look (`until_ns` 0: only see what is there), put all else aside, and rest between waits where it
 * comes in quick succession. Returns how many arrivals need a look, or the system's error number, negated. */
int64_t holdfast_intake_gather(Intake *intake, int64_t until_ns, int64_t rest_ns) {
    struct epoll_event events[EVENTS_AT_ONCE];
    Clocks *clocks = &intake->clocks;
    intake->has_come = false;
    for (;;) {
        if (!intake->is_behind) clocks->since_ns = clocks->before_ns;
        clocks->before_ns = read_clock(CLOCK_MONOTONIC);
        int ready = epoll_wait(intake->poll, events, EVENTS_AT_ONCE, until_ns ? -1 : 0);
        int error = errno;
        read_clocks(clocks, BRACKET_NS);
        intake->is_behind = ready == EVENTS_AT_ONCE;
        if (ready < 0) return -error;
        int64_t count = read_parts(intake, events, ready);
        if (count || !until_ns) return count;
        rest(intake, until_ns, rest_ns);
    }
}
