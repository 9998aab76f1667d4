// Batch normalisation and the ReLU behind it over rows of channels, in as few passes over memory as it takes.
#pragma once

#include <cstdint>

/// `count` rows of `channels` neighbouring values; `stride` values from row to row.
template <typename Value>
struct Rows {
    Value *values;
    int64_t count, channels, stride;

    Rows part(int64_t begin, int64_t end) const { return {values + begin * stride, end - begin, channels, stride}; }
};

/// What a bfloat16 is in memory.
using Half = uint16_t;

/// y = min(max(x · scale + offset, low), high). In the way back, g is dy where y lies between the ends, else 0; it
/// is found from x anew, which is cheaper than to read y.
struct Affine {
    const float *scale, *offset;
    float low, high;
};

/// dx = g · of_gradient + x · of_input + constant
struct InputGradient {
    const float *of_gradient, *of_input, *constant;
};

/// Adds Σ (x − shift) and Σ (x − shift)² of each channel.
void add_moments(Rows<const float> x, const float *shift, double *sum, double *squares);
void add_moments(Rows<const Half> x, const float *shift, double *sum, double *squares);

void transform(Rows<const float> x, Affine affine, Rows<float> y);
void transform(Rows<const Half> x, Affine affine, Rows<Half> y);

/// Adds Σ g and Σ g · (x − mean) of each channel.
void add_gradient_sums(
    Rows<const float> dy, Rows<const float> x, Affine gate, const float *mean, double *sum, double *products);
void add_gradient_sums(
    Rows<const Half> dy, Rows<const Half> x, Affine gate, const float *mean, double *sum, double *products);

void propagate(Rows<const float> dy, Rows<const float> x, Affine gate, InputGradient gradient, Rows<float> dx);
void propagate(Rows<const Half> dy, Rows<const Half> x, Affine gate, InputGradient gradient, Rows<Half> dx);
