/* Where Xet's chunks end, compiled. cutting.py is the same in NumPy, the oracle and the fallback. Plain C ABI, loaded
 * by ctypes; keeps no state, allocates nothing. */
#include <stddef.h>
#include <stdint.h>

#define UNLIKELY(condition) __builtin_expect(condition, 0)

int64_t holdfast_gear_version(void) { return 1; }

/* A chunk may end after the byte that makes the hash smaller than `limit`. The hash forgets a byte after 64 more. Four
 * bytes are taken at once, so that one step of the hash waits for a quarter of the others. Returns a length, or 0. */
static size_t find_end(const uint64_t *table, const uint8_t *data, size_t end, size_t shortest, uint64_t limit) {
    uint64_t hash = 0;
    size_t at = shortest - 64;
    for (; at < shortest - 1; at++) hash = (hash << 1) + table[data[at]];
    for (; at + 4 <= end; at += 4) {
        uint64_t first = table[data[at]], second = (first << 1) + table[data[at + 1]];
        uint64_t third = table[data[at + 2]], fourth = (third << 1) + table[data[at + 3]];
        uint64_t after1 = (hash << 1) + first, after2 = (hash << 2) + second, after3 = (after2 << 1) + third;
        hash = (after2 << 2) + fourth;
        if (UNLIKELY(after1 < limit)) return at + 1;
        if (UNLIKELY(after2 < limit)) return at + 2;
        if (UNLIKELY(after3 < limit)) return at + 3;
        if (UNLIKELY(hash < limit)) return at + 4;
    }
    for (; at < end; at++) {
        hash = (hash << 1) + table[data[at]];
        if (hash < limit) return at + 1;
    }
    return 0;
}

/* The lengths of the chunks that end within `data`, at most `capacity`; returns how many. `shortest` is 64 or more. */
int64_t holdfast_gear_cut(const uint64_t *table, const uint8_t *data, size_t length, size_t shortest, size_t longest,
                          uint64_t limit, uint32_t *lengths, size_t capacity) {
    size_t start = 0, count = 0;
    while (count < capacity && length - start >= shortest) {
        size_t left = length - start, end = left < longest ? left : longest;
        size_t found = find_end(table, data + start, end, shortest, limit);
        if (!found && end < longest) break;
        lengths[count] = (uint32_t)(found ? found : longest);
        start += lengths[count++];
    }
    return (int64_t)count;
}
