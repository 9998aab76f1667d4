#include "norm_kernels.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

// Compiled for several processors; the loader takes the best.
#if defined(__x86_64__) && defined(__linux__)
#define EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_PROCESSOR
#endif
#define INLINE inline __attribute__((always_inline))

namespace {

INLINE float wide(float value) { return value; }

INLINE float wide(Half value) {
    uint32_t bits = static_cast<uint32_t>(value) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

INLINE void store(float value, float &place) { place = value; }

/// To the nearest, ties to even. A NaN stays one.
INLINE void store(float value, Half &place) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    place = static_cast<Half>(value != value ? 0x7fc0 : rounded);
}

/// Rows that are summed in 32 bits before the sums go on in 64.
constexpr int64_t block = 64;

template <typename Value>
INLINE void moments(Rows<const Value> x, const float *__restrict shift, double *sum, double *squares) {
    std::vector<float> partial(static_cast<size_t>(2 * x.channels));
    float *__restrict first = partial.data(), *__restrict second = first + x.channels;
    for (int64_t begin = 0; begin < x.count; begin += block) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        int64_t end = std::min(begin + block, x.count);
        for (int64_t row = begin; row < end; row++) {
            const Value *__restrict values = x.values + row * x.stride;
            for (int64_t c = 0; c < x.channels; c++) {
                float value = wide(values[c]) - shift[c];
                first[c] += value;
                second[c] += value * value;
            }
        }
        for (int64_t c = 0; c < x.channels; c++) {
            sum[c] += first[c];
            squares[c] += second[c];
        }
    }
}

template <typename Value>
INLINE void transformed(Rows<const Value> x, Affine affine, Rows<Value> y) {
    const float *__restrict scale = affine.scale, *__restrict offset = affine.offset;
    const float low = affine.low, high = affine.high;
    for (int64_t row = 0; row < x.count; row++) {
        const Value *__restrict from = x.values + row * x.stride;
        Value *__restrict to = y.values + row * y.stride;
        for (int64_t c = 0; c < x.channels; c++) {
            float value = wide(from[c]) * scale[c] + offset[c];
            value = value < low ? low : value;
            store(value > high ? high : value, to[c]);
        }
    }
}

/// The gradient that passes the ends.
INLINE float passed(float gradient, float before, float low, float high) {
    return ((before > low) & (before < high)) ? gradient : 0.0f;
}

template <typename Value>
INLINE void gradient_sums(
    Rows<const Value> dy, Rows<const Value> x, Affine gate, const float *__restrict mean, double *sum,
    double *products) {
    std::vector<float> partial(static_cast<size_t>(2 * x.channels));
    float *__restrict first = partial.data(), *__restrict second = first + x.channels;
    const float *__restrict scale = gate.scale, *__restrict offset = gate.offset;
    const float low = gate.low, high = gate.high;
    for (int64_t begin = 0; begin < x.count; begin += block) {
        std::fill(partial.begin(), partial.end(), 0.0f);
        int64_t end = std::min(begin + block, x.count);
        for (int64_t row = begin; row < end; row++) {
            const Value *__restrict gradients = dy.values + row * dy.stride;
            const Value *__restrict inputs = x.values + row * x.stride;
            for (int64_t c = 0; c < x.channels; c++) {
                float input = wide(inputs[c]);
                float gradient = passed(wide(gradients[c]), input * scale[c] + offset[c], low, high);
                first[c] += gradient;
                second[c] += gradient * (input - mean[c]);
            }
        }
        for (int64_t c = 0; c < x.channels; c++) {
            sum[c] += first[c];
            products[c] += second[c];
        }
    }
}

template <typename Value>
INLINE void propagated(
    Rows<const Value> dy, Rows<const Value> x, Affine gate, InputGradient gradient, Rows<Value> dx) {
    const float *__restrict scale = gate.scale, *__restrict offset = gate.offset;
    const float *__restrict of_gradient = gradient.of_gradient, *__restrict of_input = gradient.of_input;
    const float *__restrict constant = gradient.constant;
    const float low = gate.low, high = gate.high;
    for (int64_t row = 0; row < x.count; row++) {
        const Value *__restrict gradients = dy.values + row * dy.stride;
        const Value *__restrict inputs = x.values + row * x.stride;
        Value *__restrict to = dx.values + row * dx.stride;
        for (int64_t c = 0; c < x.channels; c++) {
            float input = wide(inputs[c]);
            float value = passed(wide(gradients[c]), input * scale[c] + offset[c], low, high);
            store(value * of_gradient[c] + (input * of_input[c] + constant[c]), to[c]);
        }
    }
}

}  // namespace

#define FOR_EACH_TYPE(USE) USE(float) USE(Half)

#define DEFINE(Value)                                                                                            \
    EVERY_PROCESSOR void add_moments(Rows<const Value> x, const float *shift, double *sum, double *squares) {    \
        moments(x, shift, sum, squares);                                                                         \
    }                                                                                                            \
    EVERY_PROCESSOR void transform(Rows<const Value> x, Affine affine, Rows<Value> y) {                          \
        transformed(x, affine, y);                                                                               \
    }                                                                                                            \
    EVERY_PROCESSOR void add_gradient_sums(                                                                      \
        Rows<const Value> dy, Rows<const Value> x, Affine gate, const float *mean, double *sum,                  \
        double *products) {                                                                                      \
        gradient_sums(dy, x, gate, mean, sum, products);                                                         \
    }                                                                                                            \
    EVERY_PROCESSOR void propagate(                                                                              \
        Rows<const Value> dy, Rows<const Value> x, Affine gate, InputGradient gradient, Rows<Value> dx) {        \
        propagated(dy, x, gate, gradient, dx);                                                                   \
    }

FOR_EACH_TYPE(DEFINE)
