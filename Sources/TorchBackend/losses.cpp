// Losses, from operations that are differentiable in every argument: targets and weights may be learned.
#include "support.hpp"

namespace {

/// max(x, 0) − x z + log(1 + e^−|x|), as TensorFlow computes it.
at::Tensor of_sigmoid(const at::Tensor &x, const at::Tensor &z) {
    return at::relu(x) - x * z + at::softplus(-x.abs());
}

at::Tensor of_probability(const at::Tensor &probabilities, const at::Tensor &z) {
    auto p = probabilities.clamp(1e-7, 1 - 1e-7);
    return -(z * p.log() + (1 - z) * (1 - p).log());
}

int loss(
    int kind, const ctorch_tensor *values, const ctorch_tensor *targets, const ctorch_tensor *weights,
    ctorch_tensor **made, char *message) {
    return making(made, message, [&]() -> at::Tensor {
        const auto &x = values->value, &z = targets->value;
        at::Tensor each;
        switch (kind) {
            case CTORCH_SIGMOID_CROSS_ENTROPY:
                each = of_sigmoid(x, z);
                break;
            case CTORCH_SOFTMAX_CROSS_ENTROPY:
                each = -(z * at::log_softmax(x, -1)).sum(-1);
                break;
            case CTORCH_BINARY_CROSS_ENTROPY:
                each = of_probability(x, z);
                break;
            case CTORCH_SQUARED_ERROR:
                each = (x - z).square();
                break;
            default:
                TORCH_CHECK(false, "no loss ", kind);
        }
        auto count = static_cast<double>(each.numel());
        if (weights) {
            each = each * weights->value;
            TORCH_CHECK(each.numel() == count, "weights of a larger shape than the loss");
        }
        return each.sum() / count;
    });
}

}  // namespace

void fill_losses(ctorch_functions &table) { table.loss = loss; }
