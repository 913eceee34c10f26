/* Quicksort, merge sort, heapsort, shell sort and radix sort over the same records in several initial orders.
   Stresses data-dependent branches, calls through a comparison pointer, two-word struct copies, and plain
   recursion. */
#include "bench.h"

enum { COUNT = 96 };

typedef struct Record {
    uint32_t key, tag;
} Record;

typedef int Compare(const Record *, const Record *);
typedef void Sorter(Record *, uint32_t, Compare *);

static Record input[COUNT], work[COUNT], spare[COUNT];

static int by_key(const Record *a, const Record *b) {
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return (a->tag > b->tag) - (a->tag < b->tag);
}

static int by_signed_tag(const Record *a, const Record *b) {
    int32_t x = (int32_t)(a->tag * 0x9e3779b9u), y = (int32_t)(b->tag * 0x9e3779b9u);
    return (x > y) - (x < y);
}

static void swap(Record *a, Record *b) {
    Record old = *a;
    *a = *b;
    *b = old;
}

static void insertion_sort(Record *at, uint32_t count, Compare *compare) {
    for (uint32_t i = 1; i < count; i++) {
        Record moving = at[i];
        uint32_t j = i;
        for (; j > 0 && compare(&moving, &at[j - 1]) < 0; j--) at[j] = at[j - 1];
        at[j] = moving;
    }
}

static void quick_sort(Record *at, uint32_t count, Compare *compare) {
    while (count > 8) {
        uint32_t low = 0, high = count - 1;
        Record pivot = at[count / 2];
        for (;;) {
            while (compare(&at[low], &pivot) < 0) low++;
            while (compare(&pivot, &at[high]) < 0) high--;
            if (low >= high) break;
            swap(&at[low++], &at[high--]);
        }
        /* Recursing into the smaller part keeps the depth logarithmic. */
        uint32_t split = high + 1;
        if (split <= count - split) {
            quick_sort(at, split, compare);
            at += split, count -= split;
        } else {
            quick_sort(at + split, count - split, compare);
            count = split;
        }
    }
    insertion_sort(at, count, compare);
}

static void merge_sort(Record *at, uint32_t count, Compare *compare) {
    if (count < 2) return;
    uint32_t half = count / 2, i = 0, j = half, out = 0;
    merge_sort(at, half, compare);
    merge_sort(at + half, count - half, compare);
    while (i < half && j < count) spare[out++] = compare(&at[j], &at[i]) < 0 ? at[j++] : at[i++];
    while (i < half) spare[out++] = at[i++];
    __builtin_memcpy(at, spare, out * sizeof *at);
}

static void sift_down(Record *at, uint32_t root, uint32_t count, Compare *compare) {
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(&at[child], &at[child + 1]) < 0) child++;
        if (compare(&at[root], &at[child]) >= 0) return;
        swap(&at[root], &at[child]);
    }
}

static void heap_sort(Record *at, uint32_t count, Compare *compare) {
    for (uint32_t i = count / 2; i-- > 0;) sift_down(at, i, count, compare);
    for (uint32_t end = count; end-- > 1;) {
        swap(&at[0], &at[end]);
        sift_down(at, 0, end, compare);
    }
}

static void shell_sort(Record *at, uint32_t count, Compare *compare) {
    for (uint32_t gap = 121; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < count; i++) {
            Record moving = at[i];
            uint32_t j = i;
            for (; j >= gap && compare(&moving, &at[j - gap]) < 0; j -= gap) at[j] = at[j - gap];
            at[j] = moving;
        }
    }
}

static void radix_sort(Record *at, uint32_t count) {
    for (uint32_t shift = 0; shift < 32; shift += 4) {
        uint32_t start[17] = {0};
        for (uint32_t i = 0; i < count; i++) start[(at[i].key >> shift & 15) + 1]++;
        for (uint32_t i = 1; i < 16; i++) start[i] += start[i - 1];
        for (uint32_t i = 0; i < count; i++) spare[start[at[i].key >> shift & 15]++] = at[i];
        __builtin_memcpy(at, spare, count * sizeof *at);
    }
}

static void fill(Rng *rng, int32_t order) {
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t key = (uint32_t)rng_next(rng);
        switch (order & 3) {
        case 0: break;
        case 1: key %= 7; break;
        case 2: key = i * 0x01000193u; break;
        default: key = (COUNT - i) << 20 | (key & 0xff); break;
        }
        input[i] = (Record){key, i};
    }
}

static uint64_t fold_work(uint64_t sum) {
    for (uint32_t i = 0; i < COUNT; i++) sum = fold(sum, (uint64_t)work[i].key << 32 | work[i].tag);
    return sum;
}

int64_t run(int32_t n) {
    static Sorter *const sorters[] = {quick_sort, merge_sort, heap_sort, shell_sort};
    Rng rng = {0x736f7274};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        fill(&rng, round);
        for (uint32_t i = 0; i < 4; i++) {
            __builtin_memcpy(work, input, sizeof work);
            sorters[i](work, COUNT, (round + (int32_t)i) & 4 ? by_signed_tag : by_key);
            sum = fold_work(sum);
        }
        __builtin_memcpy(work, input, sizeof work);
        radix_sort(work, COUNT);
        sum = fold_work(sum);
    }
    return (int64_t)sum;
}
