// Batch normalisation as Keras does it, with the ReLU behind it, by own kernels, differentiable, across processes.
#include "norm.hpp"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "group.hpp"
#include "rows.hpp"
#include "support.hpp"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Whether this thread uses the own kernels where it can; tests turn them off.
thread_local bool uses_own_kernels = true;

struct Limits {
    float low, high;

    explicit Limits(int activation)
        : low(activation == CTORCH_LINEAR ? -std::numeric_limits<float>::infinity() : 0),
          high(activation == CTORCH_ACT_RELU6 ? 6 : std::numeric_limits<float>::infinity()) {}
};

/// Per channel, in 32 bits on the processor.
using Vector = std::vector<float>;

Vector vector(const at::Tensor &tensor, int64_t count, float otherwise) {
    if (!tensor.defined()) return Vector(static_cast<size_t>(count), otherwise);
    auto values = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    const float *data = values.const_data_ptr<float>();
    return Vector(data, data + count);
}

at::Tensor tensor(const Vector &values) {
    return at::from_blob(const_cast<float *>(values.data()), {static_cast<int64_t>(values.size())}, at::kFloat)
        .clone();
}

// MARK: Statistics

struct Statistics {
    Vector mean, variance;
    /// Rows they were computed from, in all processes; 0 for remembered ones.
    double count = 0;

    Vector inverse_deviation(double epsilon) const {
        Vector result(variance.size());
        for (size_t c = 0; c < result.size(); c++) {
            result[c] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + epsilon));
        }
        return result;
    }
};

/// Mean and biased variance of each channel over the rows of all processes.
Statistics measured(const std::vector<double> &sums, const Vector &shift, int64_t rows, ctorch_group *group) {
    size_t channels = shift.size();
    // count, Σ x, Σ x² of each process, in 64 bits, where the cancellation does no harm.
    auto packed = at::empty({static_cast<int64_t>(2 * channels + 1)}, at::kDouble);
    double *all = packed.mutable_data_ptr<double>();
    all[0] = static_cast<double>(rows);
    for (size_t c = 0; c < channels; c++) {
        double offset = shift[c], sum = sums[c];
        all[1 + c] = sum + all[0] * offset;
        all[1 + channels + c] = sums[channels + c] + 2 * offset * sum + all[0] * offset * offset;
    }
    bool is_alone = !group || group_count(group) == 1;
    if (!is_alone) group_sum(group, packed);
    Statistics result{Vector(channels), Vector(channels), all[0]};
    for (size_t c = 0; c < channels; c++) {
        double mean = all[1 + c] / all[0], variance;
        if (is_alone) {
            double from_shift = sums[c] / all[0];
            variance = sums[channels + c] / all[0] - from_shift * from_shift;
        } else {
            variance = all[1 + channels + c] / all[0] - mean * mean;
        }
        result.mean[c] = static_cast<float>(mean);
        result.variance[c] = static_cast<float>(std::max(variance, 0.0));
    }
    return result;
}

Statistics measured(const Laid &x, ctorch_group *group) {
    int64_t channels = x.value.size(-1);
    std::vector<double> sums;
    Vector shift(static_cast<size_t>(channels));
    typed(x.value, [&](auto kind) {
        using Value = decltype(kind);
        auto rows = x.rows<const Value>();
        // Sums of differences from the first row lose nothing where the mean is far from zero.
        auto first = x.value.reshape({-1, channels})[0].to(at::kFloat);
        shift = vector(first, channels, 0);
        sums = summed(rows.count, channels, [&](int64_t begin, int64_t end, double *sum, double *squares) {
            add_moments(rows.part(begin, end), shift.data(), sum, squares);
        });
    });
    return measured(sums, shift, x.count(), group);
}

// MARK: There and back

