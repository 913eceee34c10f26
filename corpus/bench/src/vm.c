/* A register machine with 16 registers and 40 opcodes, running four small programs. Stresses one big switch
   (br_table) in a loop, narrow loads of instruction fields, and 32-bit integer instructions behind unpredictable
   dispatch. */
#include "bench.h"

typedef enum Opcode {
    HALT, OUT, LDI, MOV, ADDI, ADD, SUB, MUL, DIV, REM, DIVU, REMU, AND, OR, XOR, SHL, SHR, SAR, ROTL, NEG,
    NOT, CLZ, CTZ, POPCNT, SEXT8, SEXT16, MIN, MAX, EQ, LT, LTU, LE, SELECT, JMP, JZ, JNZ, LD8, LD8S, ST8,
    LD16S, ST16, LD32, ST32, CALL, RET, PUSH, POP,
} Opcode;

/* a is the destination register or the one tested; jumps and calls name the target instruction in b. */
typedef struct Instruction {
    uint8_t opcode, a, b, c;
} Instruction;

enum { REGISTERS = 16, MEMORY = 1024, STACK = 256 };

typedef struct Machine {
    uint32_t reg[REGISTERS];
    uint32_t stack[STACK];
    uint8_t memory[MEMORY + 4]; /* the last aligned word may be reached one to three bytes late */
    uint64_t out;
    uint32_t steps;
} Machine;

static const Instruction sieve[] = {
    /*  0 */ {LDI, 2, 2, 0},   {LDI, 7, 0, 0},  {LDI, 6, 1, 0},
    /*  3 */ {LT, 3, 2, 1},    {JZ, 3, 16, 0},  {LD8, 4, 2, 0},  {JNZ, 4, 14, 0},
    /*  7 */ {ADDI, 7, 7, 1},  {ADD, 5, 2, 2},
    /*  9 */ {LT, 3, 5, 1},    {JZ, 3, 14, 0},  {ST8, 6, 5, 0},  {ADD, 5, 5, 2}, {JMP, 0, 9, 0},
    /* 14 */ {ADDI, 2, 2, 1},  {JMP, 0, 3, 0},
    /* 16 */ {OUT, 7, 0, 0},   {HALT, 0, 0, 0},
};

static const Instruction fibonacci[] = {
    /*  0 */ {CALL, 0, 3, 0},  {OUT, 0, 0, 0},    {HALT, 0, 0, 0},
    /*  3 */ {LDI, 2, 2, 0},   {LT, 3, 1, 2},     {JZ, 3, 8, 0},    {MOV, 0, 1, 0},  {RET, 0, 0, 0},
    /*  8 */ {PUSH, 1, 0, 0},  {ADDI, 1, 1, 255}, {CALL, 0, 3, 0},  {POP, 1, 0, 0},  {PUSH, 0, 0, 0},
    /* 13 */ {ADDI, 1, 1, 254}, {CALL, 0, 3, 0},  {POP, 2, 0, 0},   {ADD, 0, 0, 2},  {RET, 0, 0, 0},
};

static const Instruction mixer[] = {
    /*  0 */ {LDI, 2, 0, 0},     {LDI, 9, 40, 0},
    /*  2 */ {MUL, 3, 1, 1},     {XOR, 3, 3, 2},     {ROTL, 4, 3, 2},    {ADDI, 5, 2, 3},    {DIV, 6, 3, 5},
    /*  7 */ {REM, 7, 4, 5},     {DIVU, 8, 4, 5},    {REMU, 10, 3, 5},   {SAR, 8, 8, 2},     {SHR, 10, 4, 10},
    /* 12 */ {SHL, 11, 6, 7},    {AND, 12, 8, 10},   {OR, 12, 12, 11},   {NOT, 12, 12, 0},   {CLZ, 13, 7, 0},
    /* 17 */ {POPCNT, 14, 12, 0}, {SUB, 1, 12, 14},  {CTZ, 15, 1, 0},    {ADD, 1, 1, 13},    {NEG, 1, 1, 0},
    /* 22 */ {SEXT8, 13, 1, 0},  {SEXT16, 14, 1, 0}, {MIN, 13, 13, 14},  {MAX, 14, 13, 2},   {EQ, 3, 13, 14},
    /* 27 */ {SELECT, 3, 14, 1}, {ADD, 1, 3, 15},    {ST32, 1, 2, 0},    {LD16S, 3, 2, 1},   {ST16, 3, 2, 2},
    /* 32 */ {LD8S, 4, 2, 3},    {LD32, 5, 2, 1},    {LTU, 6, 4, 5},     {LE, 7, 3, 4},      {ADD, 1, 1, 6},
    /* 37 */ {SUB, 1, 1, 7},     {ADDI, 2, 2, 1},    {LT, 3, 2, 9},      {JNZ, 3, 2, 0},     {OUT, 1, 0, 0},
    /* 42 */ {HALT, 0, 0, 0},
};

