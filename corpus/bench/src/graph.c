/* A random weighted graph: breadth-first search, Dijkstra with a binary heap, Kruskal with union-find,
   Floyd-Warshall, strongly connected components, and PageRank in f64. Stresses irregular array access, queues,
   nested loops, and deep recursion. */
#include "bench.h"

enum { VERTICES = 20, EDGES = 60, FAR = 1000000 };

typedef struct Edge {
    uint16_t from, to;
    uint32_t weight;
} Edge;

typedef struct HeapItem {
    uint32_t distance, vertex;
} HeapItem;

static Edge edges[EDGES];
static uint32_t start[VERTICES + 1];
static HeapItem heap[EDGES + VERTICES];
static uint32_t heap_size;
static uint32_t distance[VERTICES];
static int32_t matrix[VERTICES][VERTICES];
static double rank[VERTICES], next_rank[VERTICES];

static uint32_t stack[VERTICES], depth, visited, components;
static uint32_t index[VERTICES], low[VERTICES], component[VERTICES];

/* Counting sort by source, so the edges of a vertex are those from start[v] to start[v + 1]. */
static void build(Rng *rng) {
    static Edge drawn[EDGES];
    uint32_t place[VERTICES] = {0};
    __builtin_memset(start, 0, sizeof start);
    for (uint32_t i = 0; i < EDGES; i++) {
        uint64_t random = rng_next(rng);
        drawn[i].from = (uint16_t)(random % VERTICES);
        drawn[i].to = (uint16_t)((random >> 8) % VERTICES);
        drawn[i].weight = (uint32_t)(random >> 16) % 1000 + 1;
        start[drawn[i].from + 1]++;
    }
    for (uint32_t v = 0; v < VERTICES; v++) start[v + 1] += start[v], place[v] = start[v];
    for (uint32_t i = 0; i < EDGES; i++) edges[place[drawn[i].from]++] = drawn[i];
}

static void breadth_first(uint32_t source) {
    uint32_t head = 0, tail = 0;
    for (uint32_t v = 0; v < VERTICES; v++) distance[v] = FAR;
    distance[source] = 0;
    stack[tail++] = source;
    while (head < tail) {
        uint32_t v = stack[head++];
        for (uint32_t e = start[v]; e < start[v + 1]; e++) {
            uint32_t to = edges[e].to;
            if (distance[to] != FAR) continue;
            distance[to] = distance[v] + 1;
            stack[tail++] = to;
        }
    }
}

static void heap_push(uint32_t key, uint32_t vertex) {
    uint32_t at = heap_size++;
    for (; at > 0 && heap[(at - 1) / 2].distance > key; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = (HeapItem){key, vertex};
}

static HeapItem heap_pop(void) {
    HeapItem top = heap[0], last = heap[--heap_size];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < heap_size; at = child) {
        if (child + 1 < heap_size && heap[child + 1].distance < heap[child].distance) child++;
        if (heap[child].distance >= last.distance) break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

static void dijkstra(uint32_t source) {
    for (uint32_t v = 0; v < VERTICES; v++) distance[v] = FAR;
    distance[source] = 0;
    heap_size = 0;
    heap_push(0, source);
    while (heap_size > 0) {
        HeapItem item = heap_pop();
        if (item.distance > distance[item.vertex]) continue;
        for (uint32_t e = start[item.vertex]; e < start[item.vertex + 1]; e++) {
            uint32_t through = item.distance + edges[e].weight;
            if (through >= distance[edges[e].to]) continue;
            distance[edges[e].to] = through;
            heap_push(through, edges[e].to);
        }
    }
}

static void floyd_warshall(void) {
    for (uint32_t i = 0; i < VERTICES; i++)
        for (uint32_t j = 0; j < VERTICES; j++) matrix[i][j] = i == j ? 0 : FAR;
    for (uint32_t e = 0; e < EDGES; e++) {
        int32_t *cell = &matrix[edges[e].from][edges[e].to], weight = (int32_t)edges[e].weight;
        if (weight < *cell) *cell = weight;
    }
    for (uint32_t k = 0; k < VERTICES; k++) {
        for (uint32_t i = 0; i < VERTICES; i++) {
            for (uint32_t j = 0; j < VERTICES; j++) {
                int32_t through = matrix[i][k] + matrix[k][j];
                if (through < matrix[i][j]) matrix[i][j] = through;
            }
        }
    }
}

static uint32_t find(uint32_t *parent, uint32_t v) {
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
}

static uint32_t kruskal(void) {
    uint32_t parent[VERTICES], order[EDGES], weight = 0;
    for (uint32_t v = 0; v < VERTICES; v++) parent[v] = v;
    for (uint32_t e = 0; e < EDGES; e++) {
        uint32_t at = e;
        for (; at > 0 && edges[order[at - 1]].weight > edges[e].weight; at--) order[at] = order[at - 1];
        order[at] = e;
    }
    for (uint32_t e = 0; e < EDGES; e++) {
        uint32_t a = find(parent, edges[order[e]].from), b = find(parent, edges[order[e]].to);
        if (a == b) continue;
        parent[a] = b;
        weight += edges[order[e]].weight;
    }
    return weight;
}

/* Tarjan */
static void connect(uint32_t v) {
    index[v] = low[v] = ++visited;
    stack[depth++] = v;
    for (uint32_t e = start[v]; e < start[v + 1]; e++) {
        uint32_t to = edges[e].to;
        if (index[to] == 0) {
            connect(to);
            if (low[to] < low[v]) low[v] = low[to];
        } else if (component[to] == 0 && index[to] < low[v]) {
            low[v] = index[to];
        }
    }
    if (low[v] != index[v]) return;
    components++;
    do component[stack[--depth]] = components;
    while (stack[depth] != v);
}

static void strongly_connected(void) {
    depth = visited = components = 0;
    __builtin_memset(index, 0, sizeof index);
    __builtin_memset(component, 0, sizeof component);
    for (uint32_t v = 0; v < VERTICES; v++)
        if (index[v] == 0) connect(v);
}

static void page_rank(void) {
    for (uint32_t v = 0; v < VERTICES; v++) rank[v] = 1.0 / VERTICES;
    for (uint32_t pass = 0; pass < 8; pass++) {
        for (uint32_t v = 0; v < VERTICES; v++) next_rank[v] = 0.15 / VERTICES;
        for (uint32_t v = 0; v < VERTICES; v++) {
            double share = 0.85 * rank[v] / (start[v + 1] - start[v] + 1);
            next_rank[v] += share;
            for (uint32_t e = start[v]; e < start[v + 1]; e++) next_rank[edges[e].to] += share;
        }
        __builtin_memcpy(rank, next_rank, sizeof rank);
    }
}

int64_t run(int32_t n) {
    Rng rng = {0x6772617068};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        uint32_t source = (uint32_t)round % VERTICES;
        build(&rng);
        breadth_first(source);
        for (uint32_t v = 0; v < VERTICES; v++) sum = fold(sum, distance[v]);
        dijkstra(source);
        floyd_warshall();
        for (uint32_t v = 0; v < VERTICES; v++) {
            sum = fold(sum, distance[v]);
            sum = fold(sum, (uint32_t)matrix[source][v]);
        }
        sum = fold(sum, kruskal());
        strongly_connected();
        page_rank();
        for (uint32_t v = 0; v < VERTICES; v++) sum = fold_f64(fold(sum, component[v]), rank[v]);
    }
    return (int64_t)sum;
}
