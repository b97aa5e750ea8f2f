/* The vault's codecs, compiled: planes and differences over an interleaved rANS. docs/format.md is the law;
 * plain.py is the same in NumPy, the oracle and the fallback. Plain C ABI, loaded by ctypes; keeps no state.
 *
 * Every function returns the bytes written, FULL when `capacity` does not suffice, or BAD when the input is not what
 * the format promises. Decoders read nothing outside their input whatever it says. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(HOLDFAST_SCALAR) /* which tests define */
#define HAVE_AVX2 1
#include <immintrin.h>
#endif

#define LANES 32
#define SCALE_BITS 12
#define SCALE (1u << SCALE_BITS)
#define LOW (1u << 16)
#define SYMBOLS 256
#define TABLES_MAX 255
#define CONTEXTS 256
#define FULL (-1)
#define BAD (-2)

#define ALWAYS_INLINE static inline __attribute__((always_inline))

int64_t holdfast_kernel_version(void) { return 1; }

/* ---- little-endian stores and loads --------------------------------------------------------------------------- */

ALWAYS_INLINE void put16(uint8_t *at, uint32_t value) { at[0] = (uint8_t)value; at[1] = (uint8_t)(value >> 8); }
ALWAYS_INLINE void put32(uint8_t *at, uint32_t value) { put16(at, value); put16(at + 2, value >> 16); }
ALWAYS_INLINE uint32_t get16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
ALWAYS_INLINE uint32_t get32(const uint8_t *at) { return get16(at) | get16(at + 2) << 16; }

/* ---- frequencies ---------------------------------------------------------------------------------------------- */

static void count_bytes(const uint8_t *symbols, size_t n, uint32_t counts[SYMBOLS]) {
    uint32_t apart[8][SYMBOLS]; /* neighbours are often equal: separate counters keep the stores apart */
    memset(apart, 0, sizeof apart);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, symbols + i, 8);
        for (int lane = 0; lane < 8; lane++) apart[lane][(uint8_t)(eight >> 8 * lane)]++;
    }
    for (; i < n; i++) apart[0][symbols[i]]++;
    for (int s = 0; s < SYMBOLS; s++) {
        counts[s] = 0;
        for (int lane = 0; lane < 8; lane++) counts[s] += apart[lane][s];
    }
}

/* Frequencies that add up to SCALE: rounded, at least 1 for what occurs, the rest settled with the most frequent. */
static void scale_counts(const uint32_t counts[SYMBOLS], uint16_t frequencies[SYMBOLS]) {
    uint64_t total = 0;
    for (int s = 0; s < SYMBOLS; s++) total += counts[s];
    int64_t over = -(int64_t)SCALE;
    for (int s = 0; s < SYMBOLS; s++) {
        uint64_t f = total ? ((uint64_t)counts[s] * SCALE + total / 2) / total : 0;
        if (counts[s] && !f) f = 1;
        frequencies[s] = (uint16_t)f;
        over += (int64_t)f;
    }
    while (over != 0) {
        int most = 0;
        for (int s = 1; s < SYMBOLS; s++)
            if (frequencies[s] > frequencies[most]) most = s;
        int64_t step = over > 0 ? (over < frequencies[most] / 16 + 1 ? over : frequencies[most] / 16 + 1) : over;
        frequencies[most] = (uint16_t)(frequencies[most] - step);
        over -= step;
    }
}

static double compute_bits(const uint32_t counts[SYMBOLS]) {
    double total = 0, bits = 0;
    for (int s = 0; s < SYMBOLS; s++) total += counts[s];
    for (int s = 0; s < SYMBOLS; s++)
        if (counts[s]) bits -= counts[s] * log2((double)counts[s] / total);
    return bits;
}

static int count_present(const uint32_t counts[SYMBOLS]) {
    int present = 0;
    for (int s = 0; s < SYMBOLS; s++) present += counts[s] != 0;
    return present;
}

static size_t write_table(const uint16_t frequencies[SYMBOLS], uint8_t *out) {
    size_t at = 2, present = 0;
    for (int s = 0; s < SYMBOLS; s++) {
        if (!frequencies[s]) continue;
        out[at] = (uint8_t)s;
        put16(out + at + 1, frequencies[s]);
        at += 3;
        present++;
    }
    put16(out, (uint32_t)present);
    return at;
}

/* Bytes read, or BAD. */
static int64_t read_table(const uint8_t *in, size_t n, uint16_t frequencies[SYMBOLS]) {
    memset(frequencies, 0, SYMBOLS * sizeof *frequencies);
    if (n < 2) return BAD;
    size_t present = get16(in), at = 2;
    if (present == 0 || present > SYMBOLS || n < 2 + 3 * present) return BAD;
    uint32_t total = 0;
    int last = -1;
    for (size_t i = 0; i < present; i++, at += 3) {
        uint32_t f = get16(in + at + 1);
        if (in[at] <= last || f == 0 || f > SCALE) return BAD;
        last = in[at];
        frequencies[last] = (uint16_t)f;
        total += f;
    }
    return total == SCALE ? (int64_t)at : BAD;
}

/* ---- rANS ----------------------------------------------------------------------------------------------------- */

/* What encoding a symbol needs: frequency - 1 in bits 11..0, the start of its slots in 23..12. */
static void make_steps(const uint16_t frequencies[SYMBOLS], uint32_t steps[SYMBOLS]) {
    uint32_t start = 0;
    for (int s = 0; s < SYMBOLS; s++) {
        if (!frequencies[s]) continue;
        steps[s] = (frequencies[s] - 1u) | start << SCALE_BITS;
        start += frequencies[s];
    }
}

