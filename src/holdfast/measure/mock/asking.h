/* A request as it is read: the HTTP head and what the JSON body asks for, as in asking.py. Reads nothing outside what
 * it is given, whatever that says, and allocates only the hashes of a prompt's beginnings. */
#ifndef HOLDFAST_MOCK_ASKING_H
#define HOLDFAST_MOCK_ASKING_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "course.h"

#define HEAD_BYTES_MAX (64 << 10)
#define DEPTH_MAX 64
#define NUMBER_DIGITS_MAX 18
#define FNV_START 0xCBF29CE484222325ULL
#define FNV_STEP 0x100000001B3ULL

/* In the order of asking.Fault. */
enum {
    NO_FAULT = -1, FIRST_LINE, NO_COLON, NO_LENGTH, HEADER_NUMBER, HEAD_LONG, BODY_LONG, NOT_JSON, NOT_OBJECT, TOO_DEEP,
    LIMIT_NUMBER, NO_PATH, NO_METHOD, NO_SCENARIO
};

typedef struct {
    Text method, path, scenario;
    int64_t body_bytes, sample;
    bool keeps_alive, waits;
} Head;

typedef struct {
    bool streams, ignores_end, wants_usage;
    int64_t limit; /* 0: none */
    int64_t prompt, inputs;
    uint64_t *blocks;
    int64_t block_count;
} Asked;

/* ---- the head ------------------------------------------------------------------------------------------------- */

static bool is_text(Text text, const char *other) {
    return text.size == (int64_t)strlen(other) && !memcmp(text.data, other, (size_t)text.size);
}

static bool is_text_of_any_case(Text text, const char *other) {
    return text.size == (int64_t)strlen(other) && !strncasecmp((const char *)text.data, other, (size_t)text.size);
}

/* What stands before the first `byte`, which is left behind too; the rest where there is none. */
static Text take_until(Text *left, uint8_t byte, bool *is_found) {
    const uint8_t *at = left->size ? memchr(left->data, byte, (size_t)left->size) : NULL;
    Text taken = {left->data, at ? at - left->data : left->size};
    int64_t gone = taken.size + (at != NULL);
    *left = (Text){left->data + gone, left->size - gone};
    *is_found = at != NULL;
    return taken;
}

static Text strip(Text text) {
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t')) text.data++, text.size--;
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) text.size--;
    return text;
}

static bool are_digits(Text text) {
    for (int64_t n = 0; n < text.size; n++)
        if (text.data[n] < '0' || text.data[n] > '9') return false;
    return text.size > 0;
}

static bool read_number(Text text, int64_t *number) {
    if (!are_digits(text) || text.size > NUMBER_DIGITS_MAX) return false;
    *number = 0;
    for (int64_t n = 0; n < text.size; n++) *number = *number * 10 + (text.data[n] - '0');
    return true;
}

static int read_header(Head *head, Text line, Text *connection) {
    bool has_colon;
    Text name = take_until(&line, ':', &has_colon), value = strip(line);
    if (!has_colon) return NO_COLON;
    if (is_text_of_any_case(name, "transfer-encoding")) return NO_LENGTH;
    if (is_text_of_any_case(name, "content-length") && !read_number(value, &head->body_bytes)) return HEADER_NUMBER;
    if (is_text_of_any_case(name, "x-holdfast-sample") && !read_number(value, &head->sample)) return HEADER_NUMBER;
    if (is_text_of_any_case(name, "x-holdfast-scenario")) head->scenario = value;
    if (is_text_of_any_case(name, "connection")) *connection = value;
    if (is_text_of_any_case(name, "expect")) head->waits = is_text_of_any_case(value, "100-continue");
    return NO_FAULT;
}

static Text take_line(Text *left) {
    const uint8_t *at = left->size ? memmem(left->data, (size_t)left->size, "\r\n", 2) : NULL;
    Text line = {left->data, at ? at - left->data : left->size};
    int64_t gone = line.size + (at ? 2 : 0);
    *left = (Text){left->data + gone, left->size - gone};
    return line;
}

