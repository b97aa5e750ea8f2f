/* Random numbers and deadlines of one request, as in draws.py and course.py, number for number. */
#ifndef HOLDFAST_MOCK_COURSE_H
#define HOLDFAST_MOCK_COURSE_H

#include <math.h>
#include <stdlib.h>

#include "spec.h"

#define STEP 0x9E3779B97F4A7C15ULL
#define LONGEST_S 1e6
#define CHUNK_TOKENS_MAX 5

enum { FOR_SCENARIO = 1, FOR_TTFT, FOR_LENGTH, FOR_GAP, FOR_CHUNK, FOR_WORD, FOR_IDENTITY };

typedef struct { uint64_t state; int64_t count; } Draws;
typedef struct { int64_t begin_ns, end_ns; } Freeze;

static uint64_t mix(uint64_t bits) {
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31);
}

static Draws make_draws(const Spec *spec, int64_t key, uint64_t purpose) {
    uint64_t state = mix((uint64_t)spec->seed + STEP);
    return (Draws){mix(mix(state ^ (uint64_t)key) + purpose), 0};
}

static uint64_t draw_bits(Draws *draws) { return mix(draws->state += STEP); }

static double draw_share(Draws *draws) { return (double)(draw_bits(draws) >> 11) * 0x1p-53; }

static double draw_normal(Draws *draws) {
    double radius = sqrt(-2.0 * log(1.0 - draw_share(draws)));
    return radius * cos(2.0 * M_PI * draw_share(draws));
}

static double draw_lognormal(Draws *draws, double mean, double cv) {
    if (mean <= 0.0) return 0.0;
    double variance = log(1.0 + cv * cv);
    return exp(log(mean) - variance / 2.0 + sqrt(variance) * draw_normal(draws));
}

static double draw_standard_gamma(Draws *draws, double shape) {
    double boost = 1.0;
    if (shape < 1.0) {
        boost = pow(1.0 - draw_share(draws), 1.0 / shape);
        shape += 1.0;
    }
    double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double normal = draw_normal(draws), cube = 1.0 + c * normal;
        if (cube <= 0.0) continue;
        cube = cube * cube * cube;
        double share = 1.0 - draw_share(draws);
        if (share < 1.0 - 0.0331 * (normal * normal) * (normal * normal)) return boost * d * cube;
        if (log(share) < 0.5 * normal * normal + d * (1.0 - cube + log(cube))) return boost * d * cube;
    }
}

static double draw_gamma(Draws *draws, double mean, double cv) {
    if (mean <= 0.0 || cv <= 0.0) return mean > 0.0 ? mean : 0.0;
    return draw_standard_gamma(draws, 1.0 / (cv * cv)) * (mean * cv * cv);
}

static double draw(Draws *draws, const Distribution *wanted, int64_t first) {
    uint64_t place = (uint64_t)(first + draws->count++);
    switch (wanted->shape) {
    case LOGNORMAL: return draw_lognormal(draws, wanted->mean, wanted->cv);
    case GAMMA: return draw_gamma(draws, wanted->mean, wanted->cv);
    case RECORDED: return wanted->values[draw_bits(draws) % (uint64_t)wanted->count];
    case SCRIPTED: return wanted->values[place % (uint64_t)wanted->count];
    default: return wanted->mean;
    }
}

static int64_t count_ns(double seconds) {
    double bounded = seconds < 0.0 ? 0.0 : seconds > LONGEST_S ? LONGEST_S : seconds;
    return (int64_t)(bounded * 1e9 + 0.5);
}

static int64_t draw_chunk(const Spec *spec, Draws *draws, int64_t room) {
    double drawn = draw(draws, &spec->chunk, 0);
    int64_t tokens = drawn > CHUNK_TOKENS_MAX ? CHUNK_TOKENS_MAX : (int64_t)(drawn + 0.5);
    if (tokens < 1) tokens = 1;
    return tokens < room ? tokens : room;
}

static int64_t choose_scenario(const Spec *spec, int64_t key) {
    double left = 0.0;
    for (int64_t n = 0; n < spec->scenario_count; n++) left += spec->scenarios[n].weight;
    Draws draws = make_draws(spec, key, FOR_SCENARIO);
    left = draw_share(&draws) * left;
    for (int64_t n = 0; n < spec->scenario_count; n++)
        if ((left -= spec->scenarios[n].weight) < 0.0) return n;
    return spec->scenario_count - 1;
}

static int compare_freezes(const void *one, const void *other) {
    int64_t a = ((const Freeze *)one)->begin_ns, b = ((const Freeze *)other)->begin_ns;
    return (a > b) - (a < b);
}

/* The stalls that concern a request, in the order of their beginnings; `freezes` has room for all. */
static int64_t list_freezes(const Spec *spec, int64_t zero_ns, int64_t key, int64_t read_ns, Freeze *freezes) {
    int64_t count = 0;
    for (int64_t n = 0; n < spec->stall_count; n++) {
        const Stall *stall = spec->stalls + n;
        if (stall->of == STALL_ACCEPT || (stall->of == STALL_STREAM && stall->request != key)) continue;
        int64_t begin_ns = (stall->of == STALL_ALL ? zero_ns : read_ns) + stall->at_ns;
        freezes[count++] = (Freeze){begin_ns, begin_ns + stall->duration_ns};
    }
    if (count > 1) qsort(freezes, (size_t)count, sizeof *freezes, compare_freezes);
    return count;
}

/* The moment `step_ns` after `at_ns` on a clock that stands still in every freeze. */
static int64_t advance(int64_t at_ns, int64_t step_ns, const Freeze *freezes, int64_t count) {
    for (int64_t n = 0; n < count; n++) {
        if (freezes[n].end_ns <= at_ns) continue;
        if (freezes[n].begin_ns > at_ns) {
            if (freezes[n].begin_ns - at_ns > step_ns) break;
            step_ns -= freezes[n].begin_ns - at_ns;
        }
        at_ns = freezes[n].end_ns;
    }
    return at_ns + step_ns;
}

#endif
