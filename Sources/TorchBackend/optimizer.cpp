// Keras's update formulas on libtorch's kernels for many tensors at once.
#include <cmath>
#include <vector>

#include "support.hpp"

struct ctorch_optimizer {
    ctorch_optimizer_settings settings;
    std::vector<at::Tensor> parameters;
    /// Adam: the first and second moments; descent: the velocity in the first, where there is momentum.
    std::vector<at::Tensor> moments[2];
    int64_t steps = 0;
};

namespace {

/// What takes part in a step: the parameters that have a gradient.
struct Active {
    std::vector<at::Tensor> parameters, gradients, moments[2];

    explicit Active(const ctorch_optimizer &optimizer) {
        for (size_t i = 0; i < optimizer.parameters.size(); i++) {
            const auto &gradient = optimizer.parameters[i].grad();
            if (!gradient.defined()) continue;
            parameters.push_back(optimizer.parameters[i]);
            gradients.push_back(gradient);
            for (int slot = 0; slot < 2; slot++) {
                if (!optimizer.moments[slot].empty()) moments[slot].push_back(optimizer.moments[slot][i]);
            }
        }
    }
};

/// All gradients together to the norm `limit` at most. Stays on the device.
void clip(std::vector<at::Tensor> &gradients, double limit) {
    auto norms = at::_foreach_norm(gradients);
    auto norm = at::linalg_vector_norm(at::stack(norms));
    at::_foreach_mul_(gradients, limit / norm.clamp_min(limit));
}

/// Keras: p −= lr √(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε). libtorch adds its ε to √v / √(1−β₂ᵗ): the same, with
/// ε / √(1−β₂ᵗ) there.
void adam(ctorch_optimizer &optimizer, Active &active, double learning_rate) {
    const auto &settings = optimizer.settings;
    auto correction = std::sqrt(1 - std::pow(settings.beta2, static_cast<double>(optimizer.steps)));
    // The kernels read the number of steps from a tensor for each parameter; all may be the same one.
    auto step = at::full({}, static_cast<double>(optimizer.steps), active.moments[0][0].options());
    std::vector<at::Tensor> steps(active.parameters.size(), step);
    at::_fused_adamw_(
        active.parameters, active.gradients, active.moments[0], active.moments[1], {}, steps, learning_rate,
        settings.beta1, settings.beta2, settings.weight_decay, settings.epsilon / correction,
        /*amsgrad=*/false, /*maximize=*/false);
}

/// Keras: v = μ v − lr g; p += v, or with Nesterov's momentum p += μ v − lr g.
void descend(const ctorch_optimizer_settings &settings, Active &active, double learning_rate) {
    if (settings.weight_decay != 0) {
        at::_foreach_mul_(active.parameters, 1 - learning_rate * settings.weight_decay);
    }
    if (settings.momentum == 0) {
        at::_foreach_add_(active.parameters, active.gradients, -learning_rate);
        return;
    }
    auto &velocities = active.moments[0];
    at::_foreach_mul_(velocities, settings.momentum);
    at::_foreach_add_(velocities, active.gradients, -learning_rate);
    if (settings.is_nesterov) {
        at::_foreach_add_(active.parameters, velocities, settings.momentum);
        at::_foreach_add_(active.parameters, active.gradients, -learning_rate);
    } else {
        at::_foreach_add_(active.parameters, velocities);
    }
}

int optimizer_make(
    const ctorch_optimizer_settings *settings, ctorch_tensor *const *parameters, int count,
    ctorch_optimizer **made, char *message) {
    *made = nullptr;
    return guarded(message, [&] {
        auto optimizer = std::make_unique<ctorch_optimizer>();
        optimizer->settings = *settings;
        int slots = settings->kind == 0 ? 2 : settings->momentum != 0 ? 1 : 0;
        for (int i = 0; i < count; i++) {
            const auto &value = parameters[i]->value;
            optimizer->parameters.push_back(value);
            for (int slot = 0; slot < slots; slot++) {
                optimizer->moments[slot].push_back(at::zeros_like(value.detach()));
            }
        }
        *made = optimizer.release();
    });
}

void optimizer_release(ctorch_optimizer *optimizer) { delete optimizer; }

int optimizer_step(ctorch_optimizer *optimizer, double learning_rate, char *message) {
    return guarded(message, [&] {
        c10::NoGradGuard guard;
        Active active(*optimizer);
        optimizer->steps++;
        if (active.parameters.empty()) return;
        if (optimizer->settings.clip_norm > 0) clip(active.gradients, optimizer->settings.clip_norm);
        if (optimizer->settings.kind == 0) adam(*optimizer, active, learning_rate);
        else descend(optimizer->settings, active, learning_rate);
    });
}

int optimizer_slot(
    const ctorch_optimizer *optimizer, int slot, int parameter, ctorch_tensor **made, char *message) {
    *made = nullptr;
    return guarded(message, [&] {
        const auto &moments = optimizer->moments[slot];
        if (!moments.empty()) *made = new ctorch_tensor{moments.at(static_cast<size_t>(parameter))};
    });
}

int64_t optimizer_steps(const ctorch_optimizer *optimizer) { return optimizer->steps; }

void optimizer_set_steps(ctorch_optimizer *optimizer, int64_t steps) { optimizer->steps = steps; }

}  // namespace

void fill_optimizer(ctorch_functions &table) {
    table.optimizer_make = optimizer_make;
    table.optimizer_release = optimizer_release;
    table.optimizer_step = optimizer_step;
    table.optimizer_slot = optimizer_slot;
    table.optimizer_steps = optimizer_steps;
    table.optimizer_set_steps = optimizer_set_steps;
}
