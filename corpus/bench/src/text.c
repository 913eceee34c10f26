/* Substring search four ways (naive, Knuth-Morris-Pratt, Horspool, rolling hash), edit distance, longest common
   subsequence, and a suffix array. Stresses byte loads and compares, small tables, and two-row dynamic programming
   in 16-bit cells. */
#include "bench.h"

enum { TEXT = 128, PATTERN_MAX = 8, WORD_MAX = 24, NONE = TEXT };

static uint8_t text[TEXT];
static uint16_t suffix[TEXT];

static uint32_t find_naive(const uint8_t *pattern, uint32_t size, uint32_t from) {
    for (uint32_t at = from; at + size <= TEXT; at++) {
        uint32_t k = 0;
        while (k < size && text[at + k] == pattern[k]) k++;
        if (k == size) return at;
    }
    return NONE;
}

static uint32_t find_kmp(const uint8_t *pattern, uint32_t size, uint32_t from) {
    uint32_t fallback[PATTERN_MAX + 1] = {0};
    for (uint32_t i = 1, k = 0; i < size; i++) {
        while (k > 0 && pattern[i] != pattern[k]) k = fallback[k];
        if (pattern[i] == pattern[k]) k++;
        fallback[i + 1] = k;
    }
    for (uint32_t at = from, k = 0; at < TEXT; at++) {
        while (k > 0 && text[at] != pattern[k]) k = fallback[k];
        if (text[at] == pattern[k]) k++;
        if (k == size) return at + 1 - size;
    }
    return NONE;
}

static uint32_t find_horspool(const uint8_t *pattern, uint32_t size, uint32_t from) {
    uint8_t skip[256];
    __builtin_memset(skip, (int)size, sizeof skip);
    for (uint32_t i = 0; i + 1 < size; i++) skip[pattern[i]] = (uint8_t)(size - 1 - i);
    for (uint32_t at = from; at + size <= TEXT; at += skip[text[at + size - 1]]) {
        uint32_t k = size;
        while (k > 0 && text[at + k - 1] == pattern[k - 1]) k--;
        if (k == 0) return at;
    }
    return NONE;
}

static uint32_t find_rolling(const uint8_t *pattern, uint32_t size, uint32_t from) {
    const uint32_t base = 263, modulus = 65521;
    uint32_t wanted = 0, have = 0, drop = 1;
    if (from + size > TEXT) return NONE;
    for (uint32_t i = 0; i < size; i++) {
        wanted = (wanted * base + pattern[i]) % modulus;
        have = (have * base + text[from + i]) % modulus;
        if (i > 0) drop = drop * base % modulus;
    }
    for (uint32_t at = from;; at++) {
        uint32_t k = 0;
        while (wanted == have && k < size && text[at + k] == pattern[k]) k++;
        if (k == size) return at;
        if (at + size == TEXT) return NONE;
        uint64_t kept = have + modulus * 256 - text[at] * drop;
        have = (uint32_t)((kept * base + text[at + size]) % modulus);
    }
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t edit_distance(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size) {
    uint16_t row[WORD_MAX + 1];
    for (uint32_t j = 0; j <= b_size; j++) row[j] = (uint16_t)j;
    for (uint32_t i = 1; i <= a_size; i++) {
        uint32_t diagonal = row[0];
        row[0] = (uint16_t)i;
        for (uint32_t j = 1; j <= b_size; j++) {
            uint32_t above = row[j];
            row[j] = (uint16_t)smaller(diagonal + (a[i - 1] != b[j - 1]), smaller(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_size];
}

static uint32_t common_subsequence(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size) {
    uint16_t rows[2][WORD_MAX + 1] = {{0}};
    for (uint32_t i = 1; i <= a_size; i++) {
        const uint16_t *last = rows[~i & 1];
        uint16_t *row = rows[i & 1];
        for (uint32_t j = 1; j <= b_size; j++) {
            uint16_t longer = last[j] > row[j - 1] ? last[j] : row[j - 1];
            row[j] = a[i - 1] == b[j - 1] ? (uint16_t)(last[j - 1] + 1) : longer;
        }
    }
    return rows[a_size & 1][b_size];
}

static int suffix_less(uint32_t a, uint32_t b) {
    while (a < TEXT && b < TEXT) {
        if (text[a] != text[b]) return text[a] < text[b];
        a++, b++;
    }
    return a > b;
}

static void suffix_sort(void) {
    for (uint32_t gap = TEXT / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (uint32_t i = gap; i < TEXT; i++) {
            uint16_t moving = suffix[i];
            uint32_t j = i;
            for (; j >= gap && suffix_less(moving, suffix[j - gap]); j -= gap) suffix[j] = suffix[j - gap];
            suffix[j] = moving;
        }
    }
}

static uint64_t search_all(uint64_t sum, const uint8_t *pattern, uint32_t size) {
    for (uint32_t at = 0; at < TEXT; at++) {
        uint32_t found = find_naive(pattern, size, at);
        sum = fold(sum, found);
        sum += find_kmp(pattern, size, at) != found;
        sum += find_horspool(pattern, size, at) != found;
        sum += find_rolling(pattern, size, at) != found;
        if (found == NONE) break;
        at = found;
    }
    return sum;
}

int64_t run(int32_t n) {
    Rng rng = {0x74657874};
    uint64_t sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < TEXT; i++) {
            text[i] = (uint8_t)("abcd"[rng_below(&rng, 2 + ((uint32_t)round & 1) * 2)]);
            suffix[i] = (uint16_t)i;
        }
        for (uint32_t size = 1; size <= PATTERN_MAX; size += 2) {
            uint8_t pattern[PATTERN_MAX];
            __builtin_memcpy(pattern, text + rng_below(&rng, TEXT - PATTERN_MAX), PATTERN_MAX);
            sum = search_all(sum, pattern, size);
        }
        for (uint32_t i = 0; i < 4; i++) {
            const uint8_t *a = text + rng_below(&rng, TEXT - WORD_MAX), *b = text + rng_below(&rng, TEXT - WORD_MAX);
            uint32_t size = rng_below(&rng, WORD_MAX);
            sum = fold(sum, edit_distance(a, size, b, WORD_MAX));
            sum = fold(sum, common_subsequence(a, WORD_MAX, b, size));
        }
        suffix_sort();
        for (uint32_t i = 0; i < TEXT; i++) sum = fold(sum, suffix[i]);
    }
    return (int64_t)sum;
}
