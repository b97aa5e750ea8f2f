/* One answer, step by step: what is to be sent when, in bytes, as in answering.py and rendering.py. Knows no sockets
 * and no clock. */
#ifndef HOLDFAST_MOCK_ANSWERING_H
#define HOLDFAST_MOCK_ANSWERING_H

#include <stdio.h>

#include "asking.h"

enum { SLOT_ID = 1, SLOT_TEXT, SLOT_REASONING_TEXT, SLOT_PROMPT, SLOT_COMPLETION, SLOT_CACHED, SLOT_REASONING };
enum { SLOT_TOTAL = 11, SLOT_LENGTH = 14, SLOT_SEQUENCE, SLOT_ITEMS, SLOT_PLACE };
enum { STAGE_REFUSE, STAGE_OPEN, STAGE_HALF, STAGE_TOKENS, STAGE_FAIL, STAGE_WHOLE };
enum { AFTER_NEXT, AFTER_DONE, AFTER_CLOSE, AFTER_RESET, AFTER_HANG };

typedef struct { uint8_t *data; size_t size, room; } Buffer;
typedef struct { int64_t index, count; bool is_reasoning; } Part;

typedef struct {
    const Spec *spec;
    const Scenario *scenario;
    const Wording *wording;
    Draws ttft, gap, chunks;
    uint64_t word, identity;
    int64_t prompt, cached, planned, reasoning, inputs, sequence;
    bool streams, is_cut, wants_usage, has_head, has_answered;
    int stage;
    int64_t key, started_ns, due_ns, token_ns, given, chunk, events;
    Freeze *freezes;
    int64_t freeze_count;
    Buffer held;
    size_t half; /* bytes of `held` that were sent already */
    Part *parts;
    int64_t part_count;
} Answer;

/* What a step sends is in `data`; the answer's first `part_count` parts are in it. */
typedef struct { Buffer data; int64_t due_ns, part_count, status; int after; } Step;

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

