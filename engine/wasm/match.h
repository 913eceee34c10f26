/* Matching of types (spec 3.3): subtyping among heap, reference and value types, and the
 * iso-recursive equality of defined types. */
#pragma once
#include "wasm/module.h"

/* Is `sub` a subtype of `super`, or the same?  VT_BOTTOM is a subtype of all.  Type indices in
 * the types must exist, and module_canonicalize must have run where types may be recursive. */
bool val_type_matches(const Module *m, ValType sub, ValType super);
bool heap_type_matches(const Module *m, uint32_t sub, uint32_t super);
bool func_type_matches(const Module *m, const FuncType *sub, const FuncType *super);
/* Does the structure of definition `sub` fit under that of `super` (spec 3.3.11)? */
bool type_def_matches(const Module *m, const TypeDef *sub, const TypeDef *super);

/* Set the `canon` of the types of the recursion group [first, first + n): those before have it, and
 * all indices in the group are below first + n. */
typedef struct Map Map;
void types_canonicalize_group(Module *m, Map *groups, uint32_t first, uint32_t n);