/* The head, without the empty line after it. */
static int read_head(Text data, Head *head) {
    bool has_method, has_path, has_more;
    Text line = take_line(&data), connection = {NULL, 0};
    *head = (Head){.sample = -1};
    head->method = take_until(&line, ' ', &has_method);
    Text path = take_until(&line, ' ', &has_path);
    bool is_newer = is_text(line, "HTTP/1.1");
    if (!has_method || !has_path || !(is_newer || is_text(line, "HTTP/1.0"))) return FIRST_LINE;
    head->path = take_until(&path, '?', &has_more);
    while (data.size) {
        int fault = read_header(head, take_line(&data), &connection);
        if (fault != NO_FAULT) return fault;
    }
    head->keeps_alive = !is_text_of_any_case(connection, "close") &&
                        (is_newer || is_text_of_any_case(connection, "keep-alive"));
    return NO_FAULT;
}

/* ---- the body ------------------------------------------------------------------------------------------------- */

enum {
    OTHER, MESSAGES, PROMPT, INPUT, INSTRUCTIONS, CONTENT, TEXT_KEY, STREAM, LIMIT, IGNORE_EOS, STREAM_OPTIONS,
    INCLUDE_USAGE
};

typedef struct {
    const uint8_t *at, *end;
    Asked *asked;
    int64_t block_tokens, block_room;
    uint64_t hash;
    bool in_word, has_bad_limit;
    int fault;
} Reader;

static int find_key(Text key) {
    static const char *const names[] = {"",     "messages", "prompt", "input",      "instructions",   "content",
                                        "text", "stream",   "",       "ignore_eos", "stream_options", "include_usage"};
    if (is_text(key, "max_tokens") || is_text(key, "max_completion_tokens") || is_text(key, "max_output_tokens"))
        return LIMIT;
    for (int n = MESSAGES; n <= INCLUDE_USAGE; n++)
        if (n != LIMIT && is_text(key, names[n])) return n;
    return OTHER;
}

static bool fail(Reader *reader, int fault) {
    if (reader->fault == NO_FAULT) reader->fault = fault;
    return false;
}

static void skip_space(Reader *reader) {
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4)) reader->at++;
}

/* A word ends: it is counted, and where it fills a block the prompt's beginning so far is noted. */
static bool end_word(Reader *reader) {
    Asked *asked = reader->asked;
    if (!reader->in_word) return true;
    reader->in_word = false;
    asked->prompt++;
    if (!reader->block_tokens) return true;
    reader->hash = (reader->hash ^ ' ') * FNV_STEP;
    if (asked->prompt % reader->block_tokens) return true;
    if (asked->block_count == reader->block_room) {
        reader->block_room = reader->block_room ? 2 * reader->block_room : 64;
        uint64_t *grown = realloc(asked->blocks, (size_t)reader->block_room * sizeof *grown);
        if (!grown) return fail(reader, BODY_LONG);
        asked->blocks = grown;
    }
    asked->blocks[asked->block_count++] = mix(reader->hash);
    return true;
}

static bool take_byte(Reader *reader, uint8_t byte) {
    if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') return end_word(reader);
    reader->in_word = true;
    if (reader->block_tokens) reader->hash = (reader->hash ^ byte) * FNV_STEP;
    return true;
}

/* A code point as UTF-8, lone surrogates too. */
static bool take_point(Reader *reader, uint32_t point) {
    if (point < 0x80) return take_byte(reader, (uint8_t)point);
    if (point < 0x800) return take_byte(reader, (uint8_t)(0xC0 | point >> 6)) && take_byte(reader, 0x80 | (point & 63));
    if (point < 0x10000)
        return take_byte(reader, (uint8_t)(0xE0 | point >> 12)) && take_byte(reader, 0x80 | (point >> 6 & 63)) &&
               take_byte(reader, 0x80 | (point & 63));
    return take_byte(reader, (uint8_t)(0xF0 | point >> 18)) && take_byte(reader, 0x80 | (point >> 12 & 63)) &&
           take_byte(reader, 0x80 | (point >> 6 & 63)) && take_byte(reader, 0x80 | (point & 63));
}