/* States, and words that grow backwards from the end of their room. */
typedef struct {
    uint32_t states[LANES];
    uint16_t *words;
    size_t left; /* symbols not yet encoded; the last goes first */
} Writer;

ALWAYS_INLINE void write_symbol(Writer *writer, uint32_t step, int lane) {
    uint32_t x = writer->states[lane], frequency = (step & (SCALE - 1)) + 1;
    if (x >> (32 - SCALE_BITS) >= frequency) {
        *--writer->words = (uint16_t)x;
        x >>= 16;
    }
    writer->states[lane] = (x / frequency << SCALE_BITS) + x % frequency + (step >> SCALE_BITS);
}

#ifdef HAVE_AVX2
/* For each mask of lanes: how to bring their words together at the high end of a register, in order. */
typedef struct {
    _Alignas(16) uint8_t places[256][16];
    uint8_t counts[256];
} Gathering;

/* Made when the library is loaded: threads that meet it half made would code wrongly. */
static Gathering the_gathering;

__attribute__((constructor)) static void make_gathering(void) {
    for (int mask = 0; mask < 256; mask++) {
        int to = 7;
        the_gathering.counts[mask] = (uint8_t)__builtin_popcount((unsigned)mask);
        for (int lane = 7; lane >= 0; lane--) {
            if (!(mask >> lane & 1)) continue;
            the_gathering.places[mask][2 * to] = (uint8_t)(2 * lane);
            the_gathering.places[mask][2 * to + 1] = (uint8_t)(2 * lane + 1);
            to--;
        }
    }
}

/* Eight lanes. The quotient of a state by its frequency is below 2^20 after words were given, so that a product with
 * a slightly small float reciprocal is right or one too little; the remainder tells. */
__attribute__((target("avx2,fma"))) ALWAYS_INLINE __m256i encode_eight(__m256i x, __m256i at, const int *steps,
                                                                       const Gathering *gathering, uint16_t **words) {
    __m256i step = _mm256_i32gather_epi32(steps, at, 4);
    __m256i below = _mm256_and_si256(step, _mm256_set1_epi32(SCALE - 1)), start = _mm256_srli_epi32(step, SCALE_BITS);
    __m256i frequency = _mm256_add_epi32(below, _mm256_set1_epi32(1));
    __m256 reciprocal = _mm256_div_ps(_mm256_set1_ps(1.0f - 0x1p-22f), _mm256_cvtepi32_ps(frequency));
    __m256i rest_of_scale = _mm256_sub_epi32(_mm256_set1_epi32(SCALE), frequency);

    __m256i gives = _mm256_cmpgt_epi32(_mm256_srli_epi32(x, 32 - SCALE_BITS), below);
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(gives));
    __m256i low = _mm256_and_si256(x, _mm256_set1_epi32(0xffff));
    __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    __m128i given = _mm_shuffle_epi8(halves, _mm_load_si128((const __m128i *)gathering->places[mask]));
    _mm_storeu_si128((__m128i *)(*words - 8), given);
    *words -= gathering->counts[mask];

    x = _mm256_srlv_epi32(x, _mm256_and_si256(gives, _mm256_set1_epi32(16)));
    __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(x, 16));
    __m256 whole = _mm256_fmadd_ps(high, _mm256_set1_ps(65536.0f),
                                   _mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(0xffff))));
    __m256i quotient = _mm256_cvttps_epi32(_mm256_mul_ps(whole, reciprocal));
    __m256i rest = _mm256_sub_epi32(x, _mm256_mullo_epi32(quotient, frequency));
    __m256i short_by_one = _mm256_cmpgt_epi32(rest, below);
    x = _mm256_add_epi32(_mm256_add_epi32(x, start), _mm256_mullo_epi32(quotient, rest_of_scale));
    return _mm256_add_epi32(x, _mm256_and_si256(short_by_one, rest_of_scale));
}

__attribute__((target("avx2,fma"))) ALWAYS_INLINE __m256i get_steps(const uint8_t *symbols, const uint8_t *tables) {
    __m256i at = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)symbols));
    if (!tables) return at;
    return _mm256_or_si256(at, _mm256_slli_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)tables)), 8));
}

__attribute__((target("avx2,fma"))) ALWAYS_INLINE void encode_rounds_avx2(Writer *writer, const uint8_t *symbols,
                                                                          const uint8_t *tables, const uint32_t *steps) {
    const Gathering *gathering = &the_gathering;
    __m256i x[4];
    for (int part = 0; part < 4; part++) x[part] = _mm256_loadu_si256((const __m256i *)(writer->states + 8 * part));
    uint16_t *words = writer->words;
    for (; writer->left; writer->left -= LANES)
        for (int part = 3; part >= 0; part--) {
            size_t j = writer->left - LANES + 8 * (size_t)part;
            x[part] = encode_eight(x[part], get_steps(symbols + j, tables ? tables + j : NULL), (const int *)steps, gathering,
                                   &words);
        }
    for (int part = 0; part < 4; part++) _mm256_storeu_si256((__m256i *)(writer->states + 8 * part), x[part]);
    writer->words = words;
}

__attribute__((target("avx2,fma"))) static void encode_avx2(Writer *writer, const uint8_t *symbols, const uint8_t *tables,
                                                            const uint32_t *steps) {
    if (tables) encode_rounds_avx2(writer, symbols, tables, steps);
    else encode_rounds_avx2(writer, symbols, NULL, steps);
}
#endif

