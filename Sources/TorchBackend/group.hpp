// The processes that train together.
#pragma once

#include <ATen/ATen.h>

#include "ctorch.h"

int group_count(const ctorch_group *group);

/// Replaces the values by their sum over the processes.
void group_sum(ctorch_group *group, at::Tensor &values);