struct NormByKernels : torch::autograd::Function<NormByKernels> {
    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &input, const std::optional<at::Tensor> &given_gamma,
        const std::optional<at::Tensor> &given_beta, const ctorch_norm *norm) {
        auto gamma = given_gamma.value_or(at::Tensor()), beta = given_beta.value_or(at::Tensor());
        Laid x(input.detach());
        int64_t channels = x.value.size(-1);
        Statistics statistics;
        if (norm->is_training) {
            statistics = measured(x, norm->group);
            remember(norm->moving_mean->value, tensor(statistics.mean), norm->momentum);
            remember(norm->moving_variance->value, tensor(statistics.variance), norm->momentum);
        } else {
            statistics.mean = vector(norm->moving_mean->value, channels, 0);
            statistics.variance = vector(norm->moving_variance->value, channels, 1);
        }
        auto inverse = statistics.inverse_deviation(norm->epsilon);
        auto scale = vector(gamma, channels, 1), offset = vector(beta, channels, 0);
        for (size_t c = 0; c < scale.size(); c++) {
            scale[c] *= inverse[c];
            offset[c] -= statistics.mean[c] * scale[c];
        }
        auto output = at::empty(x.value.sizes(), x.value.options());
        Limits limits(norm->activation);
        typed(x.value, [&](auto kind) {
            using Value = decltype(kind);
            auto from = x.rows<const Value>();
            auto to = Laid(map_of(output)).rows<Value>();
            in_parts(from.count, channels, [&](int64_t, int64_t begin, int64_t end) {
                transform(
                    from.part(begin, end), {scale.data(), offset.data(), limits.low, limits.high},
                    to.part(begin, end));
            });
        });
        auto result = map_of(output);
        context->save_for_backward(
            {input, gamma, tensor(statistics.mean), tensor(inverse), tensor(scale), tensor(offset)});
        context->saved_data["count"] = statistics.count;
        context->saved_data["activation"] = static_cast<int64_t>(norm->activation);
        context->saved_data["has_beta"] = beta.defined();
        context->saved_data["group"] = reinterpret_cast<int64_t>(norm->group);
        return result;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        Laid x(saved[0].detach());
        Laid dy(gradients[0].to(x.value.scalar_type()));
        int64_t channels = x.value.size(-1);
        auto gamma = vector(saved[1], channels, 1);
        auto mean = vector(saved[2], channels, 0), inverse = vector(saved[3], channels, 0);
        auto scale = vector(saved[4], channels, 0), offset = vector(saved[5], channels, 0);
        Limits limits(static_cast<int>(context->saved_data["activation"].toInt()));
        double count = context->saved_data["count"].toDouble();
        auto group = reinterpret_cast<ctorch_group *>(context->saved_data["group"].toInt());
        // Layers lack either; only what is there is counted among the inputs.
        size_t next = 1;
        bool needs_gamma = saved[1].defined() && context->needs_input_grad(next++);
        bool needs_beta = context->saved_data["has_beta"].toBool() && context->needs_input_grad(next);

        std::vector<double> sums(static_cast<size_t>(2 * channels), 0);
        at::Tensor dgamma, dbeta, dx;
        typed(x.value, [&](auto kind) {
            using Value = decltype(kind);
            auto inputs = x.rows<const Value>(), arrived = dy.rows<const Value>();
            Affine gate{scale.data(), offset.data(), limits.low, limits.high};
            if (needs_gamma || needs_beta || count > 0) {
                sums = summed(
                    inputs.count, channels, [&](int64_t begin, int64_t end, double *sum, double *products) {
                        add_gradient_sums(
                            arrived.part(begin, end), inputs.part(begin, end), gate, mean.data(), sum, products);
                    });
            }
            if (needs_gamma) dgamma = at::empty({channels}, at::kFloat);
            if (needs_beta) dbeta = at::empty({channels}, at::kFloat);
            for (int64_t c = 0; c < channels; c++) {
                if (needs_gamma) {
                    dgamma.mutable_data_ptr<float>()[c] = static_cast<float>(sums[channels + c] * inverse[c]);
                }
                if (needs_beta) dbeta.mutable_data_ptr<float>()[c] = static_cast<float>(sums[c]);
            }
            if (!context->needs_input_grad(0)) return;
            if (count > 0 && group && group_count(group) > 1) {
                // A copy: what fails half-way may still be written to.
                auto packed = at::from_blob(sums.data(), {2 * channels}, at::kDouble).clone();
                group_sum(group, packed);
                std::copy_n(packed.const_data_ptr<double>(), sums.size(), sums.begin());
            }
            // With the batch's statistics: dx = γ/σ (g − Σg/n − (x − μ)/σ² · Σg(x − μ)/n).
            Vector of_gradient(gamma), of_input(gamma.size(), 0), constant(gamma.size(), 0);
            for (size_t c = 0; c < gamma.size(); c++) {
                double factor = static_cast<double>(gamma[c]) * inverse[c];
                of_gradient[c] = static_cast<float>(factor);
                if (count == 0) continue;
                double slope = factor * inverse[c] * inverse[c] * sums[static_cast<size_t>(channels) + c] / count;
                of_input[c] = static_cast<float>(-slope);
                constant[c] = static_cast<float>(slope * mean[c] - factor * sums[c] / count);
            }
            dx = at::empty(x.value.sizes(), x.value.options());
            auto to = Laid(map_of(dx)).rows<Value>();
            InputGradient rule{of_gradient.data(), of_input.data(), constant.data()};
            in_parts(inputs.count, channels, [&](int64_t, int64_t begin, int64_t end) {
                propagate(
                    arrived.part(begin, end), inputs.part(begin, end), gate, rule, to.part(begin, end));
            });
            dx = map_of(dx);
        });
        return {dx, dgamma, dbeta, at::Tensor()};
    }
};

int norm(const ctorch_tensor *input, const ctorch_norm *norm, ctorch_tensor **made, char *message) {
    return making(made, message, [&] {
        auto gamma = optional(norm->gamma), beta = optional(norm->beta);
        if (!input->value.is_cpu() || !uses_own_kernels) return norm_by_library(input->value, *norm, gamma, beta);
        return norm_by_kernels(input->value, *norm, gamma, beta);
    });
}

int set_own_kernels(int enabled) {
    bool before = uses_own_kernels;
    uses_own_kernels = enabled != 0;
    return before ? 1 : 0;
}

}  // namespace

at::Tensor norm_by_kernels(
    const at::Tensor &x, const ctorch_norm &norm, const at::Tensor &gamma, const at::Tensor &beta) {
    auto given = [](const at::Tensor &tensor) {
        return tensor.defined() ? std::make_optional(tensor) : std::nullopt;
    };
    return NormByKernels::apply(x, given(gamma), given(beta), &norm);
}

void fill_norm(ctorch_functions &table) {
    table.norm = norm;
    table.set_own_kernels = set_own_kernels;
}