static void encode_symbols(Writer *writer, const uint8_t *symbols, const uint8_t *tables, const uint32_t *steps) {
    while (writer->left) {
#ifdef HAVE_AVX2
        if (writer->left % LANES == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
            encode_avx2(writer, symbols, tables, steps);
            return;
        }
#endif
        size_t i = --writer->left;
        write_symbol(writer, steps[(tables ? (size_t)tables[i] * SYMBOLS : 0) + symbols[i]], (int)(i % LANES));
    }
}

#define SPARE 64

/* States and words go to `out` behind what is there already (`at`). */
static int64_t encode_lanes(const uint8_t *symbols, const uint8_t *tables, size_t n, const uint32_t *steps, uint8_t *room,
                            uint8_t *out, size_t at, size_t capacity) {
    uint16_t *end = (uint16_t *)room + n + SPARE; /* a symbol gives one word at most; a register may go below the last */
    Writer writer = {.words = end, .left = n};
    for (int lane = 0; lane < LANES; lane++) writer.states[lane] = LOW;
    encode_symbols(&writer, symbols, tables, steps);
    size_t count = (size_t)(end - writer.words), needed = 4 * LANES + 2 * count;
    if (at + needed > capacity) return FULL;
    for (int lane = 0; lane < LANES; lane++) put32(out + at + 4 * (size_t)lane, writer.states[lane]);
    for (size_t w = 0; w < count; w++) put16(out + at + 4 * LANES + 2 * w, writer.words[w]);
    return (int64_t)(at + needed);
}

/* A slot of a decoding table: frequency - 1 in bits 31..20, slot - start in 19..8, the symbol in 7..0. */
static void make_slots(const uint16_t frequencies[SYMBOLS], uint32_t slots[SCALE]) {
    uint32_t slot = 0;
    for (uint32_t s = 0; s < SYMBOLS; s++)
        for (uint32_t bias = 0; bias < frequencies[s]; bias++) slots[slot++] = (frequencies[s] - 1u) << 20 | bias << 8 | s;
}

typedef struct {
    uint32_t states[LANES];
    const uint8_t *words, *end;
    size_t done;
} Reader;

ALWAYS_INLINE int read_symbol(Reader *reader, const uint32_t *slots, uint8_t *symbol, int lane) {
    uint32_t x = reader->states[lane], entry = slots[x & (SCALE - 1)];
    *symbol = (uint8_t)entry;
    x = ((entry >> 20) + 1) * (x >> SCALE_BITS) + (entry >> 8 & (SCALE - 1));
    if (x < LOW) {
        if (reader->words == reader->end) return 0;
        x = x << 16 | get16(reader->words);
        reader->words += 2;
    }
    reader->states[lane] = x;
    return 1;
}

#ifdef HAVE_AVX2
typedef struct {
    uint32_t places[256][8]; /* by mask: for each lane the number of its word */
} Spreading;

static Spreading the_spreading;

__attribute__((constructor)) static void make_spreading(void) {
    for (int mask = 0; mask < 256; mask++)
        for (int lane = 0, next = 0; lane < 8; lane++)
            the_spreading.places[mask][lane] = (uint32_t)(mask >> lane & 1 ? next++ : 0);
}

__attribute__((target("avx2"))) ALWAYS_INLINE __m256i decode_eight(__m256i x, __m256i table, const int *slots,
                                                                   const Spreading *spreading, const uint8_t **words,
                                                                   uint8_t *symbols) {
    const __m256i low12 = _mm256_set1_epi32(SCALE - 1), one = _mm256_set1_epi32(1);
    __m256i slot = _mm256_add_epi32(_mm256_and_si256(x, low12), table);
    __m256i entry = _mm256_i32gather_epi32(slots, slot, 4);
    __m256i frequency = _mm256_add_epi32(_mm256_srli_epi32(entry, 20), one);
    __m256i bias = _mm256_and_si256(_mm256_srli_epi32(entry, 8), low12);
    x = _mm256_add_epi32(_mm256_mullo_epi32(frequency, _mm256_srli_epi32(x, SCALE_BITS)), bias);
    __m256i needs = _mm256_cmpeq_epi32(_mm256_srli_epi32(x, 16), _mm256_setzero_si256());
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(needs));
    __m256i next = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)*words));
    next = _mm256_permutevar8x32_epi32(next, _mm256_loadu_si256((const __m256i *)spreading->places[mask]));
    x = _mm256_blendv_epi8(x, _mm256_or_si256(_mm256_slli_epi32(x, 16), next), needs);
    *words += 2 * (unsigned)__builtin_popcount(mask);
    const __m256i lowest = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1,
                                            -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i packed = _mm256_shuffle_epi8(entry, lowest);
    uint32_t first = (uint32_t)_mm256_extract_epi32(packed, 0), second = (uint32_t)_mm256_extract_epi32(packed, 4);
    memcpy(symbols, &first, 4);
    memcpy(symbols + 4, &second, 4);
    return x;
}

__attribute__((target("avx2"))) ALWAYS_INLINE __m256i get_tables(const uint8_t *tables) {
    if (!tables) return _mm256_setzero_si256();
    return _mm256_slli_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)tables)), SCALE_BITS);
}