/* Fills memory from a generator, bubble-sorts the bytes as signed, then hashes them. */
static const Instruction bubble[] = {
    /*  0 */ {LDI, 2, 0, 0},     {LDI, 9, 24, 0},   {LDI, 8, 0x6d, 0x4e},
    /*  3 */ {MUL, 1, 1, 8},     {ADDI, 1, 1, 57},  {LDI, 3, 16, 0},    {SHR, 4, 1, 3},    {ST8, 4, 2, 0},
    /*  8 */ {ADDI, 2, 2, 1},    {LT, 3, 2, 9},     {JNZ, 3, 3, 0},     {ADDI, 9, 9, 255},
    /* 12 */ {LDI, 2, 0, 0},     {LDI, 7, 0, 0},
    /* 14 */ {LD8S, 4, 2, 0},    {LD8S, 5, 2, 1},   {LE, 3, 4, 5},      {JNZ, 3, 21, 0},   {ST8, 5, 2, 0},
    /* 19 */ {ST8, 4, 2, 1},     {LDI, 7, 1, 0},
    /* 21 */ {ADDI, 2, 2, 1},    {LT, 3, 2, 9},     {JNZ, 3, 14, 0},    {JNZ, 7, 12, 0},
    /* 25 */ {LDI, 2, 0, 0},
    /* 26 */ {LD32, 4, 2, 0},    {XOR, 1, 1, 4},    {MUL, 1, 1, 8},     {ADDI, 2, 2, 4},   {LT, 3, 2, 9},
    /* 31 */ {JNZ, 3, 26, 0},    {OUT, 1, 0, 0},    {HALT, 0, 0, 0},
};

static uint8_t *address(Machine *m, const Instruction *i) {
    return &m->memory[(m->reg[i->b] + i->c) % MEMORY];
}

static uint32_t divide(uint32_t a, uint32_t b) {
    if (b == 0) return 0;
    if (b == UINT32_MAX) return -a; /* also where the quotient would overflow */
    return (uint32_t)((int32_t)a / (int32_t)b);
}

static uint32_t extend8(uint32_t x) {
    int8_t narrow = (int8_t)x;
    return (uint32_t)narrow;
}

static uint32_t execute(Machine *m, const Instruction *code) {
    uint32_t *r = m->reg, sp = 0;
    int16_t half;
    for (uint32_t pc = 0;; m->steps++) {
        const Instruction *i = &code[pc++];
        uint32_t x = r[i->b % REGISTERS], y = r[i->c % REGISTERS], *d = &r[i->a % REGISTERS];
        switch ((Opcode)i->opcode) {
        case HALT: return pc;
        case OUT: m->out = fold(m->out, *d); break;
        case LDI: *d = (uint32_t)i->b | (uint32_t)i->c << 8; break;
        case MOV: *d = x; break;
        case ADDI: *d = x + extend8(i->c); break;
        case ADD: *d = x + y; break;
        case SUB: *d = x - y; break;
        case MUL: *d = x * y; break;
        case DIV: *d = divide(x, y); break;
        case REM: *d = x - divide(x, y) * y; break;
        case DIVU: *d = y != 0 ? x / y : 0; break;
        case REMU: *d = y != 0 ? x % y : x; break;
        case AND: *d = x & y; break;
        case OR: *d = x | y; break;
        case XOR: *d = x ^ y; break;
        case SHL: *d = x << (y & 31); break;
        case SHR: *d = x >> (y & 31); break;
        case SAR: *d = (uint32_t)((int32_t)x >> (y & 31)); break;
        case ROTL: *d = x << (y & 31) | x >> (-y & 31); break;
        case NEG: *d = -x; break;
        case NOT: *d = ~x; break;
        case CLZ: *d = x != 0 ? (uint32_t)__builtin_clz(x) : 32; break;
        case CTZ: *d = x != 0 ? (uint32_t)__builtin_ctz(x) : 32; break;
        case POPCNT: *d = (uint32_t)__builtin_popcount(x); break;
        case SEXT8: *d = extend8(x); break;
        case SEXT16: *d = (uint32_t)(int16_t)x; break;
        case MIN: *d = (int32_t)x < (int32_t)y ? x : y; break;
        case MAX: *d = (int32_t)x > (int32_t)y ? x : y; break;
        case EQ: *d = x == y; break;
        case LT: *d = (int32_t)x < (int32_t)y; break;
        case LTU: *d = x < y; break;
        case LE: *d = (int32_t)x <= (int32_t)y; break;
        case SELECT: *d = *d != 0 ? x : y; break;
        case JMP: pc = i->b; break;
        case JZ: pc = *d == 0 ? i->b : pc; break;
        case JNZ: pc = *d != 0 ? i->b : pc; break;
        case LD8: *d = *address(m, i); break;
        case LD8S: *d = extend8(*address(m, i)); break;
        case ST8: *address(m, i) = (uint8_t)*d; break;
        case LD16S:
            __builtin_memcpy(&half, address(m, i), sizeof half);
            *d = (uint32_t)half;
            break;
        case ST16: __builtin_memcpy(address(m, i), d, 2); break;
        case LD32: __builtin_memcpy(d, address(m, i), 4); break;
        case ST32: __builtin_memcpy(address(m, i), d, 4); break;
        case CALL:
            m->stack[sp++ % STACK] = pc;
            pc = i->b;
            break;
        case RET: pc = m->stack[--sp % STACK]; break;
        case PUSH: m->stack[sp++ % STACK] = *d; break;
        case POP: *d = m->stack[--sp % STACK]; break;
        }
    }
}

int64_t run(int32_t n) {
    static const Instruction *const program[] = {sieve, fibonacci, mixer, bubble};
    static const uint32_t argument[] = {100, 6, 0x1234567, 0xbadcafe};
    static Machine machine;
    machine.out = 0;
    for (int32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            machine.steps = 0;
            __builtin_memset(machine.memory, 0, sizeof machine.memory);
            for (uint32_t k = 0; k < REGISTERS; k++) machine.reg[k] = k * 0x9e3779b9u;
            machine.reg[1] = argument[i] + (i >= 2 ? (uint32_t)round * 0x85ebca6bu : (uint32_t)round % 5);
            uint32_t end = execute(&machine, program[i]);
            machine.out = fold(machine.out, (uint64_t)machine.steps << 32 | end);
            for (uint32_t k = 0; k < REGISTERS; k++) machine.out = fold(machine.out, machine.reg[k]);
        }
    }
    return (int64_t)machine.out;
}
