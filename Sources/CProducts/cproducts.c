#include "cproducts.h"

// Compiled for several processors; the loader takes the best.
#if defined(__x86_64__) && defined(__linux__)
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR
#endif

EVERY_PROCESSOR void cproducts_of_rows(
    const int8_t *rows, long count, long length, const int8_t *query, int32_t *sums) {
    for (long row = 0; row < count; row++) {
        const int8_t *values = rows + row * length;
        int32_t sum = 0;
        for (long i = 0; i < length; i++) sum += (int16_t)values[i] * (int16_t)query[i];
        sums[row] = sum;
    }
}