static bool read_hex(Reader *reader, uint32_t *point) {
    if (reader->end - reader->at < 4) return fail(reader, NOT_JSON);
    *point = 0;
    for (int n = 0; n < 4; n++) {
        uint8_t digit = *reader->at++, low = digit | 0x20;
        if (!((digit >= '0' && digit <= '9') || (low >= 'a' && low <= 'f'))) return fail(reader, NOT_JSON);
        *point = *point << 4 | (uint32_t)(digit <= '9' ? digit - '0' : low - 'a' + 10);
    }
    return true;
}

/* After the backslash. */
static bool read_escape(Reader *reader, uint32_t *point) {
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end) return fail(reader, NOT_JSON);
    uint8_t name = *reader->at++;
    if (name != 'u') {
        const char *found = name ? strchr(names, name) : NULL;
        if (!found) return fail(reader, NOT_JSON);
        *point = (uint8_t)meanings[found - names];
        return true;
    }
    if (!read_hex(reader, point)) return false;
    if (*point >> 10 != 0x36 || reader->end - reader->at < 6 || memcmp(reader->at, "\\u", 2)) return true;
    const uint8_t *before = reader->at;
    uint32_t low;
    reader->at += 2;
    if (!read_hex(reader, &low)) return false;
    if (low >> 10 == 0x37)
        *point = 0x10000 + ((*point & 0x3FF) << 10) + (low & 0x3FF);
    else
        reader->at = before;
    return true;
}

/* A string, from its first quote on. */
static bool read_string(Reader *reader, bool is_counted) {
    reader->at++;
    while (reader->at < reader->end) {
        uint8_t byte = *reader->at++;
        uint32_t point;
        if (byte == '"') return !is_counted || end_word(reader);
        if (byte < 0x20) break;
        if (byte == '\\') {
            if (!read_escape(reader, &point) || (is_counted && !take_point(reader, point))) return false;
        } else if (is_counted && !take_byte(reader, byte)) {
            return false;
        }
    }
    return fail(reader, NOT_JSON);
}

static void skip_digits(Reader *reader) {
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') reader->at++;
}

static bool skip_some_digits(Reader *reader) {
    const uint8_t *before = reader->at;
    skip_digits(reader);
    return reader->at > before || fail(reader, NOT_JSON);
}

static bool read_json_number(Reader *reader) {
    if (*reader->at == '-') reader->at++;
    if (reader->at < reader->end && *reader->at == '0')
        reader->at++;
    else if (!skip_some_digits(reader))
        return false;
    if (reader->at < reader->end && *reader->at == '.') {
        reader->at++;
        if (!skip_some_digits(reader)) return false;
    }
    if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-')) reader->at++;
        return skip_some_digits(reader);
    }
    return true;
}

static bool read_literal(Reader *reader, const char *literal) {
    size_t size = strlen(literal);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, literal, size)) return fail(reader, NOT_JSON);
    reader->at += size;
    return true;
}

static bool read_value(Reader *reader, int top, int key, int depth);

static bool is_counted(int top, int key) {
    return top >= MESSAGES && top <= INSTRUCTIONS && key >= MESSAGES && key <= TEXT_KEY;
}

static bool read_member(Reader *reader, int top, int depth) {
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != '"') return fail(reader, NOT_JSON);
    const uint8_t *begin = reader->at + 1;
    if (!read_string(reader, false)) return false;
    int key = find_key((Text){begin, reader->at - 1 - begin});
    skip_space(reader);
    if (reader->at == reader->end || *reader->at++ != ':') return fail(reader, NOT_JSON);
    return read_value(reader, depth == 1 ? key : top, key, depth);
}

/* An object or an array, from its bracket on; `count` is how many values it has. */
static bool read_container(Reader *reader, int top, int key, int depth, int64_t *count) {
    uint8_t begin = *reader->at++, end = begin == '{' ? '}' : ']';
    if (depth > DEPTH_MAX) return fail(reader, TOO_DEEP);
    skip_space(reader);
    *count = 0;
    if (reader->at < reader->end && *reader->at == end) return reader->at++, true;
    for (;;) {
        if (!(begin == '{' ? read_member(reader, top, depth) : read_value(reader, top, key, depth))) return false;
        ++*count;
        skip_space(reader);
        if (reader->at == reader->end) return fail(reader, NOT_JSON);
        uint8_t byte = *reader->at++;
        if (byte == end) return true;
        if (byte != ',') return fail(reader, NOT_JSON);
    }
}