static void append(Buffer *buffer, const void *data, size_t size) {
    if (buffer->size + size > buffer->room) {
        size_t room = 2 * (buffer->size + size) + 256;
        uint8_t *grown = realloc(buffer->data, room);
        if (!grown) abort();
        buffer->data = grown, buffer->room = room;
    }
    if (size) memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static void append_text(Buffer *buffer, Text text) { append(buffer, text.data, (size_t)text.size); }

static void append_number(Buffer *buffer, int64_t number) {
    char digits[24];
    append(buffer, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
}

/* ---- templates ------------------------------------------------------------------------------------------------ */

static void append_words(Buffer *buffer, const Answer *answer, int64_t first, int64_t count) {
    uint64_t words = (uint64_t)answer->scenario->word_count;
    for (uint64_t index = (uint64_t)first; index < (uint64_t)(first + count); index++) {
        uint64_t word = answer->spec->is_text ? index : mix(answer->word + index * STEP);
        append_text(buffer, answer->scenario->words[word % words]);
    }
}

static void append_items(Buffer *buffer, const Answer *answer) {
    Text item = answer->wording->item;
    const uint8_t *at = memchr(item.data, SLOT_PLACE, (size_t)item.size);
    size_t before = (size_t)(at - item.data);
    for (int64_t place = 0; place < answer->inputs; place++) {
        if (place) append(buffer, ",", 1);
        append(buffer, item.data, before);
        append_number(buffer, place);
        append(buffer, at + 1, (size_t)item.size - before - 1);
    }
}

static void fill(Buffer *buffer, Answer *answer, uint8_t slot, int64_t first, int64_t count) {
    char digits[24];
    switch (slot) {
    case SLOT_ID:
        snprintf(digits, sizeof digits, "%016llx", (unsigned long long)answer->identity);
        append(buffer, digits, 16);
        break;
    case SLOT_TEXT: append_words(buffer, answer, first, count); break;
    case SLOT_REASONING_TEXT: append_words(buffer, answer, 0, answer->reasoning); break;
    case SLOT_PROMPT: append_number(buffer, answer->prompt); break;
    case SLOT_COMPLETION: append_number(buffer, answer->planned); break;
    case SLOT_CACHED: append_number(buffer, answer->cached); break;
    case SLOT_REASONING: append_number(buffer, answer->reasoning); break;
    case SLOT_TOTAL: append_number(buffer, answer->prompt + answer->planned); break;
    case SLOT_SEQUENCE: append_number(buffer, answer->sequence++); break;
    case SLOT_ITEMS: append_items(buffer, answer); break;
    default: append(buffer, &slot, 1);
    }
}

static bool is_slot(uint8_t byte) {
    return byte && byte <= SLOT_PLACE && (byte <= SLOT_REASONING || byte == SLOT_TOTAL || byte >= SLOT_LENGTH);
}

static void render(Buffer *buffer, Answer *answer, Text template, int64_t first, int64_t count) {
    const uint8_t *begin = template.data, *end = begin + template.size;
    for (const uint8_t *at = begin; at < end; at++) {
        if (!is_slot(*at)) continue;
        append(buffer, begin, (size_t)(at - begin));
        fill(buffer, answer, *at, first, count);
        begin = at + 1;
    }
    append(buffer, begin, (size_t)(end - begin));
}

/* ---- the body's framing --------------------------------------------------------------------------------------- */

/* Part of the body, after the head when that has not been sent. */
static void write_body(Step *step, Answer *answer, const uint8_t *data, size_t size) {
    bool is_chunked = answer->scenario->framing != UNTIL_CLOSE;
    Buffer opening = {NULL, 0, 0};
    if (!answer->has_head) {
        append_text(&step->data, answer->wording->head);
        if (answer->scenario->opening == OPENS_EARLY) render(&opening, answer, answer->wording->opening, 0, 0);
    }
    answer->has_head = true;
    char length[24];
    size_t all = opening.size + size;
    if (all && is_chunked) append(&step->data, length, (size_t)snprintf(length, sizeof length, "%zx\r\n", all));
    append(&step->data, opening.data, opening.size);
    append(&step->data, data, size);
    if (all && is_chunked) append(&step->data, "\r\n", 2);
    free(opening.data);
}

static void end_body(Step *step, const Answer *answer) {
    bool is_chunked = answer->scenario->framing != UNTIL_CLOSE;
    if (is_chunked) append(&step->data, "0\r\n\r\n", 5);
    step->after = is_chunked ? AFTER_DONE : AFTER_CLOSE;
}

/* ---- planning ------------------------------------------------------------------------------------------------- */

static bool is_broken_off(const Answer *answer) {
    return answer->scenario->ending != WHOLE && answer->scenario->ending != NO_DONE;
}

/* Whether what comes next is how the answer breaks off. */
static bool breaks(const Answer *answer) {
    int64_t after = answer->scenario->after_tokens;
    return is_broken_off(answer) && answer->given >= (after < answer->planned ? after : answer->planned);
}

/* The most tokens of the next event: reasoning and text share none, and it ends where the answer breaks off. */
static int64_t find_room(const Answer *answer) {
    int64_t end = answer->planned;
    if (answer->given < answer->reasoning && answer->reasoning < end) end = answer->reasoning;
    if (is_broken_off(answer) && answer->scenario->after_tokens < end) end = answer->scenario->after_tokens;
    return end - answer->given;
}

/* A first half is due earlier, but not before the event before it was. */
static void set_stage(Answer *answer, int64_t before_ns) {
    answer->stage = answer->chunk ? STAGE_TOKENS : STAGE_FAIL;
    answer->due_ns = answer->token_ns;
    int64_t framing = answer->scenario->framing;
    if (!answer->chunk || (framing != SPLIT && framing != SPLIT_CHARACTER)) return;
    int64_t half_ns = answer->token_ns - answer->scenario->split_ns;
    answer->stage = STAGE_HALF;
    answer->due_ns = half_ns > before_ns ? half_ns : before_ns;
}

static void plan(Answer *answer, int64_t step_ns) {
    int64_t before_ns = answer->token_ns;
    answer->token_ns = advance(before_ns, step_ns, answer->freezes, answer->freeze_count);
    answer->chunk = breaks(answer) ? 0 : draw_chunk(answer->spec, &answer->chunks, find_room(answer));
    set_stage(answer, before_ns);
}

static int64_t draw_gap_ns(Answer *answer, int64_t served) {
    double gap_s = draw(&answer->gap, &answer->spec->gap, 0);
    return count_ns(gap_s + (double)served * answer->spec->gap_s_per_stream);
}

/* An answer in one piece is due when its last token would be. */
static void plan_whole(Answer *answer, int64_t first_ns, int64_t served) {
    int64_t at_ns = advance(answer->token_ns, first_ns, answer->freezes, answer->freeze_count);
    int64_t done = draw_chunk(answer->spec, &answer->chunks, answer->planned);
    while (done < answer->planned) {
        at_ns = advance(at_ns, draw_gap_ns(answer, served), answer->freezes, answer->freeze_count);
        done += draw_chunk(answer->spec, &answer->chunks, answer->planned - done);
    }
    answer->stage = STAGE_WHOLE, answer->due_ns = at_ns;
}

/* Its turn came, and so many streams are served now. */
static void begin_answer(Answer *answer, int64_t started_ns, int64_t served) {
    int64_t at_once_ns = advance(started_ns, 0, answer->freezes, answer->freeze_count);
    answer->started_ns = answer->token_ns = started_ns;
    if (answer->scenario->status >= 400) {
        answer->stage = STAGE_REFUSE, answer->due_ns = at_once_ns;
        return;
    }
    double prefill_s = (double)(answer->prompt - answer->cached) * answer->spec->prefill_s_per_token;
    int64_t first_ns = count_ns(draw(&answer->ttft, &answer->spec->ttft, answer->key) + prefill_s);
    if (!answer->streams) {
        plan_whole(answer, first_ns, served);
        return;
    }
    plan(answer, first_ns);
    if (answer->scenario->opening == OPENS_EARLY) answer->stage = STAGE_OPEN, answer->due_ns = at_once_ns;
}

/* How many tokens the answer has, and whether it is cut at the limit. */
static void count_tokens(Answer *answer, const Asked *asked) {
    const Spec *spec = answer->spec;
    int64_t limit = asked->limit ? asked->limit : spec->tokens_default, most = spec->tokens_max;
    if (limit > most) limit = most;
    answer->planned = limit, answer->is_cut = true;
    if (!spec->has_length || asked->ignores_end) return;
    Draws draws = make_draws(spec, answer->key, FOR_LENGTH);
    double drawn = draw(&draws, &spec->length, answer->key);
    int64_t wanted = (int64_t)((drawn < 1e9 ? drawn : 1e9) + 0.5);
    if (wanted < 1) wanted = 1;
    if (asked->limit) most = limit;
    answer->planned = wanted < most ? wanted : most, answer->is_cut = wanted > most;
}

/* ---- steps ---------------------------------------------------------------------------------------------------- */

static void write_failure(Step *step, Answer *answer) {
    int64_t ending = answer->scenario->ending;
    step->after = ending == RESET ? AFTER_RESET : ending == HANG ? AFTER_HANG : AFTER_CLOSE;
    if (!answer->has_head) {
        append_text(&step->data, answer->wording->failing_first);
        step->status = ending == ERROR ? 500 : 0;
        if (ending == ERROR) step->after = AFTER_DONE;
        return;
    }
    Buffer failing = {NULL, 0, 0};
    render(&failing, answer, answer->wording->failing, 0, 0);
    if (failing.size) write_body(step, answer, failing.data, failing.size);
    free(failing.data);
    if (ending == ERROR) end_body(step, answer);
}

static void write_whole(Step *step, Answer *answer) {
    if (is_broken_off(answer)) {
        write_failure(step, answer);
        return;
    }
    Buffer body = {NULL, 0, 0};
    int64_t reasoning = answer->reasoning;
    render(&body, answer, answer->wording->answer[answer->is_cut], reasoning, answer->planned - reasoning);
    Text head = answer->wording->answer_head;
    const uint8_t *at = memchr(head.data, SLOT_LENGTH, (size_t)head.size);
    append(&step->data, head.data, (size_t)(at - head.data));
    append_number(&step->data, (int64_t)body.size);
    append(&step->data, at + 1, (size_t)(head.data + head.size - at - 1));
    append(&step->data, body.data, body.size);
    free(body.data);
    answer->parts[0] = (Part){0, answer->planned, false};
    answer->part_count = step->part_count = 1;
    step->after = AFTER_DONE;
}

/* The event with the next tokens, after what must come before it. */
static void hold_events(Answer *answer) {
    const Wording *wording = answer->wording;
    const Scenario *scenario = answer->scenario;
    bool is_reasoning = answer->given < answer->reasoning;
    if (!answer->events && scenario->opening != OPENS_EARLY) render(&answer->held, answer, wording->opening, 0, 0);
    if (!is_reasoning && !answer->has_answered) {
        render(&answer->held, answer, wording->answering, 0, 0);
        answer->has_answered = true;
    }
    if (scenario->empty_every && answer->events % scenario->empty_every == 0)
        render(&answer->held, answer, wording->empty, 0, 0);
    render(&answer->held, answer, is_reasoning ? wording->reasoning : wording->token, answer->given, answer->chunk);
}

/* Within the first character of several bytes, or else in the middle. */
static size_t find_split(const Answer *answer) {
    if (answer->scenario->framing == SPLIT_CHARACTER)
        for (size_t at = 0; at < answer->held.size; at++)
            if (answer->held.data[at] >= 0xC0) return at + 1;
    return answer->held.size / 2;
}

static void send_half(Step *step, Answer *answer) {
    hold_events(answer);
    answer->half = find_split(answer);
    write_body(step, answer, answer->held.data, answer->half);
    answer->stage = STAGE_TOKENS, answer->due_ns = answer->token_ns;
}

/* All events that were held, and after the last the end of the stream. */
static void release(Step *step, Answer *answer, bool is_last) {
    int64_t reasoning = answer->reasoning, text = answer->planned - reasoning;
    const Text *closing = answer->wants_usage ? answer->wording->closing_asked : answer->wording->closing;
    if (is_last) render(&answer->held, answer, closing[answer->is_cut], reasoning, text);
    write_body(step, answer, answer->held.data + answer->half, answer->held.size - answer->half);
    if (is_last) end_body(step, answer);
    step->part_count = answer->part_count;
    answer->held.size = answer->half = 0;
}

static void send_tokens(Step *step, Answer *answer, int64_t served) {
    const Scenario *scenario = answer->scenario;
    if (!answer->half) hold_events(answer);
    answer->parts[answer->part_count++] = (Part){answer->given, answer->chunk, answer->given < answer->reasoning};
    answer->given += answer->chunk;
    answer->events++;
    step->due_ns = answer->token_ns;
    bool is_last = answer->given == answer->planned && !is_broken_off(answer);
    if (!is_last) {
        plan(answer, draw_gap_ns(answer, served));
        if (scenario->framing == JOINED && answer->part_count < scenario->join_events && answer->chunk) return;
    }
    release(step, answer, is_last);
}

/* The step that is due. The caller clears `answer->part_count` once it has noted `step->part_count` parts. */
static void take_step(Step *step, Answer *answer, int64_t served) {
    step->data.size = 0;
    step->due_ns = answer->due_ns, step->part_count = 0, step->after = AFTER_NEXT, step->status = 200;
    switch (answer->stage) {
    case STAGE_REFUSE:
        append_text(&step->data, answer->scenario->refusal);
        step->after = AFTER_DONE, step->status = answer->scenario->status;
        break;
    case STAGE_OPEN:
        write_body(step, answer, NULL, 0);
        set_stage(answer, answer->started_ns);
        break;
    case STAGE_HALF: send_half(step, answer); break;
    case STAGE_TOKENS: send_tokens(step, answer, served); break;
    case STAGE_FAIL: write_failure(step, answer); break;
    default: write_whole(step, answer);
    }
}

static void free_answer(Answer *answer) {
    free(answer->freezes);
    free(answer->held.data);
    free(answer->parts);
}

#endif
