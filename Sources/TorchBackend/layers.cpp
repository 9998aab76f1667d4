// Layers with Keras's rules. Feature maps are images × channels × height × width, channels last in memory.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <array>
#include <limits>
#include <vector>

#include "support.hpp"

namespace {

int enter(const ctorch_tensor *input, int precision, ctorch_tensor **made, char *message) {
    return making(made, message, [&]() -> at::Tensor {
        const auto &value = input->value;
        if (value.dim() != 4) return value.contiguous();
        auto rows = value.contiguous(at::MemoryFormat::Contiguous);
        if (precision == CTORCH_BF16) rows = rows.to(at::kBFloat16);
        return rows.permute({0, 3, 1, 2});
    });
}

int leave(const ctorch_tensor *input, ctorch_tensor **made, char *message) {
    return making(made, message, [&]() -> at::Tensor {
        auto value = input->value.to(at::kFloat);
        if (value.dim() != 4) return value;
        return value.permute({0, 2, 3, 1}).contiguous(at::MemoryFormat::Contiguous);
    });
}

bool is_even(const ctorch_window &window) {
    return window.top == window.bottom && window.left == window.right;
}

std::array<int64_t, 2> size_of(const ctorch_window &window) { return {window.height, window.width}; }

std::array<int64_t, 2> strides_of(const ctorch_window &window) {
    return {window.stride_height, window.stride_width};
}

/// Rows and columns of `fill` around a map. Channels-last, one channel included.
at::Tensor padded(const at::Tensor &map, int64_t top, int64_t left, int64_t bottom, int64_t right, double fill) {
    auto rows = map.permute({0, 2, 3, 1});
    return at::constant_pad_nd(rows, {0, 0, left, right, top, bottom}, fill).permute({0, 3, 1, 2});
}

at::Tensor padded(const at::Tensor &map, const ctorch_window &window, double fill) {
    return padded(map, window.top, window.left, window.bottom, window.right, fill);
}

int convolution(
    const ctorch_tensor *input, const ctorch_tensor *kernel, const ctorch_tensor *bias,
    const ctorch_window *window, int64_t groups, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        // Kernels are kept in 32 bits and rounded once a step.
        auto type = input->value.scalar_type();
        auto weight = kernel->value.to(type);
        auto offset = bias ? bias->value.to(type) : at::Tensor();
        auto strides = strides_of(*window);
        auto map = is_even(*window) ? input->value : padded(input->value, *window, 0);
        std::array<int64_t, 2> padding{0, 0}, dilation{1, 1};
        if (is_even(*window)) padding = {window->top, window->left};
        return at::conv2d(map, weight, offset, strides, padding, dilation, groups);
    });
}

int dense(
    const ctorch_tensor *input, const ctorch_tensor *kernel, const ctorch_tensor *bias, ctorch_tensor **made,
    char *message) {
    return making(made, message, [&] {
        return at::linear(input->value.to(at::kFloat), kernel->value, optional(bias));
    });
}

at::Tensor activated(int activation, const at::Tensor &x) {
    switch (activation) {
        case CTORCH_LINEAR: return x;
        case CTORCH_ACT_RELU: return at::relu(x);
        case CTORCH_ACT_RELU6: return at::hardtanh(x, 0, 6);
        case CTORCH_ACT_SIGMOID: return at::sigmoid(x.to(at::kFloat));
        case CTORCH_ACT_SOFTMAX: return at::softmax(x.to(at::kFloat), 1);
        case CTORCH_ACT_TANH: return at::tanh(x.to(at::kFloat));
        default: TORCH_CHECK(false, "no activation ", activation);
    }
}

int activate(int activation, const ctorch_tensor *input, ctorch_tensor **made, char *message) {
    return making(made, message, [&] { return activated(activation, input->value); });
}

at::Tensor max_pool(const at::Tensor &map, const ctorch_window &window) {
    auto size = size_of(window), strides = strides_of(window);
    if (is_even(window)) return at::max_pool2d(map, size, strides, {window.top, window.left});
    return at::max_pool2d(padded(map, window, -std::numeric_limits<double>::infinity()), size, strides);
}

/// Padding does not count.
at::Tensor average_pool(const at::Tensor &map, const ctorch_window &window) {
    auto size = size_of(window), strides = strides_of(window);
    if (is_even(window)) {
        return at::avg_pool2d(map, size, strides, {window.top, window.left}, false, /*count_include_pad=*/false);
    }
    auto area = window.height * window.width;
    auto mean = [&](const at::Tensor &x) {
        return at::avg_pool2d(padded(x, window, 0), size, strides, {0, 0}, false, true);
    };
    auto ones = at::ones({1, 1, map.size(2), map.size(3)}, map.options().dtype(at::kFloat));
    // Exact in bfloat16 too: the counts are small integers.
    auto counts = (mean(ones) * static_cast<double>(area)).round();
    return (mean(map).to(at::kFloat) * (static_cast<double>(area) / counts)).to(map.scalar_type());
}

int pool(
    int is_max, const ctorch_tensor *input, const ctorch_window *window, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        return is_max ? max_pool(input->value, *window) : average_pool(input->value, *window);
    });
}

int global_pool(
    int is_max, int keeps_dimensions, const ctorch_tensor *input, ctorch_tensor **made, char *message) {
    return making(made, message, [&]() -> at::Tensor {
        const auto &map = input->value;
        auto pooled = is_max ? at::amax(map, {2, 3}, true) : at::mean(map, {2, 3}, true, at::kFloat);
        if (keeps_dimensions) return pooled.to(map.scalar_type());
        return pooled.to(at::kFloat).flatten(1);
    });
}

int concatenate(const ctorch_tensor *const *inputs, int count, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        std::vector<at::Tensor> values;
        for (int i = 0; i < count; i++) values.push_back(inputs[i]->value);
        return at::cat(values, 1);
    });
}

int pad(
    const ctorch_tensor *input, int64_t top, int64_t left, int64_t bottom, int64_t right, ctorch_tensor **made,
    char *message) {
    return making(made, message, [&] { return padded(input->value, top, left, bottom, right, 0); });
}

int reshape(const ctorch_tensor *input, int rank, const int64_t *lengths, ctorch_tensor **made, char *message) {
    return making(made, message, [&]() -> at::Tensor {
        auto value = input->value;
        if (value.dim() == 4) value = value.permute({0, 2, 3, 1});
        std::vector<int64_t> shape{value.size(0)};
        shape.insert(shape.end(), lengths, lengths + rank);
        value = value.reshape(shape);
        return rank == 3 ? value.permute({0, 3, 1, 2}) : value;
    });
}

at::Generator generator(const at::Tensor &like, uint64_t seed) {
    if (like.is_cpu()) return at::detail::createCPUGenerator(seed);
    auto made = at::globalContext().getAcceleratorHooksInterface(like.device().type())
                    .getNewGenerator(like.device().index());
    made.set_current_seed(seed);
    return made;
}

/// From a generator of its own: nothing of it has to be saved, and two networks do not disturb each other.
int dropout(const ctorch_tensor *input, double rate, uint64_t seed, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        auto kept = at::empty_like(input->value.detach());
        kept.bernoulli_(1 - rate, generator(kept, seed)).div_(1 - rate);
        return input->value * kept;
    });
}

}  // namespace

void fill_layers(ctorch_functions &table) {
    table.enter = enter;
    table.leave = leave;
    table.convolution = convolution;
    table.dense = dense;
    table.activate = activate;
    table.pool = pool;
    table.global_pool = global_pool;
    table.concatenate = concatenate;
    table.pad = pad;
    table.reshape = reshape;
    table.dropout = dropout;
}
