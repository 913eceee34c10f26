/* Function pointers of a dozen different signatures: objects with virtual tables, a state machine whose states
   return the next state, callbacks with a context, and tables of numeric functions. Stresses call_indirect and its
   signature checks. */
#include "bench.h"

typedef struct Shape Shape;

/* The "methods" of a shape, no two with the same type. */
typedef struct Methods {
    double (*area)(const Shape *);
    float (*fit)(const Shape *, float);
    void (*scale)(Shape *, double);
    int32_t (*corners)(const Shape *);
    uint64_t (*describe)(const Shape *, uint64_t, uint32_t);
    Shape *(*pick)(Shape *, Shape *);
} Methods;

struct Shape {
    const Methods *methods;
    double a, b;
    uint32_t touched;
};

enum { SHAPES = 12, INPUT = 64 };

static Shape shapes[SHAPES];
static uint8_t input[INPUT];

static double circle_area(const Shape *s) { return 3.141592653589793 * s->a * s->a; }
static double box_area(const Shape *s) { return s->a * s->b; }
static double triangle_area(const Shape *s) { return s->a * s->b * 0.5; }
static float circle_fit(const Shape *s, float width) { return width / (float)(2 * s->a); }
static float box_fit(const Shape *s, float width) { return width / (float)(s->a > s->b ? s->a : s->b); }
static void scale_both(Shape *s, double by) { s->a *= by, s->b *= by; }
static void scale_first(Shape *s, double by) { s->a *= by, s->b += 0.125; }
static int32_t no_corners(const Shape *s) { return -(int32_t)s->touched; }
static int32_t four_corners(const Shape *s) { return s->a == s->b ? 4 : 5; }
static int32_t three_corners(const Shape *s) { return s->a > s->b ? 3 : 2; }
static uint64_t describe_plain(const Shape *s, uint64_t sum, uint32_t tag) { return fold_f64(sum + tag, s->a); }
static uint64_t describe_full(const Shape *s, uint64_t sum, uint32_t tag) {
    return fold_f64(fold_f64(sum ^ tag, s->b), s->a);
}
static Shape *pick_larger(Shape *s, Shape *other) { return s->a >= other->a ? s : other; }
static Shape *pick_fresher(Shape *s, Shape *other) { return s->touched <= other->touched ? s : other; }

static const Methods circle = {circle_area, circle_fit, scale_first, no_corners, describe_plain, pick_larger};
static const Methods box = {box_area, box_fit, scale_both, four_corners, describe_full, pick_fresher};
static const Methods triangle = {triangle_area, box_fit, scale_first, three_corners, describe_full, pick_larger};

static uint64_t use_shapes(uint64_t sum, Rng *rng) {
    for (uint32_t i = 0; i < SHAPES; i++) {
        Shape *other = &shapes[rng_below(rng, SHAPES)], *s = shapes[i].methods->pick(&shapes[i], other);
        double area = s->methods->area(s);
        s->methods->scale(s, area > 50 ? 0.25 : 1.5);
        s->touched++;
        sum = fold_f32(sum, s->methods->fit(s, 10.0f));
        sum = fold(sum, (uint64_t)(int64_t)s->methods->corners(s));
        sum = s->methods->describe(s, sum, i);
    }
    return sum;
}

/* A scanner for words, numbers and spaces; a state is a function that names the next one. */
typedef struct Scanner Scanner;
typedef struct State {
    struct State (*step)(Scanner *, uint8_t);
} State;

struct Scanner {
    uint64_t sum;
    uint32_t number, length;
};

static State in_space(Scanner *s, uint8_t c);

static State in_number(Scanner *s, uint8_t c) {
    if (c >= '0' && c <= '9') {
        s->number = s->number * 10 + (c - (uint32_t)'0');
        return (State){in_number};
    }
    s->sum = fold(s->sum, s->number);
    s->number = 0;
    return in_space(s, c);
}

static State in_word(Scanner *s, uint8_t c) {
    if (c >= 'a') {
        s->length++;
        return (State){in_word};
    }
    s->sum = fold(s->sum, ~(uint64_t)s->length);
    s->length = 0;
    return in_space(s, c);
}

