/* Random arithmetic expressions are printed with only the parentheses they need, parsed by precedence climbing,
   evaluated as a tree, and compiled to a stack machine that must agree. Stresses recursion, small switches, and
   wrapping 64-bit arithmetic. */
#include "bench.h"

enum { TEXT_MAX = 2048, NODE_MAX = 256, CODE_MAX = 256, VARIABLES = 6, DEPTH_MAX = 5 };

/* LITERAL and VARIABLE have no operand, NEGATE and INVERT one, the rest two; the order is that of the tables below. */
typedef enum Operator {
    LITERAL, VARIABLE, NEGATE, INVERT, ADD, SUB, MUL, DIV, REM, AND, OR, XOR, SHL, SHR, LESS, EQUAL, OPERATORS
} Operator;

typedef struct Node {
    Operator op;
    uint64_t value; /* of a literal; index of a variable */
    struct Node *left, *right;
} Node;

typedef struct Reader {
    const char *at;
    uint32_t nodes;
} Reader;

typedef struct Code {
    uint8_t op[CODE_MAX];
    uint64_t value[CODE_MAX];
    uint32_t size;
} Code;

static const char spelling[OPERATORS] = {0, 0, '-', '~', '+', '-', '*', '/', '%', '&', '|', '^', '{', '}', '<', '='};
static const uint8_t precedence[OPERATORS] = {9, 9, 8, 8, 6, 6, 7, 7, 7, 3, 1, 2, 5, 5, 4, 4};

static char text[TEXT_MAX];
static Node pool[NODE_MAX];
static Code code;
static uint64_t variable[VARIABLES];

static char *put_decimal(char *out, uint64_t value) {
    char digit[20];
    uint32_t count = 0;
    do digit[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (count > 0) *out++ = digit[--count];
    return out;
}

static char *generate(char *out, Rng *rng, uint32_t depth, uint8_t outer) {
    Operator op = depth >= DEPTH_MAX ? (Operator)rng_below(rng, 2) : (Operator)(rng_below(rng, OPERATORS - 1) + 1);
    uint8_t inner = precedence[op];
    int parenthesized = inner < outer;
    if (parenthesized) *out++ = '(';
    if (op == LITERAL) {
        uint64_t value = rng_next(rng);
        out = put_decimal(out, value >> (value & 63));
    } else if (op == VARIABLE) {
        *out++ = (char)('a' + rng_below(rng, VARIABLES));
    } else if (op <= INVERT) {
        *out++ = spelling[op];
        out = generate(out, rng, depth + 1, inner);
    } else {
        out = generate(out, rng, depth + 1, inner);
        *out++ = spelling[op];
        out = generate(out, rng, depth + 1, (uint8_t)(inner + 1));
    }
    if (parenthesized) *out++ = ')';
    return out;
}

static Node *node_new(Reader *r, Operator op, uint64_t value, Node *left, Node *right) {
    Node *node = &pool[r->nodes++ % NODE_MAX];
    *node = (Node){op, value, left, right};
    return node;
}

static Node *parse(Reader *r, uint8_t least);

static Node *parse_operand(Reader *r) {
    char c = *r->at++;
    if (c == '(') {
        Node *inside = parse(r, 1);
        r->at++;
        return inside;
    }
    if (c == '-') return node_new(r, NEGATE, 0, parse(r, precedence[NEGATE]), NULL);
    if (c == '~') return node_new(r, INVERT, 0, parse(r, precedence[INVERT]), NULL);
    if (c >= 'a') return node_new(r, VARIABLE, (uint64_t)(c - 'a'), NULL, NULL);
    uint64_t value = (uint64_t)(c - '0');
    for (; *r->at >= '0' && *r->at <= '9'; r->at++) value = value * 10 + (uint64_t)(*r->at - '0');
    return node_new(r, LITERAL, value, NULL, NULL);
}

static Operator binary_at(const Reader *r) {
    for (int op = ADD; op < OPERATORS; op++)
        if (spelling[op] == *r->at) return (Operator)op;
    return LITERAL;
}

static Node *parse(Reader *r, uint8_t least) {
    Node *left = parse_operand(r);
    for (;;) {
        Operator op = binary_at(r);
        if (op == LITERAL || precedence[op] < least) return left;
        r->at++;
        left = node_new(r, op, 0, left, parse(r, (uint8_t)(precedence[op] + 1)));
    }
}

static uint64_t quotient(uint64_t x, uint64_t y) {
    return y == 0 ? 0 : y == UINT64_MAX ? 0 - x : (uint64_t)((int64_t)x / (int64_t)y);
}

static uint64_t apply(Operator op, uint64_t x, uint64_t y) {
    switch (op) {
    case NEGATE: return 0 - x;
    case INVERT: return ~x;
    case ADD: return x + y;
    case SUB: return x - y;
    case MUL: return x * y;
    case DIV: return quotient(x, y);
    case REM: return x - quotient(x, y) * y;
    case AND: return x & y;
    case OR: return x | y;
    case XOR: return x ^ y;
    case SHL: return x << (y & 63);
    case SHR: return (uint64_t)((int64_t)x >> (y & 63));
    case LESS: return (int64_t)x < (int64_t)y;
    case EQUAL: return x == y;
    default: return 0;
    }
}

static uint64_t evaluate(const Node *node) {
    if (node->op == LITERAL) return node->value;
    if (node->op == VARIABLE) return variable[node->value];
    uint64_t left = evaluate(node->left);
    return apply(node->op, left, node->right != NULL ? evaluate(node->right) : 0);
}

static void compile(const Node *node) {
    if (node->left != NULL) compile(node->left);
    if (node->right != NULL) compile(node->right);
    code.op[code.size % CODE_MAX] = (uint8_t)node->op;
    code.value[code.size++ % CODE_MAX] = node->value;
}

static uint64_t execute(void) {
    uint64_t stack[2 * DEPTH_MAX + 4], *top = stack;
    for (uint32_t pc = 0; pc < code.size; pc++) {
        Operator op = (Operator)code.op[pc];
        if (op == LITERAL) *top++ = code.value[pc];
        else if (op == VARIABLE) *top++ = variable[code.value[pc]];
        else if (op <= INVERT) top[-1] = apply(op, top[-1], 0);
        else top--, top[-1] = apply(op, top[-1], top[0]);
    }
    return top[-1];
}

int64_t run(int32_t n) {
    Rng rng = {0x65787072};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < VARIABLES; i++) variable[i] = rng_next(&rng) >> 8 * i;
    for (int32_t round = 0; round < n; round++) {
        char *end = generate(text, &rng, 0, 1);
        *end = '\0';
        Reader reader = {text, 0};
        const Node *tree = parse(&reader, 1);
        uint64_t value = evaluate(tree);
        code.size = 0;
        compile(tree);
        sum = fold(sum, value);
        sum = fold(sum, value - execute());
        sum = fold(sum, (uint64_t)(end - text) << 32 | (uint64_t)(end - reader.at) << 16 | reader.nodes);
        variable[(uint32_t)round % VARIABLES] ^= value;
    }
    return (int64_t)sum;
}