__attribute__((target("avx2"))) ALWAYS_INLINE void decode_rounds_avx2(Reader *reader, const uint32_t *slots,
                                                                      const uint8_t *tables, uint8_t *symbols, size_t n) {
    const Spreading *spreading = &the_spreading;
    __m256i x[4];
    for (int part = 0; part < 4; part++) x[part] = _mm256_loadu_si256((const __m256i *)(reader->states + 8 * part));
    const uint8_t *words = reader->words;
    size_t i = reader->done;
    /* 80 bytes: a round takes up to 64, and the last load of eight words looks 16 ahead */
    for (; i + LANES <= n && reader->end - words >= 80; i += LANES)
        for (int part = 0; part < 4; part++) {
            size_t j = i + 8 * (size_t)part;
            x[part] = decode_eight(x[part], get_tables(tables ? tables + j : NULL), (const int *)slots, spreading, &words,
                                   symbols + j);
        }
    for (int part = 0; part < 4; part++) _mm256_storeu_si256((__m256i *)(reader->states + 8 * part), x[part]);
    reader->words = words;
    reader->done = i;
}

__attribute__((target("avx2"))) static void decode_alone_avx2(Reader *reader, const uint32_t *slots, uint8_t *symbols,
                                                              size_t n) {
    decode_rounds_avx2(reader, slots, NULL, symbols, n);
}

__attribute__((target("avx2"))) static void decode_given_avx2(Reader *reader, const uint32_t *slots, const uint8_t *tables,
                                                              uint8_t *symbols, size_t n) {
    decode_rounds_avx2(reader, slots, tables, symbols, n);
}
#endif

/* Decodes `n` symbols from states and words that fill `in` wholly. Returns 0 or BAD. */
static int64_t decode_lanes(const uint8_t *in, size_t in_bytes, const uint8_t *tables, size_t n, const uint32_t *slots,
                            uint8_t *symbols) {
    if (in_bytes < 4 * LANES || in_bytes % 2) return BAD;
    Reader reader = {.words = in + 4 * LANES, .end = in + in_bytes, .done = 0};
    for (int lane = 0; lane < LANES; lane++) reader.states[lane] = get32(in + 4 * (size_t)lane);
#ifdef HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        if (tables) decode_given_avx2(&reader, slots, tables, symbols, n);
        else decode_alone_avx2(&reader, slots, symbols, n);
    }
#endif
    for (size_t i = reader.done; i < n; i++) {
        const uint32_t *mine = slots + (tables ? (size_t)tables[i] << SCALE_BITS : 0);
        if (!read_symbol(&reader, mine, symbols + i, (int)(i % LANES))) return BAD;
    }
    for (int lane = 0; lane < LANES; lane++)
        if (reader.states[lane] != LOW) return BAD;
    return reader.words == reader.end ? 0 : BAD;
}

/* Planes or symbols, tables and extra bits of a frame of so many bytes, and room for the words. */
int64_t holdfast_work_bytes(size_t bytes) { return (int64_t)(10 * bytes + 2 * SPARE + 64); }

ALWAYS_INLINE uint8_t *align(uint8_t *at) { return at + (-(uintptr_t)at & 15); }

/* ---- planes --------------------------------------------------------------------------------------------------- */

#define DEFINE_SPLIT(NAME, TYPE, BITS)                                                                     \
    static void split_##NAME(const uint8_t *raw, size_t n, int rotation, uint8_t *planes) {                \
        for (size_t i = 0; i < n; i++) {                                                                   \
            TYPE u;                                                                                        \
            memcpy(&u, raw + i * sizeof u, sizeof u);                                                      \
            if (rotation) u = (TYPE)(u << 1 | u >> (BITS - 1));                                            \
            for (size_t p = 0; p < sizeof u; p++) planes[p * n + i] = (uint8_t)(u >> (BITS - 8 - 8 * p));  \
        }                                                                                                  \
    }                                                                                                      \
    static void join_##NAME(const uint8_t *planes, size_t n, int rotation, uint8_t *raw) {                 \
        for (size_t i = 0; i < n; i++) {                                                                   \
            TYPE u = 0;                                                                                    \
            for (size_t p = 0; p < sizeof u; p++) u |= (TYPE)((TYPE)planes[p * n + i] << (BITS - 8 - 8 * p)); \
            if (rotation) u = (TYPE)(u >> 1 | u << (BITS - 1));                                            \
            memcpy(raw + i * sizeof u, &u, sizeof u);                                                      \
        }                                                                                                  \
    }
DEFINE_SPLIT(two, uint16_t, 16)
DEFINE_SPLIT(four, uint32_t, 32)
DEFINE_SPLIT(eight, uint64_t, 64)

static int split(const uint8_t *raw, size_t n, int width, int rotation, uint8_t *planes) {
    switch (width) {
        case 1: memcpy(planes, raw, n); return 1;
        case 2: split_two(raw, n, rotation, planes); return 1;
        case 4: split_four(raw, n, rotation, planes); return 1;
        case 8: split_eight(raw, n, rotation, planes); return 1;
        default: return 0;
    }
}

static void join(const uint8_t *planes, size_t n, int width, int rotation, uint8_t *raw) {
    switch (width) {
        case 1: memcpy(raw, planes, n); return;
        case 2: join_two(planes, n, rotation, raw); return;
        case 4: join_four(planes, n, rotation, raw); return;
        default: join_eight(planes, n, rotation, raw); return;
    }
}

enum { PLANE_RAW = 0, PLANE_CONSTANT = 1, PLANE_RANS = 2 };
#define WORTH 0.998 /* a plane that shrinks less is kept as it is, and read faster */

#define SAMPLE 32768

