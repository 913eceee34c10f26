/* Regular expressions compiled to a small program, matched by backtracking, by simulating all threads at once, and
   by a state machine built on demand; all three must agree. Stresses recursion, sparse sets, bit sets, and
   table-driven loops. */
#include "bench.h"

enum { CODE_MAX = 64, TEXT = 20, STATES_MAX = 24, LETTERS = 6, FUEL = 2000, DEPTH_MAX = 120 };

typedef enum Opcode { CHAR, ANY, CLASS, SPLIT, JUMP, MATCH } Opcode;

/* CHAR: x is the letter. CLASS: x is a set of letters. SPLIT: first x, then y. JUMP: to x. */
typedef struct Instruction {
    Opcode opcode;
    uint32_t x, y;
} Instruction;

typedef struct Compiler {
    const char *at;
    uint32_t size;
} Compiler;

static Instruction code[CODE_MAX];
static uint8_t text[TEXT];
static uint32_t fuel;

static uint64_t state_set[STATES_MAX];
static uint8_t next_state[STATES_MAX][LETTERS];
static uint32_t states;

static void emit(Compiler *c, Opcode opcode, uint32_t x, uint32_t y) {
    code[c->size++ % CODE_MAX] = (Instruction){opcode, x, y};
}

/* Moves everything from start on by one, to make room for a SPLIT that is known only afterwards. */
static void insert(Compiler *c, uint32_t start) {
    for (uint32_t i = c->size++; i > start; i--) {
        code[i] = code[i - 1];
        if (code[i].opcode == SPLIT || code[i].opcode == JUMP) {
            code[i].x += code[i].x >= start;
            code[i].y += code[i].y >= start;
        }
    }
}

static void compile_alternatives(Compiler *c);

static void compile_atom(Compiler *c) {
    char letter = *c->at++;
    uint32_t set = 0;
    switch (letter) {
    case '.': emit(c, ANY, 0, 0); break;
    case '(':
        compile_alternatives(c);
        c->at++;
        break;
    case '[':
        for (; *c->at != ']'; c->at++) set |= 1u << (*c->at - 'a');
        c->at++;
        emit(c, CLASS, set, 0);
        break;
    default: emit(c, CHAR, (uint32_t)(letter - 'a'), 0); break;
    }
}

static void compile_repeated(Compiler *c) {
    uint32_t start = c->size;
    compile_atom(c);
    switch (*c->at) {
    case '*':
        insert(c, start);
        emit(c, JUMP, start, 0);
        code[start] = (Instruction){SPLIT, start + 1, c->size};
        break;
    case '+': emit(c, SPLIT, start, c->size + 1); break;
    case '?':
        insert(c, start);
        code[start] = (Instruction){SPLIT, start + 1, c->size};
        break;
    default: return;
    }
    c->at++;
}

static void compile_alternatives(Compiler *c) {
    uint32_t start = c->size;
    while (*c->at != '\0' && *c->at != ')' && *c->at != '|') compile_repeated(c);
    if (*c->at != '|') return;
    c->at++;
    insert(c, start);
    uint32_t jump = c->size;
    emit(c, JUMP, 0, 0);
    code[start] = (Instruction){SPLIT, start + 1, c->size};
    compile_alternatives(c);
    code[jump].x = c->size;
}

static int accepts(const Instruction *i, uint8_t letter) {
    switch (i->opcode) {
    case CHAR: return i->x == letter;
    case ANY: return 1;
    case CLASS: return (int)(i->x >> letter & 1);
    default: return 0;
    }
}

/* 1 matched, 0 did not, -1 gave up. */
static int backtrack(uint32_t pc, uint32_t at, uint32_t depth) {
    for (;;) {
        const Instruction *i = &code[pc];
        if (fuel == 0 || depth > DEPTH_MAX) return -1;
        fuel--;
        if (i->opcode == MATCH) {
            if (at == TEXT) return 1;
            return 0;
        }
        if (i->opcode == JUMP) {
            pc = i->x;
        } else if (i->opcode == SPLIT) {
            int first = backtrack(i->x, at, depth + 1);
            if (first != 0) return first;
            pc = i->y;
        } else {
            if (at == TEXT || !accepts(i, text[at])) return 0;
            pc++, at++;
        }
    }
}

/* The set of instructions reachable from pc without reading a letter, as a bit set. */
static uint64_t follow(uint64_t set, uint32_t pc) {
    while ((set >> pc & 1) == 0) {
        set |= (uint64_t)1 << pc;
        if (code[pc].opcode == SPLIT) set = follow(set, code[pc].x), pc = code[pc].y;
        else if (code[pc].opcode == JUMP) pc = code[pc].x;
    }
    return set;
}

static uint64_t step(uint64_t set, uint8_t letter) {
    uint64_t after = 0;
    for (; set != 0; set &= set - 1) {
        uint32_t pc = (uint32_t)__builtin_ctzll(set);
        if (accepts(&code[pc], letter)) after = follow(after, pc + 1);
    }
    return after;
}

static uint64_t simulate(uint64_t set) {
    for (uint32_t at = 0; at < TEXT && set != 0; at++) set = step(set, text[at]);
    return set;
}

static uint32_t state_of(uint64_t set) {
    for (uint32_t i = 0; i < states; i++)
        if (state_set[i] == set) return i;
    if (states == STATES_MAX) return STATES_MAX;
    state_set[states] = set;
    __builtin_memset(next_state[states], 0xff, LETTERS);
    return states++;
}

/* Starts afresh when the table is full, as a cache does. */
static uint64_t automaton(uint64_t start) {
    uint32_t state = state_of(start);
    for (uint32_t at = 0; at < TEXT; at++) {
        uint32_t next = next_state[state][text[at]];
        if (next == 0xff) {
            uint64_t set = step(state_set[state], text[at]);
            next = state_of(set);
            if (next == STATES_MAX) states = 0, next = state_of(set);
            else next_state[state][text[at]] = (uint8_t)next;
        }
        state = next;
    }
    return state_set[state];
}

static uint64_t match_all(uint64_t sum, const char *pattern, Rng *rng) {
    Compiler compiler = {pattern, 0};
    compile_alternatives(&compiler);
    emit(&compiler, MATCH, 0, 0);
    states = 0;
    uint64_t start = follow(0, 0), last = (uint64_t)1 << (compiler.size - 1);
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t letters = 1 + rng_below(rng, LETTERS);
        for (uint32_t k = 0; k < TEXT; k++) text[k] = (uint8_t)rng_below(rng, letters);
        if (i % 2 == 0) text[TEXT - 1] = 1;
        uint64_t set = simulate(start);
        int matched = (set & last) != 0;
        fuel = FUEL;
        int slow = backtrack(0, 0, 0);
        sum = fold(sum, set);
        sum = fold(sum, automaton(start));
        sum = fold(sum, (uint64_t)fuel << 8 | (uint64_t)(slow + 1) << 4 | (slow >= 0 && slow != matched));
    }
    return sum + compiler.size;
}

int64_t run(int32_t n) {
    static const char *const patterns[] = {
        "a(b|c)*d+.*",  "(a|aa)*b",            "[abc]+[def]?.*f", "(ab?|ba?)*(cd|dc|.)*b",
        ".*a.*b.*",     "((a|b)(c|d)|e?f)+b?", "(a?b?c?d?.)*b",   ".*(a|b)..(c|d|a)b",
    };
    Rng rng = {0x7265};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) sum = match_all(sum, patterns[round & 7], &rng);
    return (int64_t)sum;
}
