/* Linked structures in an arena: a treap with insertion, removal and rank, a chained hash map, a trie, and a
   merge-sorted list. Stresses pointer chasing, pointers to pointers, null checks, and recursion over unbalanced
   data. */
#include "bench.h"

enum { NODES = 256, BUCKETS = 32, CELLS = 600, ENTRIES = 128 };

typedef struct Node {
    struct Node *left, *right;
    uint32_t key, priority, size;
} Node;

typedef struct Entry {
    struct Entry *next;
    uint32_t key;
    uint64_t value;
} Entry;

typedef struct Cell {
    struct Cell *child[4];
    uint32_t count;
} Cell;

static Node nodes[NODES], *free_nodes;
static Entry entries[ENTRIES], *bucket[BUCKETS];
static Cell cells[CELLS];
static uint32_t cell_count;

static uint32_t size_of(const Node *node) {
    return node != NULL ? node->size : 0;
}

static void resize(Node *node) {
    node->size = size_of(node->left) + size_of(node->right) + 1;
}

static void split(Node *node, uint32_t key, Node **below, Node **from) {
    if (node == NULL) {
        *below = *from = NULL;
        return;
    }
    if (node->key < key) {
        split(node->right, key, &node->right, from);
        *below = node;
    } else {
        split(node->left, key, below, &node->left);
        *from = node;
    }
    resize(node);
}

static Node *join(Node *left, Node *right) {
    if (left == NULL) return right;
    if (right == NULL) return left;
    if (left->priority > right->priority) {
        left->right = join(left->right, right);
        resize(left);
        return left;
    }
    right->left = join(left, right->left);
    resize(right);
    return right;
}

static void insert(Node **root, uint32_t key, uint32_t priority) {
    Node *below, *from, *node = free_nodes;
    if (node == NULL) return;
    free_nodes = node->left;
    *node = (Node){NULL, NULL, key, priority, 1};
    split(*root, key, &below, &from);
    *root = join(join(below, node), from);
}

static uint32_t remove_key(Node **root, uint32_t key) {
    Node *below, *same, *above;
    split(*root, key, &below, &same);
    split(same, key + 1, &same, &above);
    uint32_t removed = size_of(same);
    while (same != NULL) {
        Node *node = same;
        same = join(node->left, node->right);
        node->left = free_nodes, free_nodes = node;
    }
    *root = join(below, above);
    return removed;
}

static uint64_t walk(const Node *node, uint64_t sum, uint32_t depth) {
    if (node == NULL) return sum;
    sum = walk(node->left, sum, depth + 1);
    sum = fold(sum, (uint64_t)node->key << 32 | node->size << 8 | depth);
    return walk(node->right, sum, depth + 1);
}

static const Node *at_rank(const Node *node, uint32_t rank) {
    while (node != NULL && size_of(node->left) != rank) {
        uint32_t left = size_of(node->left);
        if (rank < left) node = node->left;
        else rank -= left + 1, node = node->right;
    }
    return node;
}

static uint64_t use_treap(uint64_t sum, Rng *rng) {
    Node *root = NULL;
    free_nodes = NULL;
    for (uint32_t i = 0; i < NODES; i++) nodes[i].left = free_nodes, free_nodes = &nodes[i];
    for (uint32_t i = 0; i < 160; i++) {
        uint64_t random = rng_next(rng);
        uint32_t key = (uint32_t)random % 128;
        if (random >> 40 & 3) insert(&root, key, (uint32_t)(random >> 8));
        else sum += remove_key(&root, key);
        const Node *middle = at_rank(root, size_of(root) / 2);
        if (middle != NULL) sum += middle->key;
    }
    return walk(root, sum, 0);
}

static Entry **find(uint32_t key) {
    Entry **link = &bucket[key * 0x9e3779b1u >> 27];
    while (*link != NULL && (*link)->key != key) link = &(*link)->next;
    return link;
}

static uint64_t use_map(uint64_t sum, Rng *rng) {
    uint32_t used = 0;
    __builtin_memset(bucket, 0, sizeof bucket);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t key = rng_below(rng, 96);
        Entry **link = find(key), *entry = *link;
        if (entry == NULL && used < ENTRIES) {
            entry = &entries[used++];
            *entry = (Entry){NULL, key, sum};
            *link = entry;
        } else if (entry != NULL && key % 5 == 0) {
            sum = fold(sum, entry->value);
            *link = entry->next;
        } else if (entry != NULL) {
            entry->value += i;
            sum ^= entry->value;
        }
    }
    for (uint32_t i = 0; i < BUCKETS; i++)
        for (const Entry *e = bucket[i]; e != NULL; e = e->next) sum = fold(sum, e->value + e->key);
    return sum;
}

static uint64_t use_trie(uint64_t sum, Rng *rng) {
    __builtin_memset(cells, 0, sizeof cells);
    cell_count = 1;
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t word = (uint32_t)rng_next(rng) & 0xffff & ~(0xffu << (i & 7));
        Cell *cell = &cells[0];
        for (uint32_t k = 0; k < 8; k++, word >>= 2) {
            Cell **child = &cell->child[word & 3];
            if (*child == NULL && cell_count < CELLS) *child = &cells[cell_count++];
            if (*child == NULL) break;
            cell = *child;
            cell->count++;
        }
        sum = fold(sum, (uint64_t)cell->count << 32 | cell_count);
    }
    return sum;
}

static Entry *merge(Entry *a, Entry *b) {
    Entry *first, **link = &first;
    while (a != NULL && b != NULL) {
        Entry **lower = a->value <= b->value ? &a : &b;
        *link = *lower;
        link = &(*lower)->next;
        *lower = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

static Entry *list_sort(Entry *list) {
    if (list == NULL || list->next == NULL) return list;
    Entry *slow = list, *fast = list->next;
    while (fast != NULL && fast->next != NULL) slow = slow->next, fast = fast->next->next;
    Entry *second = slow->next;
    slow->next = NULL;
    list = list_sort(list);
    return merge(list, list_sort(second));
}

static uint64_t use_list(uint64_t sum, Rng *rng) {
    for (uint32_t i = 0; i < ENTRIES; i++) {
        Entry *next = i + 1 < ENTRIES ? &entries[i + 1] : NULL;
        entries[i] = (Entry){next, i, rng_next(rng) >> 57};
    }
    const Entry *entry = list_sort(entries);
    for (; entry != NULL; entry = entry->next) sum = fold(sum, entry->value << 32 | entry->key);
    return sum;
}

int64_t run(int32_t n) {
    Rng rng = {0x74726565};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        sum = use_treap(sum, &rng);
        sum = use_map(sum, &rng);
        sum = use_trie(sum, &rng);
        sum = use_list(sum, &rng);
    }
    return (int64_t)sum;
}
