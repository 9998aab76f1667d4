// Sums of products of 8-bit numbers, as fast as the processor at hand has them.
#ifndef CPRODUCTS_H
#define CPRODUCTS_H

#include <stdint.h>

/// Σ row · query of each of `count` rows of `length` numbers that stand one behind the other.
///
/// @param length up to 100,000, so that no sum overflows.
void cproducts_of_rows(
    const int8_t *_Nonnull rows, long count, long length, const int8_t *_Nonnull query, int32_t *_Nonnull sums);

#endif