static bool read_input(Reader *reader, int top, int depth) {
    const uint8_t *first = reader->at + 1;
    int64_t count;
    while (first < reader->end && memchr(" \t\r\n", *first, 4)) first++;
    if (!read_container(reader, top, INPUT, depth, &count)) return false;
    bool are_numbers = strchr("-0123456789tf", *first) != NULL;
    reader->asked->inputs = are_numbers || !count ? 1 : count;
    return true;
}

static bool read_word(Reader *reader, bool is_top, int key) {
    Asked *asked = reader->asked;
    bool is_true = *reader->at == 't', is_null = *reader->at == 'n';
    if (!read_literal(reader, is_true ? "true" : is_null ? "null" : "false")) return false;
    if (is_top && key == STREAM) asked->streams = is_true;
    if (is_top && key == IGNORE_EOS) asked->ignores_end = is_true;
    return true;
}

static bool read_any(Reader *reader, int top, int key, int depth) {
    bool is_top = depth == 1;
    int64_t count;
    switch (*reader->at) {
    case '{':
    case '[':
        if (is_top && key == INPUT && *reader->at == '[') return read_input(reader, top, depth + 1);
        return read_container(reader, top, key, depth + 1, &count);
    case '"': return read_string(reader, is_counted(top, key));
    case 't':
    case 'f':
    case 'n':
        if (depth == 2 && top == STREAM_OPTIONS && key == INCLUDE_USAGE)
            reader->asked->wants_usage = *reader->at == 't';
        return read_word(reader, is_top, key);
    default:
        if (*reader->at != '-' && (*reader->at < '0' || *reader->at > '9')) return fail(reader, NOT_JSON);
        if (!read_json_number(reader)) return false;
        if (is_counted(top, key) && (key == PROMPT || key == INPUT)) return take_byte(reader, '#') && end_word(reader);
        return true;
    }
}

/* A limit of tokens is a whole number above zero, or null. If it is not, that is said of a body that is well-formed. */
static bool read_limit(Reader *reader) {
    Text value = {reader->at, 0};
    int64_t limit;
    if (!read_any(reader, OTHER, OTHER, 1)) return false;
    value.size = reader->at - value.data;
    if (are_digits(value) && *value.data != '0')
        reader->asked->limit = read_number(value, &limit) ? limit : INT64_MAX;
    else
        reader->has_bad_limit = reader->has_bad_limit || !is_text(value, "null");
    return true;
}

/* Any value. `top` is the body's member that it lies in, `key` the nearest, `depth` how many brackets are open. */
static bool read_value(Reader *reader, int top, int key, int depth) {
    skip_space(reader);
    if (reader->at == reader->end) return fail(reader, NOT_JSON);
    return depth == 1 && key == LIMIT ? read_limit(reader) : read_any(reader, top, key, depth);
}

/* Whether these are UTF-8: no overlong forms, surrogates or points past the last. */
static bool is_utf8(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        uint8_t lead = *at++;
        if (lead < 0x80) continue;
        int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || end - at < more) return false;
        uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (*at < least || *at > most) return false;
        for (at++; --more; at++)
            if ((*at & 0xC0) != 0x80) return false;
    }
    return true;
}

/* What a body asks for. `asked->blocks` is to be freed in any case. */
static int read_asked(const Spec *spec, Text body, Asked *asked) {
    Reader reader = {body.data, body.data + body.size, asked, spec->block_tokens, 0, FNV_START, false, false, NO_FAULT};
    *asked = (Asked){.inputs = 1};
    if (!is_utf8(reader.at, reader.end)) return NOT_JSON;
    skip_space(&reader);
    bool is_object = reader.at < reader.end && *reader.at == '{';
    if (!read_value(&reader, OTHER, OTHER, 0)) return reader.fault;
    skip_space(&reader);
    if (reader.at != reader.end) return NOT_JSON;
    return !is_object ? NOT_OBJECT : reader.has_bad_limit ? LIMIT_NUMBER : NO_FAULT;
}

#endif
