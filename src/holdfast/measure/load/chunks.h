/* The chunks of a body. framing.py has the same, and what is less plain. */
#ifndef HOLDFAST_LOAD_CHUNKS_H
#define HOLDFAST_LOAD_CHUNKS_H

#include <stdint.h>

#define DIGITS_MAX 8
#define CHUNK_BYTES_MAX (64LL << 20) /* BODY_BYTES_MAX in framing.py */

static int read_digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* From one chunk's size to the next, as long as each is a plain one and whole: where the first is that is not. That may
 * be beyond the end, where a chunk goes on. */
static int64_t walk_chunks(const char *data, int64_t size, int64_t at) {
    while (at < size) {
        int64_t chunk = 0, end = at;
        int digit;
        for (; end < size && end - at < DIGITS_MAX && (digit = read_digit(data[end])) >= 0; end++)
            chunk = chunk * 16 + digit;
        if (end == at || end + 2 > size || data[end] != '\r' || data[end + 1] != '\n') return at;
        if (!chunk || chunk > CHUNK_BYTES_MAX) return at;
        at = end + 4 + chunk;
    }
    return at;
}

#endif
