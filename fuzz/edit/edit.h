/* Edit: a module that can be changed.
 *
 * Made from the bytes of a valid module; code is a list of decoded instructions, and the plan is always explicit.  A
 * copy (edit_copy) shares what is not changed: sequences of instructions, lists of types and names are never written to
 * once they are in an Edit, only replaced.  Nothing here keeps a module valid: who edits has its bytes validated. All
 * memory belongs to the arena; the bytes and the arena that an Edit was made from must outlive its copies. */
#pragma once
#include "oracles/plan.h"
#include "wasm/buffer.h"
#include "wasm/reader.h"

typedef struct EditInstr {
    Instr in;
    const uint32_t *label; /* IMM_LABELS: labels.count + 1 of them, the default last */
    const ValType *type;   /* IMM_TYPES: types.count of them */
} EditInstr;

typedef struct EditSeq {
    const EditInstr *at;
    uint32_t n;
} EditSeq;

typedef struct EditBody {
    const ValType *local; /* those declared; parameters are in the function's type */
    uint32_t nlocal;
    EditSeq code; /* the final `end` included */
} EditBody;

typedef struct EditElem {
    EditSeq offset;
    const EditSeq *item; /* when ElemSegment.exprs is set; its `funcs` else */
} EditElem;

typedef struct EditData {
    EditSeq offset;
    const uint8_t *bytes;
    uint32_t n;
} EditData;

typedef struct Edit {
    Arena *arena;
    Module m;        /* everything but code, constant expressions, contents of data segments, custom sections */
    EditBody *body;  /* m.bodies.n, one a defined function */
    EditSeq *global; /* m.globals.n: initial values; of imported ones empty */
    EditSeq *table;  /* m.tables.n: those with has_init */
    EditElem *elem;  /* m.elems.n */
    EditData *data;  /* m.datas.n */
    Plan plan;
} Edit;

/* From a decoded and validated module, which is not to be used afterwards: its vectors are the Edit's now. Custom
 * sections are left behind. */
void edit_open(Edit *e, Arena *a, const Module *m, const Plan *plan);
void edit_copy(Edit *to, Arena *a, const Edit *from);
/* The module as bytes in the arena, its plan in the custom section parallax.case. */
uint8_t *edit_encode(Edit *e, uint32_t *size);
/* Instructions of all bodies together. */
uint64_t edit_instructions(const Edit *e);

static inline const FuncType *edit_func_type(const Edit *e, uint32_t func) {
    return &e->m.types.at[e->m.funcs.at[func].type].func;
}
static inline uint32_t edit_func_of(const Edit *e, uint32_t body) { return e->m.nimported[EXT_FUNC] + body; }
ValType edit_local_type(const Edit *e, uint32_t body, uint32_t local);
/* Index of a function type; added when there is none like it. */
uint32_t edit_type(Edit *e, const ValType *param, uint32_t nparam, const ValType *result, uint32_t nresult);
/* Add a function behind all others, an export, a local of the body; the new index. */
uint32_t edit_add_func(Edit *e, uint32_t type, EditBody body);
uint32_t edit_add_local(Edit *e, uint32_t body, ValType t);
/* A global, memory or active data segment (at a constant offset) behind all others; the new index. */
uint32_t edit_add_global(Edit *e, GlobalType type, EditInstr init);
uint32_t edit_add_memory(Edit *e, Limits limits);
uint32_t edit_add_data(Edit *e, uint32_t memory, uint32_t offset, const uint8_t *bytes, uint32_t n);
/* Vectors and arrays with one item of the entity less.  References are not looked at. */
void edit_remove_export(Edit *e, uint32_t i);
void edit_remove_steps(Edit *e, uint32_t from, uint32_t n);

/* -- Sequences ------------------------------------------------------------------------- */

/* `s` with [from, to) replaced. */
EditSeq edit_splice(Arena *a, EditSeq s, uint32_t from, uint32_t to, const EditInstr *by, uint32_t n);
EditInstr *edit_seq_copy(Arena *a, EditSeq s); /* to be changed, then put in place */
/* An instruction with no immediate, or one index. */
EditInstr edit_op(Op op, uint32_t index);
/* A load or store of one value, of no alignment. */
EditInstr edit_access(Op op, uint32_t memory, uint32_t offset);
EditInstr edit_i32(uint32_t v);
/* A constant of the type: its bits, or null.  False: the type has none. */
bool edit_const(ValType t, Value v, EditInstr *out);
bool edit_is_const(const EditInstr *i, Value *v); /* v: its bits; 0 for null */
/* The type of block without parameters and with at most one result. */
EditInstr edit_block(Op op, ValType result /* VT_BOTTOM: none */);
FuncType edit_block_type(const Edit *e, const EditInstr *i, ValType *single);

EditSeq edit_read_seq(Arena *a, const Module *m, uint32_t at, uint32_t end);
void edit_put_seq(Buffer *b, EditSeq s);

/* -- References ------------------------------------------------------------------------- */

typedef enum RefKind {
    REF_TYPE,
    REF_FUNC,
    REF_TABLE,
    REF_MEMORY,
    REF_GLOBAL,
    REF_ELEM,
    REF_DATA,
    REF_LOCAL,
    REF_KINDS
} RefKind;
typedef void EditRef(void *user, RefKind k, uint32_t *index);
/* Tell `ref` of each index in an instruction; what it writes stands afterwards. */
void edit_instr_refs(Arena *a, EditInstr *i, EditRef *ref, void *user);
/* The same for the whole module but locals. */
void edit_refs(Edit *e, EditRef *ref, void *user);

/* Remove what nothing refers to, of these kinds (bit set of RefKind), and number the rest anew.  Roots are exports, the
 * start function, active segments and all that is not of these kinds.  False: everything is in use. */
bool edit_collect(Edit *e, uint32_t kinds);
/* Set what follows from the order of entities: Func.body, `import` of all, groups of types. */
void edit_number(Edit *e);
