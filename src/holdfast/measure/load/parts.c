/* What came, read in one pass: where chunks end, and the texts of events that differ in nothing else. framing.py and
 * patterns.py are the same in Python, the oracle and the fallback. Pure functions of bytes, which are never trusted. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "chunks.h"

int64_t holdfast_parts_version(void) { return 1; }

int64_t holdfast_parts_walk(const char *data, int64_t size, int64_t at) { return walk_chunks(data, size, at); }

/* Whether JSON writes the text as it is, and it is UTF-8 as Python has it: no surrogates, nothing longer than needed. */
static bool is_plain(const unsigned char *text, int64_t size) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    for (int64_t at = 0; at < size;) {
        uint32_t letter = text[at++];
        if (letter < 0x20 || letter == '"' || letter == '\\') return false;
        if (letter < 0x80) continue;
        int more = letter >= 0xF0 ? 3 : letter >= 0xE0 ? 2 : 1;
        if (letter < 0xC0 || letter > 0xF4 || size - at < more) return false;
        letter &= 0x3F >> more;
        for (int n = 0; n < more; n++, at++) {
            if ((text[at] & 0xC0) != 0x80) return false;
            letter = letter << 6 | (text[at] & 0x3F);
        }
        if (letter < least[more] || letter > 0x10FFFF || (letter >= 0xD800 && letter < 0xE000)) return false;
    }
    return true;
}

/* What surrounds the text of an event. `digits`: those of sizes, none where there are no chunks; `least`: the bytes of
 * the shortest such event, without its chunk. */
typedef struct {
    const char *start, *ending, *digits;
    int64_t start_size, ending_size, least;
} Pattern;

static int64_t count_digits(int64_t number) {
    int64_t count = 1;
    while (number >>= 4) count++;
    return count;
}

/* How many bytes a part of this size begins with before `start`, if it is one event in one chunk: its size and a line
 * end, written to `head`. -1: it is not. */
static int64_t write_size(const Pattern *pattern, int64_t part, char head[20]) {
    if (!*pattern->digits) return part >= pattern->least ? 0 : -1;
    for (int64_t digits = count_digits(part); digits > 0; digits--) {
        int64_t size = part - digits - 4;
        if (size < pattern->least || count_digits(size) != digits) continue;
        for (int64_t n = 0; n < digits; n++) head[n] = pattern->digits[size >> 4 * (digits - 1 - n) & 15];
        head[digits] = '\r', head[digits + 1] = '\n';
        return digits + 2;
    }
    return -1;
}

/* The texts of the parts `first` to `end` to `texts` (which has room for all of them), up to one that is not of the
 * pattern. `ends[i]` is where part i ends in `data`. Returns how many; `size` is that of their texts. */
int64_t holdfast_parts_run(const char *data, const int64_t *ends, int64_t first, int64_t end, const Pattern *pattern,
                           char *texts, int64_t *size) {
    char head[20];
    *size = 0;
    for (int64_t n = first; n < end; n++) {
        int64_t begin = n ? ends[n - 1] : 0, part = ends[n] - begin, sized = write_size(pattern, part, head);
        int64_t text = part - sized - pattern->start_size - pattern->ending_size;
        const char *at = data + begin;
        if (sized < 0 || text < 1 || memcmp(at, head, (size_t)sized)) return n - first;
        if (memcmp(at + sized, pattern->start, (size_t)pattern->start_size)) return n - first;
        if (memcmp(data + ends[n] - pattern->ending_size, pattern->ending, (size_t)pattern->ending_size)) return n - first;
        at += sized + pattern->start_size;
        if (!is_plain((const unsigned char *)at, text)) return n - first;
        memcpy(texts + *size, at, (size_t)text);
        *size += text;
    }
    return end - first;
}
