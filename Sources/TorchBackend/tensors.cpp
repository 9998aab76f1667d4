// Tensors: in, out, gradients, arithmetic.
#include <cstring>
#include <vector>

#include "support.hpp"

namespace {

at::Device device(int number) {
    return number < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(number));
}

/// Filled from the caller's memory. Kernels get channels-last strides by way of a row-major tensor, because
/// asking for that layout does nothing where there is one input channel.
at::Tensor arranged(const float *values, int rank, const int64_t *lengths, int layout) {
    auto array = at::from_blob(const_cast<float *>(values), {lengths, static_cast<size_t>(rank)}, at::kFloat);
    switch (layout) {
        case CTORCH_KERNEL:
            return array.permute({3, 0, 1, 2}).clone(at::MemoryFormat::Contiguous).permute({0, 3, 1, 2});
        case CTORCH_DEPTHWISE: {
            auto rows = array.permute({2, 3, 0, 1}).clone(at::MemoryFormat::Contiguous);
            return rows.view({-1, rows.size(2), rows.size(3), 1}).permute({0, 3, 1, 2});
        }
        case CTORCH_DENSE:
            return array.permute({1, 0}).clone(at::MemoryFormat::Contiguous);
        default:
            return array.clone(at::MemoryFormat::Contiguous);
    }
}

int make(
    const float *values, int rank, const int64_t *lengths, int layout, int number, ctorch_tensor **made,
    char *message) {
    return making(made, message, [&] {
        auto tensor = arranged(values, rank, lengths, layout);
        return number < 0 ? tensor : tensor.to(device(number));
    });
}

int write(
    ctorch_tensor *tensor, const float *values, int rank, const int64_t *lengths, int layout, char *message) {
    return guarded(message, [&] {
        c10::NoGradGuard guard;
        auto source = arranged(values, rank, lengths, layout);
        TORCH_CHECK(source.sizes() == tensor->value.sizes(), "an array of another shape");
        tensor->value.copy_(source);
    });
}

int read(const ctorch_tensor *tensor, int layout, float *values, int64_t count, char *message) {
    return guarded(message, [&] {
        c10::NoGradGuard guard;
        auto value = tensor->value.detach().to(at::kCPU, at::kFloat);
        TORCH_CHECK(value.numel() == count, "an array of ", count, " values for ", value.numel());
        at::Tensor array;
        switch (layout) {
            case CTORCH_KERNEL:
            // Here height × width × 1 × (channels · multiplier), which is the same order.
            case CTORCH_DEPTHWISE:
                array = value.permute({2, 3, 1, 0});
                break;
            case CTORCH_DENSE:
                array = value.permute({1, 0});
                break;
            default:
                array = value;
        }
        array = array.contiguous(at::MemoryFormat::Contiguous);
        std::memcpy(values, array.const_data_ptr<float>(), static_cast<size_t>(count) * sizeof(float));
    });
}

void release(ctorch_tensor *tensor) { delete tensor; }

int rank(const ctorch_tensor *tensor) { return static_cast<int>(tensor->value.dim()); }

void lengths(const ctorch_tensor *tensor, int64_t *lengths, int64_t *strides) {
    for (int64_t i = 0; i < tensor->value.dim() && i < CTORCH_RANK; i++) {
        lengths[i] = tensor->value.size(i);
        strides[i] = tensor->value.stride(i);
    }
}

int require_gradient(ctorch_tensor *tensor, char *message) {
    return guarded(message, [&] { tensor->value.set_requires_grad(true); });
}

int gradient(const ctorch_tensor *tensor, ctorch_tensor **gradient, char *message) {
    *gradient = nullptr;
    return guarded(message, [&] {
        const auto &value = tensor->value.grad();
        if (value.defined()) *gradient = new ctorch_tensor{value};
    });
}

int clear_gradient(ctorch_tensor *tensor, char *message) {
    return guarded(message, [&] { tensor->value.mutable_grad().reset(); });
}

int backward(const ctorch_tensor *tensor, char *message) {
    return guarded(message, [&] { tensor->value.backward(); });
}

at::Tensor apply(int operation, const at::Tensor &a) {
    switch (operation) {
        case CTORCH_NEGATE: return a.neg();
        case CTORCH_SIGMOID: return a.sigmoid();
        case CTORCH_LOG: return a.log();
        case CTORCH_EXP: return a.exp();
        case CTORCH_TANH: return a.tanh();
        case CTORCH_RELU: return a.relu();
        case CTORCH_ABS: return a.abs();
        case CTORCH_SOFTPLUS: return at::softplus(a);
        case CTORCH_SQUARE: return a.square();
        case CTORCH_SUM: return a.sum();
        case CTORCH_MEAN: return a.mean();
        case CTORCH_SOFTMAX: return a.softmax(-1);
        case CTORCH_DETACH: return a.detach();
        default: TORCH_CHECK(false, "no operation ", operation);
    }
}

int unary(int operation, const ctorch_tensor *a, ctorch_tensor **made, char *message) {
    return making(made, message, [&] { return apply(operation, a->value); });
}

int binary(
    int operation, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        switch (operation) {
            case CTORCH_ADD: return a->value + b->value;
            case CTORCH_SUBTRACT: return a->value - b->value;
            case CTORCH_MULTIPLY: return a->value * b->value;
            case CTORCH_DIVIDE: return a->value / b->value;
            default: TORCH_CHECK(false, "no operation ", operation);
        }
    });
}

int affine(const ctorch_tensor *a, double factor, double term, ctorch_tensor **made, char *message) {
    return making(made, message, [&] { return a->value * factor + term; });
}

}  // namespace

void fill_tensors(ctorch_functions &table) {
    table.make = make;
    table.write = write;
    table.read = read;
    table.release = release;
    table.rank = rank;
    table.lengths = lengths;
    table.require_gradient = require_gradient;
    table.gradient = gradient;
    table.clear_gradient = clear_gradient;
    table.backward = backward;
    table.unary = unary;
    table.binary = binary;
    table.affine = affine;
}
