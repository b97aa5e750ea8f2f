/* Sums of products over GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1: out[r] ^= sum over c of coefficients[r][c] * data[c].
 * Plain C interface, no state, no allocation. Every level gives the same bytes; field.py says what the levels are. */
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define X86 1
#include <immintrin.h>
#endif

enum { PORTABLE = 0, SSSE3 = 1, AVX2 = 2, GFNI = 3 };
enum { TILE = 4096, GROUP = 8, ROWS_MAX = 256 };

/* What one coefficient needs: products of the low and high half of a byte, and the same as a matrix of bits. */
typedef struct {
    uint8_t low[16], high[16];
    uint64_t matrix;
} product;

static uint8_t multiply(uint8_t a, uint8_t b) {
    uint8_t sum = 0;
    for (; b; b >>= 1) {
        if (b & 1) sum ^= a;
        a = (uint8_t)((a << 1) ^ ((a & 0x80) ? 0x1d : 0));
    }
    return sum;
}

static void prepare(product *p, uint8_t coefficient) {
    for (int i = 0; i < 16; i++) {
        p->low[i] = multiply(coefficient, (uint8_t)i);
        p->high[i] = multiply(coefficient, (uint8_t)(i << 4));
    }
    p->matrix = 0;
    for (int out = 0; out < 8; out++)
        for (int in = 0; in < 8; in++)
            if ((multiply(coefficient, (uint8_t)(1 << in)) >> out) & 1)
                p->matrix |= 1ULL << (8 * (7 - out) + in); /* GFNI counts rows from the other end */
}

static size_t add_portable(uint8_t *out, const product *p, const uint8_t *const *data, size_t count, size_t start, size_t length) {
    for (size_t c = 0; c < count; c++)
        for (size_t i = start; i < length; i++)
            out[i] ^= p[c].low[data[c][i] & 15] ^ p[c].high[data[c][i] >> 4];
    return length;
}

#ifdef X86
__attribute__((target("ssse3"))) static size_t add_ssse3(uint8_t *out, const product *p, const uint8_t *const *data, size_t count, size_t length) {
    const __m128i mask = _mm_set1_epi8(15);
    size_t whole = length & ~(size_t)15;
    for (size_t c = 0; c < count; c++) {
        const __m128i low = _mm_loadu_si128((const __m128i *)p[c].low), high = _mm_loadu_si128((const __m128i *)p[c].high);
        for (size_t i = 0; i < whole; i += 16) {
            __m128i x = _mm_loadu_si128((const __m128i *)(data[c] + i));
            __m128i l = _mm_shuffle_epi8(low, _mm_and_si128(x, mask));
            __m128i h = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi64(x, 4), mask));
            __m128i sum = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(out + i)), _mm_xor_si128(l, h));
            _mm_storeu_si128((__m128i *)(out + i), sum);
        }
    }
    return whole;
}

__attribute__((target("avx2"))) static size_t add_avx2(uint8_t *out, const product *p, const uint8_t *const *data, size_t count, size_t length) {
    const __m256i mask = _mm256_set1_epi8(15);
    size_t whole = length & ~(size_t)31;
    for (size_t c = 0; c < count; c++) {
        const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p[c].low));
        const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p[c].high));
        for (size_t i = 0; i < whole; i += 32) {
            __m256i x = _mm256_loadu_si256((const __m256i *)(data[c] + i));
            __m256i l = _mm256_shuffle_epi8(low, _mm256_and_si256(x, mask));
            __m256i h = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi64(x, 4), mask));
            __m256i sum = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(out + i)), _mm256_xor_si256(l, h));
            _mm256_storeu_si256((__m256i *)(out + i), sum);
        }
    }
    return whole;
}

__attribute__((target("gfni,avx2"))) static size_t add_gfni(uint8_t *out, const product *p, const uint8_t *const *data, size_t count, size_t length) {
    size_t whole = length & ~(size_t)31;
    if (count == GROUP) {
        __m256i m[GROUP];
        for (size_t c = 0; c < GROUP; c++) m[c] = _mm256_set1_epi64x((long long)p[c].matrix);
        for (size_t i = 0; i < whole; i += 32) {
            __m256i sum = _mm256_loadu_si256((const __m256i *)(out + i));
#pragma GCC unroll 8
            for (size_t c = 0; c < GROUP; c++)
                sum = _mm256_xor_si256(sum, _mm256_gf2p8affine_epi64_epi8(_mm256_loadu_si256((const __m256i *)(data[c] + i)), m[c], 0));
            _mm256_storeu_si256((__m256i *)(out + i), sum);
        }
        return whole;
    }
    for (size_t c = 0; c < count; c++) {
        const __m256i m = _mm256_set1_epi64x((long long)p[c].matrix);
        for (size_t i = 0; i < whole; i += 32) {
            __m256i x = _mm256_gf2p8affine_epi64_epi8(_mm256_loadu_si256((const __m256i *)(data[c] + i)), m, 0);
            _mm256_storeu_si256((__m256i *)(out + i), _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(out + i)), x));
        }
    }
    return whole;
}
#endif

/* The best level of this processor. */
int gf256_best(void) {
#ifdef X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) return __builtin_cpu_supports("gfni") ? GFNI : AVX2;
    if (__builtin_cpu_supports("ssse3")) return SSSE3;
#endif
    return PORTABLE;
}

static void add(int level, uint8_t *out, const product *p, const uint8_t *const *data, size_t count, size_t length) {
    size_t done = 0;
#ifdef X86
    if (level == GFNI) done = add_gfni(out, p, data, count, length);
    else if (level == AVX2) done = add_avx2(out, p, data, count, length);
    else if (level == SSSE3) done = add_ssse3(out, p, data, count, length);
#endif
    (void)level;
    add_portable(out, p, data, count, done, length);
}

/* Row r of `out` starts at r * out_stride, row c of `data` at c * data_stride; each row has `length` bytes.
 * `coefficients` is rows x columns. At most 256 rows; `level` at most gf256_best(). */
void gf256_accumulate(int level, uint8_t *out, size_t out_stride, size_t rows, const uint8_t *data, size_t data_stride,
                      size_t columns, const uint8_t *coefficients, size_t length) {
    product products[ROWS_MAX][GROUP];
    const uint8_t *tiles[GROUP];
    for (size_t first = 0; first < columns; first += GROUP) {
        size_t count = columns - first < GROUP ? columns - first : GROUP;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < count; c++) prepare(&products[r][c], coefficients[r * columns + first + c]);
        for (size_t start = 0; start < length; start += TILE) {
            size_t tile = length - start < TILE ? length - start : TILE;
            for (size_t c = 0; c < count; c++) tiles[c] = data + (first + c) * data_stride + start;
            for (size_t r = 0; r < rows; r++) add(level, out + r * out_stride + start, products[r], tiles, count, tile);
        }
    }
}