/* Mantissas look like noise in any stretch of them: three stretches tell, and most of the counting is spared. */
static int looks_random(const uint8_t *plane, size_t n) {
    if (n < 8 * SAMPLE) return 0;
    for (size_t part = 0; part < 3; part++) {
        uint32_t counts[SYMBOLS];
        count_bytes(plane + part * ((n - SAMPLE) / 2), SAMPLE, counts);
        if (compute_bits(counts) < 0.997 * 8 * SAMPLE) return 0;
    }
    return 1;
}

static int64_t keep_plane(const uint8_t *plane, size_t n, uint8_t *out, size_t capacity) {
    if (capacity < 5 + n) return FULL;
    out[0] = PLANE_RAW;
    put32(out + 1, (uint32_t)n);
    memcpy(out + 5, plane, n);
    return (int64_t)(5 + n);
}

static int64_t encode_plane(const uint8_t *plane, size_t n, uint8_t *room, uint8_t *out, size_t capacity) {
    uint32_t counts[SYMBOLS];
    if (looks_random(plane, n)) return keep_plane(plane, n, out, capacity);
    count_bytes(plane, n, counts);
    int present = count_present(counts);
    size_t at = 5;
    if (capacity < 5 + 1) return FULL;
    if (present == 1) {
        out[0] = PLANE_CONSTANT;
        out[5] = plane[0];
        put32(out + 1, 1);
        return 6;
    }
    double bytes = compute_bits(counts) / 8 + 3 * present + 2 + 4 * LANES;
    if (bytes < WORTH * (double)n) {
        uint16_t frequencies[SYMBOLS];
        uint32_t steps[SYMBOLS];
        scale_counts(counts, frequencies);
        make_steps(frequencies, steps);
        if (capacity < at + 2 + 3 * (size_t)present) return FULL;
        at += write_table(frequencies, out + at);
        int64_t end = encode_lanes(plane, NULL, n, steps, room, out, at, capacity);
        if (end < 0) return end;
        out[0] = PLANE_RANS;
        put32(out + 1, (uint32_t)(end - 5));
        return end;
    }
    return keep_plane(plane, n, out, capacity);
}

static int64_t decode_rans_plane(const uint8_t *in, size_t bytes, uint8_t *plane, size_t n) {
    uint16_t frequencies[SYMBOLS];
    uint32_t slots[SCALE];
    int64_t at = read_table(in, bytes, frequencies);
    if (at < 0) return BAD;
    make_slots(frequencies, slots);
    return decode_lanes(in + at, bytes - (size_t)at, NULL, n, slots, plane);
}

/* Bytes read, or BAD. */
static int64_t decode_plane(const uint8_t *in, size_t left, uint8_t *plane, size_t n) {
    if (left < 5) return BAD;
    size_t bytes = get32(in + 1);
    if (bytes > left - 5) return BAD;
    int64_t fault = 0;
    switch (in[0]) {
        case PLANE_RAW:
            if (bytes != n) return BAD;
            memcpy(plane, in + 5, n);
            break;
        case PLANE_CONSTANT:
            if (bytes != 1) return BAD;
            memset(plane, in[5], n);
            break;
        case PLANE_RANS: fault = decode_rans_plane(in + 5, bytes, plane, n); break;
        default: return BAD;
    }
    return fault < 0 ? BAD : (int64_t)(5 + bytes);
}

/* Encode `bytes` (a multiple of `width`) as codec 2. `work` has holdfast_work_bytes(bytes) bytes, here and below. */
int64_t holdfast_encode_planes(const uint8_t *raw, size_t bytes, int width, int rotation, uint8_t *work, uint8_t *out,
                               size_t capacity) {
    if (width < 1 || bytes % (size_t)width || bytes == 0) return BAD;
    if ((rotation != 0 && rotation != 1) || (width == 1 && rotation)) return BAD;
    size_t n = bytes / (size_t)width, at = 2;
    if (capacity < 2) return FULL;
    if (!split(raw, n, width, rotation, work)) return BAD;
    out[0] = (uint8_t)width;
    out[1] = (uint8_t)rotation;
    for (int p = 0; p < width; p++) {
        int64_t result = encode_plane(work + (size_t)p * n, n, align(work + bytes), out + at, capacity - at);
        if (result < 0) return result;
        at += (size_t)result;
    }
    return (int64_t)at;
}

/* Decode codec 2 into exactly `bytes`. */
int64_t holdfast_decode_planes(const uint8_t *in, size_t in_bytes, uint8_t *work, uint8_t *raw, size_t bytes) {
    if (in_bytes < 2) return BAD;
    int width = in[0], rotation = in[1];
    if ((width != 1 && width != 2 && width != 4 && width != 8) || rotation > 1 || bytes % (size_t)width) return BAD;
    if (width == 1 && rotation) return BAD;
    size_t n = bytes / (size_t)width, at = 2;
    for (int p = 0; p < width; p++) {
        int64_t result = decode_plane(in + at, in_bytes - at, work + (size_t)p * n, n);
        if (result < 0) return result;
        at += (size_t)result;
    }
    if (at != in_bytes) return BAD;
    join(work, n, width, rotation, raw);
    return (int64_t)bytes;
}

/* ---- differences ---------------------------------------------------------------------------------------------- */

typedef struct {
    int width, map, shift, bits;
} Kind;

#define DIRECT 32

#define BLOCK 1024 /* elements whose zigzags are held between two passes */

