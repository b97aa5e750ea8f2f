/* What native.py hands over: the spec, the templates and the open files. The order and the types of all members are
 * those of native.py, field by field; `holdfast_mock_layout` lets it compare the sizes. */
#ifndef HOLDFAST_MOCK_SPEC_H
#define HOLDFAST_MOCK_SPEC_H

#include <stdint.h>

#define SECOND 1000000000LL
#define APIS 4
#define EMBEDDINGS 3

enum { CONSTANT, LOGNORMAL, GAMMA, RECORDED, SCRIPTED };
enum { OPENS_NOT, OPENS_JOINED, OPENS_EARLY };
enum { PLAIN, JOINED, SPLIT, SPLIT_CHARACTER, UNTIL_CLOSE };
enum { WHOLE, NO_DONE, ERROR, CLOSE, RESET, HANG, GARBAGE };
enum { STALL_ALL, STALL_STREAM, STALL_ACCEPT };

typedef struct { const uint8_t *data; int64_t size; } Text;

typedef struct { int64_t shape; double mean, cv; const double *values; int64_t count; } Distribution;

typedef struct {
    Text head, opening, answering, reasoning, token, empty, closing[2], closing_asked[2], failing, failing_first;
    Text answer_head, answer[2], item;
} Wording;

typedef struct {
    double weight;
    int64_t status, opening, framing, ending, join_events, split_ns, empty_every, after_tokens, reasoning_tokens;
    Text name, refusal;
    const Text *words;
    int64_t word_count;
    Wording wordings[APIS];
} Scenario;

typedef struct { int64_t of, at_ns, duration_ns, request; } Stall;

/* A file of rows that is mapped into memory. */
typedef struct { uint8_t *memory; int64_t file, bytes_max, row_bytes, room; } Table;

typedef struct {
    Distribution ttft, gap, length, chunk;
    double prefill_s_per_token, gap_s_per_stream;
    int64_t has_length, seed, tokens_default, tokens_max, is_text, concurrency, queue_max, block_tokens;
    int64_t connections_max, body_bytes_max, listener, control, said;
    const Stall *stalls;
    int64_t stall_count;
    const Scenario *scenarios;
    int64_t scenario_count;
    Text models, full;
    const Text *faults;
    Table requests, tokens;
} Spec;

#endif
