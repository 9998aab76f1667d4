// Own loops on the threads that libtorch computes with.
#pragma once

#include <cstdint>
#include <functional>

/// Calls `body` once for each of `parts` numbers, at the same time where there are threads. `body` must not throw
/// or call libtorch.
void in_parallel(int64_t parts, const std::function<void(int64_t)> &body);
