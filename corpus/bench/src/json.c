/* Random JSON documents are written, parsed into a tree, evaluated, and written again, which must give the same
   text. Stresses byte-wise scanning, recursive descent, tagged unions, pointer chasing, and decimal to f64
   conversion. */
#include "bench.h"

enum { TEXT_MAX = 4096, NODE_MAX = 512, DEPTH_MAX = 5 };

typedef enum Kind { NOTHING, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT } Kind;

typedef struct Node {
    Kind kind;
    uint32_t size; /* bytes of a string, else entries */
    const char *name;
    uint32_t name_size;
    struct Node *next;
    union {
        int truth;
        double number;
        const char *string;
        struct Node *child;
    } as;
} Node;

typedef struct Writer {
    char *at, *end;
} Writer;

typedef struct Parser {
    const char *at, *end;
    uint32_t nodes;
    int failed;
} Parser;

static char first[TEXT_MAX], second[TEXT_MAX];
static Node pool[NODE_MAX];

static void put(Writer *w, char c) {
    if (w->at < w->end) *w->at++ = c;
}

static void put_text(Writer *w, const char *text) {
    while (*text != '\0') put(w, *text++);
}

static void put_string(Writer *w, const char *text, uint32_t size) {
    put(w, '"');
    for (uint32_t i = 0; i < size; i++) put(w, text[i]);
    put(w, '"');
}

/* Multiples of 1/1000 below 2^40 in size: exact enough to come back as the same digits. */
static void put_number(Writer *w, double value) {
    char digit[16];
    uint32_t count = 0;
    int64_t thousandths = (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
    uint64_t rest = thousandths < 0 ? 0 - (uint64_t)thousandths : (uint64_t)thousandths;
    if (thousandths < 0) put(w, '-');
    do {
        if (count == 3) digit[count++] = '.';
        digit[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0 || count < 5);
    while (count-- > 0) put(w, digit[count]);
}

static void generate(Writer *w, Rng *rng, uint32_t depth) {
    static const char *const words[] = {"alpha", "beta", "gamma ray", "", "\\u00e9t\\u00e9", "x\\\"y\\\\"};
    uint32_t kind = depth == 0 ? ARRAY + rng_below(rng, 2) : rng_below(rng, depth >= DEPTH_MAX ? ARRAY : OBJECT + 1);
    uint32_t count = rng_below(rng, 5) + (depth == 0);
    switch ((Kind)kind) {
    case NOTHING: put_text(w, "null"); break;
    case BOOLEAN: put_text(w, rng_next(rng) & 1 ? "true" : "false"); break;
    case NUMBER: put_number(w, (double)((int64_t)(rng_next(rng) >> 30) - ((int64_t)1 << 33)) / 1000); break;
    case STRING: put(w, '"'), put_text(w, words[rng_below(rng, 6)]), put(w, '"'); break;
    case ARRAY:
    case OBJECT:
        put(w, kind == ARRAY ? '[' : '{');
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0) put(w, ',');
            if (kind == OBJECT) put(w, '"'), put(w, (char)('a' + rng_below(rng, 26))), put(w, '"'), put(w, ':');
            generate(w, rng, depth + 1);
        }
        put(w, kind == ARRAY ? ']' : '}');
    }
}

static int accept(Parser *p, char c) {
    if (p->at >= p->end || *p->at != c) return 0;
    p->at++;
    return 1;
}

static void expect(Parser *p, const char *text) {
    for (; *text != '\0'; text++)
        if (!accept(p, *text)) p->failed = 1;
}

static const char *parse_string(Parser *p, uint32_t *size) {
    const char *start = p->at;
    while (p->at < p->end && *p->at != '"') p->at += *p->at == '\\' && p->end - p->at > 1 ? 2 : 1;
    *size = (uint32_t)(p->at - start);
    expect(p, "\"");
    return start;
}

static int digit_at(const Parser *p) {
    return p->at < p->end && *p->at >= '0' && *p->at <= '9';
}