/* Elements of tensors that may lie at any address, as a file's header pleases. */
typedef uint16_t __attribute__((aligned(1), may_alias)) Half;
typedef uint32_t __attribute__((aligned(1), may_alias)) Word;

/* One element type: the differences' zigzags, the way back, and the exponents of the base. Loops the compiler widens. */
#define DEFINE_DIFFERENCES(NAME, TYPE, LOOSE, SIGNED, BITS)                                                           \
    ALWAYS_INLINE TYPE NAME##_to_order(TYPE u, int map) {                                                             \
        TYPE sign = (TYPE)((TYPE)1 << (BITS - 1));                                                                    \
        return map ? u : (TYPE)(u ^ ((TYPE)((SIGNED)u >> (BITS - 1)) | sign));                                        \
    }                                                                                                                 \
    ALWAYS_INLINE TYPE NAME##_from_order(TYPE u, int map) {                                                           \
        TYPE sign = (TYPE)((TYPE)1 << (BITS - 1));                                                                    \
        return map ? u : (TYPE)(u ^ ((TYPE) ~(TYPE)((SIGNED)u >> (BITS - 1)) | sign));                                \
    }                                                                                                                 \
    ALWAYS_INLINE void NAME##_zigzags(const LOOSE *raw, const LOOSE *base, size_t n, int map, uint32_t *restrict z) { \
        for (size_t i = 0; i < n; i++) {                                                                              \
            SIGNED d = (SIGNED)(TYPE)(NAME##_to_order(raw[i], map) - NAME##_to_order(base[i], map));                  \
            z[i] = (TYPE)((TYPE)((TYPE)d << 1) ^ (TYPE)(d >> (BITS - 1)));                                            \
        }                                                                                                             \
    }                                                                                                                 \
    ALWAYS_INLINE void NAME##_undo(const LOOSE *base, const uint32_t *z, size_t n, int map, LOOSE *restrict raw) {    \
        for (size_t i = 0; i < n; i++) {                                                                              \
            TYPE d = (TYPE)(z[i] >> 1 ^ (0u - (z[i] & 1)));                                                           \
            raw[i] = NAME##_from_order((TYPE)(NAME##_to_order(base[i], map) + d), map);                               \
        }                                                                                                             \
    }                                                                                                                 \
    ALWAYS_INLINE void NAME##_contexts(const LOOSE *base, size_t n, int shift, uint32_t mask,                         \
                                       uint8_t *restrict contexts) {                                                  \
        for (size_t i = 0; i < n; i++) contexts[i] = (uint8_t)(base[i] >> shift & mask);                              \
    }
DEFINE_DIFFERENCES(byte, uint8_t, uint8_t, int8_t, 8)
DEFINE_DIFFERENCES(half, uint16_t, Half, int16_t, 16)
DEFINE_DIFFERENCES(word, uint32_t, Word, int32_t, 32)

static void compute_zigzags(const uint8_t *raw, const uint8_t *base, size_t n, Kind kind, uint32_t *z) {
    if (kind.width == 1) byte_zigzags(raw, base, n, kind.map, z);
    else if (kind.width == 4) word_zigzags((const Word *)raw, (const Word *)base, n, kind.map, z);
    else if (kind.map) half_zigzags((const Half *)raw, (const Half *)base, n, 1, z);
    else half_zigzags((const Half *)raw, (const Half *)base, n, 0, z);
}

static void undo_zigzags(const uint8_t *base, const uint32_t *z, size_t n, Kind kind, uint8_t *raw) {
    if (kind.width == 1) byte_undo(base, z, n, kind.map, raw);
    else if (kind.width == 4) word_undo((const Word *)base, z, n, kind.map, (Word *)raw);
    else if (kind.map) half_undo((const Half *)base, z, n, 1, (Half *)raw);
    else half_undo((const Half *)base, z, n, 0, (Half *)raw);
}

static void find_contexts(const uint8_t *base, size_t n, Kind kind, uint8_t *contexts) {
    uint32_t mask = (1u << kind.bits) - 1;
    if (kind.width == 1) byte_contexts(base, n, kind.shift, mask, contexts);
    else if (kind.width == 2) half_contexts((const Half *)base, n, kind.shift, mask, contexts);
    else word_contexts((const Word *)base, n, kind.shift, mask, contexts);
}

typedef struct {
    uint8_t *out; /* room for 4 bytes an element and 16 more */
    size_t bytes;
    uint64_t bits;
    unsigned held;
} BitWriter;

ALWAYS_INLINE void write_bits(BitWriter *writer, uint32_t value, unsigned count) {
    writer->bits |= (uint64_t)value << writer->held;
    writer->held += count;
    if (writer->held >= 32) {
        put32(writer->out + writer->bytes, (uint32_t)writer->bits);
        writer->bytes += 4;
        writer->bits >>= 32;
        writer->held -= 32;
    }
}

static void finish_bits(BitWriter *writer) {
    for (; writer->held > 0; writer->held -= writer->held < 8 ? writer->held : 8) {
        writer->out[writer->bytes++] = (uint8_t)writer->bits;
        writer->bits >>= 8;
    }
}

typedef struct {
    const uint8_t *in;
    size_t bytes, next;
    uint64_t bits;
    unsigned held;
} BitReader;

