// The two implementations of batch normalisation: own kernels for the processor, libtorch's operations for GPUs.
#pragma once

#include <ATen/ATen.h>

#include "ctorch.h"

/// `gamma` and `beta` are undefined where the layer lacks them.
at::Tensor norm_by_kernels(
    const at::Tensor &x, const ctorch_norm &norm, const at::Tensor &gamma, const at::Tensor &beta);
at::Tensor norm_by_library(
    const at::Tensor &x, const ctorch_norm &norm, const at::Tensor &gamma, const at::Tensor &beta);

/// moving = moving · momentum + batch · (1 − momentum), in place.
inline void remember(at::Tensor moving, const at::Tensor &batch, double momentum) {
    moving.mul_(momentum).add_(batch, 1 - momentum);
}
