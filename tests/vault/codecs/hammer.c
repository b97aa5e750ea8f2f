/* Random frames and damaged payloads into kernel.c, compiled with sanitizers; every buffer is exactly as long as promised.
 * hammer SEED COUNT: exits 1 when something did not come back, and a sanitizer ends it when memory was misused. */

#include "kernel.c"
#include <stdio.h>

static uint64_t state;

static uint64_t draw(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545f4914f6cdd1dull >> 11) % below;
}

static uint8_t *copy(const uint8_t *from, size_t bytes) {
    uint8_t *made = malloc(bytes ? bytes : 1);
    if (bytes) memcpy(made, from, bytes);
    return realloc(made, bytes ? bytes : 1);
}

/* Noise, few values, a constant, or small steps: what each way of coding meets. */
static void fill(uint8_t *raw, size_t bytes, size_t width, const uint8_t *base) {
    uint64_t style = draw(5), mask = draw(2) ? 0x0303030303030303ull : (uint64_t)1 << draw(32);
    for (size_t i = 0; i < bytes; i += width) {
        uint64_t u = style == 0 ? draw(1ull << 62) : style == 1 ? draw(9) * 0x1111111111111111ull : style == 2 ? 7 : draw(1ull << 62) & mask;
        if (base && style) {
            uint64_t before = 0;
            memcpy(&before, base + i, width);
            u = before + u - (style == 4 ? 5 : 0);
        }
        memcpy(raw + i, &u, width);
    }
}

static size_t damage(uint8_t *payload, size_t bytes) {
    for (uint64_t left = 1 + draw(3); left && bytes; left--) {
        size_t near = draw(2) && bytes > 64 ? 64 : bytes;
        switch (draw(4)) {
            case 0: payload[draw(near)] ^= (uint8_t)(1u << draw(8)); break;
            case 1: payload[draw(near)] = (uint8_t)draw(256); break;
            case 2: bytes = draw(bytes + 1); break;
            default: payload[bytes - 1 - draw(near)] ^= (uint8_t)(1u << draw(8));
        }
    }
    return bytes;
}

typedef struct {
    int is_difference, width, rotation, map, shift, bits;
    size_t bytes;
    uint8_t *raw, *base, *held; /* `held` is what both lie in, at any address */
} Frame;

static int64_t encode(const Frame *f, uint8_t *work, uint8_t *out, size_t capacity) {
    if (f->is_difference)
        return holdfast_encode_difference(f->raw, f->base, f->bytes, f->width, f->map, f->shift, f->bits, work, out, capacity);
    return holdfast_encode_planes(f->raw, f->bytes, f->width, f->rotation, work, out, capacity);
}

static int64_t decode(const Frame *f, const uint8_t *payload, size_t bytes, uint8_t *work, uint8_t *out) {
    if (f->is_difference) return holdfast_decode_difference(payload, bytes, f->base, work, out, f->bytes);
    return holdfast_decode_planes(payload, bytes, work, out, f->bytes);
}

static Frame make_frame(void) {
    Frame f = {.is_difference = (int)draw(2), .width = 1 << draw(3)};
    if (!f.is_difference && draw(4) == 0) f.width = 8;
    f.rotation = f.width > 1 && draw(2);
    f.map = (int)draw(2);
    f.bits = (int)draw(9);
    f.shift = (int)draw(8 * (uint64_t)f.width);
    f.bytes = (1 + (draw(40) ? draw(600) : draw(300000))) * (size_t)f.width;
    size_t skew = draw(4);
    f.held = malloc(skew + 2 * f.bytes);
    f.base = f.held + skew;
    f.raw = f.base + f.bytes;
    fill(f.base, f.bytes, (size_t)f.width, NULL);
    fill(f.raw, f.bytes, (size_t)f.width, f.base);
    return f;
}

static int hammer(void) {
    Frame f = make_frame();
    size_t work_bytes = (size_t)holdfast_work_bytes(f.bytes), capacity = f.bytes + 300000;
    uint8_t *work = malloc(work_bytes), *out = malloc(capacity), *back = malloc(f.bytes);
    int64_t written = encode(&f, work, out, capacity);
    int fault = written < 0;
    if (!fault) {
        uint8_t *payload = copy(out, (size_t)written);
        fault = decode(&f, payload, (size_t)written, work, back) != (int64_t)f.bytes || memcmp(back, f.raw, f.bytes) != 0;
        for (int i = 0; i < 4; i++) {
            uint8_t *hurt = copy(payload, (size_t)written);
            size_t left = damage(hurt, (size_t)written);
            uint8_t *exact = copy(hurt, left);
            decode(&f, exact, left, work, back);
            free(exact);
            free(hurt);
        }
        size_t little = draw((uint64_t)written);
        uint8_t *small = malloc(little ? little : 1);
        encode(&f, work, small, little);
        free(small);
        free(payload);
    }
    free(work);
    free(out);
    free(back);
    free(f.held);
    return fault;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
    for (long left = atol(argv[2]); left; left--)
        if (hammer()) return 1;
    return 0;
}