/* Zeros follow the end; whether it was overrun is checked once, when all is read. */
ALWAYS_INLINE uint32_t read_bits(BitReader *reader, unsigned count) {
    if (reader->held < count && reader->next + 4 <= reader->bytes) {
        reader->bits |= (uint64_t)get32(reader->in + reader->next) << reader->held;
        reader->next += 4;
        reader->held += 32;
    }
    while (reader->held < count) {
        uint64_t byte = reader->next < reader->bytes ? reader->in[reader->next] : 0;
        reader->next++;
        reader->bits |= byte << reader->held;
        reader->held += 8;
    }
    uint32_t value = (uint32_t)(reader->bits & ((1ull << count) - 1));
    reader->bits >>= count;
    reader->held -= count;
    return value;
}

/* All was read, nothing more than all, and the last byte was filled with zeros. */
static int is_read_up(const BitReader *reader) {
    return reader->next == reader->bytes && reader->held < 8 && reader->bits == 0;
}

typedef struct {
    uint32_t counts[CONTEXTS][SYMBOLS];
    uint32_t members[CONTEXTS];
} Census;

ALWAYS_INLINE uint8_t to_symbol(uint32_t z, BitWriter *extra) {
    if (z < DIRECT) return (uint8_t)z;
    unsigned k = 31 - (unsigned)__builtin_clz(z);
    write_bits(extra, z & ((1u << (k - 3)) - 1), k - 3);
    return (uint8_t)(DIRECT + 8 * (k - 5) + (z >> (k - 3) & 7));
}

static void take_symbols(const uint32_t *z, size_t n, uint8_t *symbols, BitWriter *extra) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint32_t any = 0;
        for (int j = 0; j < 8; j++) any |= z[i + j];
        if (any < DIRECT) {
            for (int j = 0; j < 8; j++) symbols[i + j] = (uint8_t)z[i + j];
        } else {
            for (int j = 0; j < 8; j++) symbols[i + j] = to_symbol(z[i + j], extra);
        }
    }
    for (; i < n; i++) symbols[i] = to_symbol(z[i], extra);
}

static void take_census(const uint8_t *symbols, const uint8_t *contexts, size_t n, Census *census) {
    for (size_t i = 0; i < n; i++) census->counts[contexts[i]][symbols[i]]++;
}

static void take_frame(const uint8_t *raw, const uint8_t *base, size_t n, Kind kind, uint8_t *symbols, uint8_t *contexts,
                       BitWriter *extra, Census *census) {
    uint32_t z[BLOCK];
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t count = n - i < BLOCK ? n - i : BLOCK, at = i * (size_t)kind.width;
        compute_zigzags(raw + at, base + at, count, kind, z);
        take_symbols(z, count, symbols + i, extra);
        find_contexts(base + at, count, kind, contexts + i);
        take_census(symbols + i, contexts + i, count, census);
    }
}

static double compute_cost(const uint32_t counts[SYMBOLS]) {
    return compute_bits(counts) + 8.0 * (2 + 3 * count_present(counts));
}

/* Neighbouring contexts share a table where that costs less than two. Fills the table of every context from `first` to
 * `last` and the tables' counts (in place, over the first contexts'); returns the number of tables. */
static int group_contexts(Census *census, int first, int last, uint8_t table_of[CONTEXTS]) {
    double costs[CONTEXTS];
    int tables = 0;
    for (int c = first; c <= last; c++) {
        double alone = compute_cost(census->counts[c]);
        if (tables > 0) {
            uint32_t both[SYMBOLS];
            uint32_t *before = census->counts[tables - 1];
            for (int s = 0; s < SYMBOLS; s++) both[s] = before[s] + census->counts[c][s];
            double together = compute_cost(both);
            if (census->members[c] == 0 || together <= costs[tables - 1] + alone || tables == TABLES_MAX) {
                memcpy(before, both, sizeof both);
                costs[tables - 1] = together;
                table_of[c] = (uint8_t)(tables - 1);
                continue;
            }
        }
        if (tables != c) memcpy(census->counts[tables], census->counts[c], sizeof census->counts[c]);
        costs[tables] = alone;
        table_of[c] = (uint8_t)tables++;
    }
    return tables;
}

static int is_known(Kind kind) {
    if (kind.width != 1 && kind.width != 2 && kind.width != 4) return 0;
    return (kind.map == 0 || kind.map == 1) && kind.bits >= 0 && kind.bits <= 8 && kind.shift >= 0 && kind.shift < 8 * kind.width;
}

static int64_t write_difference(Kind kind, Census *census, uint8_t *contexts, const uint8_t *symbols, size_t n,
                                const BitWriter *extra, uint8_t *room, uint8_t *out, size_t capacity) {
    int first = 0, last = CONTEXTS - 1;
    for (int c = 0; c < CONTEXTS; c++)
        for (int s = 0; s < SYMBOLS; s++) census->members[c] += census->counts[c][s];
    while (!census->members[first]) first++;
    while (!census->members[last]) last--;
    uint8_t table_of[CONTEXTS] = {0};
    int tables = group_contexts(census, first, last, table_of);
    size_t head = 7 + (size_t)(last - first + 1);
    if (capacity < head + (size_t)tables * (2 + 3 * SYMBOLS) + 4 + extra->bytes) return FULL;
    out[0] = (uint8_t)kind.width;
    out[1] = (uint8_t)kind.map;
    out[2] = (uint8_t)kind.shift;
    out[3] = (uint8_t)kind.bits;
    out[4] = (uint8_t)tables;
    out[5] = (uint8_t)first;
    out[6] = (uint8_t)last;
    memcpy(out + 7, table_of + first, (size_t)(last - first + 1));
    uint32_t *steps = malloc((size_t)tables * SYMBOLS * sizeof *steps);
    if (!steps) return FULL;
    size_t at = head;
    for (int t = 0; t < tables; t++) {
        uint16_t frequencies[SYMBOLS];
        scale_counts(census->counts[t], frequencies);
        make_steps(frequencies, steps + (size_t)t * SYMBOLS);
        at += write_table(frequencies, out + at);
    }
    put32(out + at, (uint32_t)extra->bytes);
    memcpy(out + at + 4, extra->out, extra->bytes);
    at += 4 + extra->bytes;
    for (size_t i = 0; i < n; i++) contexts[i] = table_of[contexts[i]];
    int64_t end = encode_lanes(symbols, contexts, n, steps, room, out, at, capacity);
    free(steps);
    return end;
}

