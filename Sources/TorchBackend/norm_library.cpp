// Batch normalisation as Keras does it by libtorch's operations, for GPUs and as a check of the own kernels.
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "group.hpp"
#include "norm.hpp"
#include "support.hpp"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<int64_t> reduced(const at::Tensor &x) {
    return x.dim() == 4 ? std::vector<int64_t>{0, 2, 3} : std::vector<int64_t>{0};
}

at::Tensor spread(const at::Tensor &per_channel, const at::Tensor &x) {
    return x.dim() == 4 ? per_channel.view({1, -1, 1, 1}) : per_channel;
}

/// Statistics of all processes as a differentiable sum: its gradient is the sum of the gradients.
struct SumOverGroup : torch::autograd::Function<SumOverGroup> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &values, ctorch_group *group) {
        context->saved_data["group"] = reinterpret_cast<int64_t>(group);
        auto result = values.clone();
        group_sum(group, result);
        return result;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto result = gradients[0].contiguous().clone();
        group_sum(reinterpret_cast<ctorch_group *>(context->saved_data["group"].toInt()), result);
        return {result, at::Tensor()};
    }
};

at::Tensor norm_across_group(
    const at::Tensor &x, const ctorch_norm &norm, const at::Tensor &gamma, const at::Tensor &beta) {
    auto wide = x.to(at::kFloat);
    auto rows = static_cast<double>(wide.numel() / wide.size(1));
    auto count = at::full({1}, rows, wide.options());
    auto packed = at::cat({count, wide.sum(reduced(x)), wide.square().sum(reduced(x))});
    packed = SumOverGroup::apply(packed, norm.group);
    auto channels = wide.size(1);
    auto total = packed.narrow(0, 0, 1);
    auto mean = packed.narrow(0, 1, channels) / total;
    auto variance = (packed.narrow(0, 1 + channels, channels) / total - mean.square()).clamp_min(0);
    {
        c10::NoGradGuard guard;
        remember(norm.moving_mean->value, mean.detach(), norm.momentum);
        remember(norm.moving_variance->value, variance.detach(), norm.momentum);
    }
    auto scale = (variance + norm.epsilon).rsqrt();
    if (gamma.defined()) scale = scale * gamma;
    auto y = (wide - spread(mean, x)) * spread(scale, x);
    if (beta.defined()) y = y + spread(beta, x);
    return y.to(x.scalar_type());
}

}  // namespace

at::Tensor norm_by_library(
    const at::Tensor &x, const ctorch_norm &norm, const at::Tensor &gamma, const at::Tensor &beta) {
    at::Tensor y;
    if (norm.is_training && norm.group && group_count(norm.group) > 1) {
        y = norm_across_group(x, norm, gamma, beta);
    } else if (norm.is_training) {
        auto [value, mean, inverse] = at::native_batch_norm(x, gamma, beta, {}, {}, true, 0, norm.epsilon);
        c10::NoGradGuard guard;
        remember(norm.moving_mean->value, mean, norm.momentum);
        remember(norm.moving_variance->value, (inverse.pow(-2) - norm.epsilon).clamp_min(0), norm.momentum);
        y = value;
    } else {
        auto scale = (norm.moving_variance->value + norm.epsilon).rsqrt();
        if (gamma.defined()) scale = scale * gamma;
        auto offset = -norm.moving_mean->value * scale;
        if (beta.defined()) offset = offset + beta;
        y = (x * spread(scale, x) + spread(offset, x)).to(x.scalar_type());
    }
    switch (norm.activation) {
        case CTORCH_ACT_RELU: return at::relu(y);
        case CTORCH_ACT_RELU6: return at::hardtanh(y, 0, 6);
        default: return y;
    }
}