static State in_space(Scanner *s, uint8_t c) {
    if (c >= 'a') {
        s->length = 1;
        return (State){in_word};
    }
    if (c >= '0') {
        s->number = c - (uint32_t)'0';
        return (State){in_number};
    }
    return (State){in_space};
}

static uint64_t scan(uint64_t sum, Rng *rng) {
    Scanner scanner = {sum, 0, 0};
    State state = {in_space};
    for (uint32_t i = 0; i < INPUT; i++) input[i] = (uint8_t)("aaz019  "[rng_below(rng, 8)]);
    for (uint32_t i = 0; i < INPUT; i++) state = state.step(&scanner, input[i]);
    state.step(&scanner, ' ');
    return scanner.sum;
}

static uint32_t rotate(uint32_t x, uint32_t y) { return x << (y & 31) | x >> (-y & 31); }
static uint32_t blend(uint32_t x, uint32_t y) { return (x & 0xff00ff) + (y & ~0xff00ffu); }
static uint32_t spread(uint32_t x, uint32_t y) { return x * 0x9e3779b1u ^ y >> 7; }
static uint64_t widen(uint64_t x) { return (x ^ x >> 29) * 0xbf58476d1ce4e5b9u; }
static uint64_t turn(uint64_t x) { return x << 21 | x >> 43; }
static double halve(double x, double y) { return (x + y) / 2; }
static double distance(double x, double y) { return __builtin_fabs(x - y) + 1; }
static float soften(float x) { return x * 0.75f + 1; }
static float root(float x) { return __builtin_sqrtf(x); }
static int64_t mixed_first(int32_t a, double b, float c, int64_t d) { return d + a + (int64_t)(b * c); }
static int64_t mixed_second(int32_t a, double b, float c, int64_t d) { return (d ^ a) - (int64_t)(b - (double)c); }

static uint64_t use_tables(uint64_t sum, Rng *rng) {
    static uint32_t (*const binary[])(uint32_t, uint32_t) = {rotate, blend, spread};
    static uint64_t (*const unary[])(uint64_t) = {widen, turn};
    static double (*const real[])(double, double) = {halve, distance};
    static float (*const single[])(float) = {soften, root};
    static int64_t (*const mixed[])(int32_t, double, float, int64_t) = {mixed_first, mixed_second};
    uint32_t x = (uint32_t)sum;
    double d = 1;
    float f = 2;
    for (uint32_t i = 0; i < 24; i++) {
        uint64_t choice = rng_next(rng);
        x = binary[choice % 3](x, i);
        sum = unary[choice >> 8 & 1](sum ^ x);
        d = real[choice >> 9 & 1](d, (double)(x & 0xffff));
        f = single[choice >> 10 & 1](f);
        sum += (uint64_t)mixed[choice >> 11 & 1]((int32_t)x, d, f, (int64_t)(sum >> 16));
    }
    return fold_f32(fold_f64(sum, d), f);
}

typedef void Visitor(void *context, uint32_t index, uint8_t value);

static void for_each(Visitor *visit, void *context) {
    for (uint32_t i = 0; i < INPUT; i++) visit(context, i, input[i]);
}

static void count_byte(void *context, uint32_t index, uint8_t value) {
    uint32_t *counts = context;
    counts[value & 7] += index;
}

static void fold_byte(void *context, uint32_t index, uint8_t value) {
    uint64_t *sum = context;
    if (index % 3 == 0) *sum = fold(*sum, value);
}

int64_t run(int32_t n) {
    static const Methods *const kinds[] = {&circle, &box, &triangle};
    Rng rng = {0x76746162};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < SHAPES; i++) {
        double a = 1 + rng_unit(&rng), b = 1 + rng_unit(&rng);
        shapes[i] = (Shape){kinds[i % 3], a, b, 0};
    }
    for (int32_t round = 0; round < n; round++) {
        uint32_t counts[8] = {0};
        sum = use_shapes(sum, &rng);
        sum = scan(sum, &rng);
        sum = use_tables(sum, &rng);
        for_each(round & 1 ? count_byte : fold_byte, round & 1 ? (void *)counts : (void *)&sum);
        for (uint32_t i = 0; i < 8; i++) sum += counts[i];
    }
    return (int64_t)sum;
}