/* Encode `bytes` as codec 4 against `base`, which is as long. */
int64_t holdfast_encode_difference(const uint8_t *raw, const uint8_t *base, size_t bytes, int width, int map, int shift,
                                   int bits, uint8_t *work, uint8_t *out, size_t capacity) {
    Kind kind = {width, map, shift, bits};
    if (!is_known(kind) || bytes % (size_t)width || bytes == 0) return BAD;
    size_t n = bytes / (size_t)width;
    Census *census = calloc(1, sizeof *census);
    if (!census) return FULL;
    BitWriter extra = {.out = work + 2 * n};
    take_frame(raw, base, n, kind, work, work + n, &extra, census);
    finish_bits(&extra);
    int64_t result = write_difference(kind, census, work + n, work, n, &extra, align(work + 6 * n + 16), out, capacity);
    free(census);
    return result;
}

ALWAYS_INLINE uint32_t from_symbol(uint32_t symbol, BitReader *extra) {
    if (symbol < DIRECT) return symbol;
    unsigned low = 2 + (symbol - DIRECT) / 8;
    return (8 + (symbol - DIRECT) % 8) << low | read_bits(extra, low);
}

static void give_zigzags(const uint8_t *symbols, size_t n, BitReader *extra, uint32_t *z) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, symbols + i, 8);
        if (eight & 0xe0e0e0e0e0e0e0e0ull) {
            for (int j = 0; j < 8; j++) z[i + j] = from_symbol(symbols[i + j], extra);
        } else {
            for (int j = 0; j < 8; j++) z[i + j] = symbols[i + j];
        }
    }
    for (; i < n; i++) z[i] = from_symbol(symbols[i], extra);
}

static void give_frame(const uint8_t *base, size_t n, Kind kind, const uint8_t *symbols, BitReader *extra, uint8_t *raw) {
    uint32_t z[BLOCK];
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t count = n - i < BLOCK ? n - i : BLOCK, at = i * (size_t)kind.width;
        give_zigzags(symbols + i, count, extra, z);
        undo_zigzags(base + at, z, count, kind, raw + at);
    }
}

/* The symbol of the greatest zigzag. */
static int get_symbol_max(Kind kind) { return DIRECT + 8 * (8 * kind.width - 6) + 7; }

static int64_t read_difference(Kind kind, const uint8_t *in, size_t in_bytes, const uint8_t *base, size_t n, uint8_t *work,
                               uint8_t *raw) {
    int count = in[4], first = in[5], last = in[6];
    if (count == 0 || first > last || in_bytes < 7 + (size_t)(last - first + 1)) return BAD;
    uint8_t table_of[CONTEXTS] = {0};
    memcpy(table_of + first, in + 7, (size_t)(last - first + 1));
    for (int c = first; c <= last; c++)
        if (table_of[c] >= count) return BAD;
    size_t at = 7 + (size_t)(last - first + 1);
    uint32_t *slots = malloc((size_t)count * SCALE * sizeof *slots);
    if (!slots) return FULL;
    int64_t result = 0;
    for (int t = 0; t < count && result >= 0; t++) {
        uint16_t frequencies[SYMBOLS];
        result = read_table(in + at, in_bytes - at, frequencies);
        if (result < 0) break;
        for (int symbol = get_symbol_max(kind) + 1; symbol < SYMBOLS; symbol++)
            if (frequencies[symbol]) result = BAD;
        if (result < 0) break;
        make_slots(frequencies, slots + (size_t)t * SCALE);
        at += (size_t)result;
    }
    if (result >= 0 && (in_bytes - at < 4 || get32(in + at) > in_bytes - at - 4)) result = BAD;
    if (result >= 0) {
        BitReader extra = {.in = in + at + 4, .bytes = get32(in + at)};
        at += 4 + extra.bytes;
        find_contexts(base, n, kind, work + n);
        for (size_t i = 0; i < n; i++) work[n + i] = table_of[work[n + i]];
        result = decode_lanes(in + at, in_bytes - at, work + n, n, slots, work);
        if (result >= 0) {
            give_frame(base, n, kind, work, &extra, raw);
            if (!is_read_up(&extra)) result = BAD;
        }
    }
    free(slots);
    return result;
}

/* Decode codec 4 against `base` into exactly `bytes`. */
int64_t holdfast_decode_difference(const uint8_t *in, size_t in_bytes, const uint8_t *base, uint8_t *work, uint8_t *raw,
                                   size_t bytes) {
    if (in_bytes < 8) return BAD;
    Kind kind = {in[0], in[1], in[2], in[3]};
    if (!is_known(kind) || bytes % (size_t)kind.width) return BAD;
    int64_t result = read_difference(kind, in, in_bytes, base, bytes / (size_t)kind.width, work, raw);
    return result < 0 ? result : (int64_t)bytes;
}