static double parse_number(Parser *p) {
    int negative = accept(p, '-');
    double value = 0, scale = 1;
    for (; digit_at(p); p->at++) value = value * 10 + (*p->at - '0');
    if (accept(p, '.'))
        for (; digit_at(p); p->at++, scale *= 10) value = value * 10 + (*p->at - '0');
    return negative ? -(value / scale) : value / scale;
}

static Node *parse(Parser *p);

static void parse_entries(Parser *p, Node *node, char close) {
    Node **link = &node->as.child;
    *link = NULL;
    if (accept(p, close)) return;
    do {
        const char *name = NULL;
        uint32_t name_size = 0;
        if (node->kind == OBJECT) {
            expect(p, "\"");
            name = parse_string(p, &name_size);
            expect(p, ":");
        }
        Node *entry = parse(p);
        if (entry == NULL) return;
        entry->name = name, entry->name_size = name_size;
        *link = entry, link = &entry->next;
        node->size++;
    } while (accept(p, ',') && !p->failed);
    if (!accept(p, close)) p->failed = 1;
}

static Node *parse(Parser *p) {
    if (p->nodes == NODE_MAX || p->at >= p->end) {
        p->failed = 1;
        return NULL;
    }
    Node *node = &pool[p->nodes++];
    *node = (Node){.kind = NOTHING};
    switch (*p->at) {
    case 'n': expect(p, "null"); break;
    case 't': node->kind = BOOLEAN, node->as.truth = 1, expect(p, "true"); break;
    case 'f': node->kind = BOOLEAN, node->as.truth = 0, expect(p, "false"); break;
    case '"': node->kind = STRING, p->at++, node->as.string = parse_string(p, &node->size); break;
    case '[': node->kind = ARRAY, p->at++, parse_entries(p, node, ']'); break;
    case '{': node->kind = OBJECT, p->at++, parse_entries(p, node, '}'); break;
    default: node->kind = NUMBER, node->as.number = parse_number(p); break;
    }
    return node;
}

static uint64_t evaluate(const Node *node, uint64_t sum) {
    sum = fold(sum, (uint64_t)node->kind << 32 | node->size);
    sum = fold_bytes(sum, (const uint8_t *)node->name, node->name_size);
    switch (node->kind) {
    case NOTHING: return ~sum;
    case BOOLEAN: return fold(sum, (uint64_t)node->as.truth);
    case NUMBER: return fold_f64(sum, node->as.number);
    case STRING: return fold_bytes(sum, (const uint8_t *)node->as.string, node->size);
    case ARRAY:
    case OBJECT:
        for (const Node *entry = node->as.child; entry != NULL; entry = entry->next) sum = evaluate(entry, sum);
    }
    return sum;
}

static void print(Writer *w, const Node *node) {
    switch (node->kind) {
    case NOTHING: put_text(w, "null"); break;
    case BOOLEAN: put_text(w, node->as.truth ? "true" : "false"); break;
    case NUMBER: put_number(w, node->as.number); break;
    case STRING: put_string(w, node->as.string, node->size); break;
    case ARRAY:
    case OBJECT:
        put(w, node->kind == ARRAY ? '[' : '{');
        for (const Node *entry = node->as.child; entry != NULL; entry = entry->next) {
            if (node->kind == OBJECT) put_string(w, entry->name, entry->name_size), put(w, ':');
            print(w, entry);
            if (entry->next != NULL) put(w, ',');
        }
        put(w, node->kind == ARRAY ? ']' : '}');
    }
}

int64_t run(int32_t n) {
    Rng rng = {0x6a736f6e};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        Writer out = {first, first + TEXT_MAX}, again = {second, second + TEXT_MAX};
        generate(&out, &rng, 0);
        uint32_t size = (uint32_t)(out.at - first);
        Parser parser = {first, out.at, 0, 0};
        const Node *tree = parse(&parser);
        sum = fold(sum, (uint64_t)size << 32 | parser.nodes);
        if (parser.failed || tree == NULL) {
            sum = fold(sum, (uint64_t)(parser.at - first));
            continue;
        }
        sum = evaluate(tree, sum);
        print(&again, tree);
        sum = fold(sum, (uint64_t)(again.at - second));
        for (uint32_t i = 0; i < size; i++) sum += (uint64_t)(first[i] != second[i]);
    }
    return (int64_t)sum;
}
