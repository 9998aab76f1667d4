// A tensor's memory as rows of channels, and loops over them on all threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "norm_kernels.hpp"
#include "parallel.hpp"

/// The tensor with its channels last, and its memory as rows: a view where the rows stand evenly, else a copy.
struct Laid {
    at::Tensor value;
    int64_t stride;

    explicit Laid(const at::Tensor &map) {
        value = map.dim() == 4 ? map.permute({0, 2, 3, 1}) : map;
        if (!is_even()) value = value.contiguous(at::MemoryFormat::Contiguous);
        stride = value.dim() == 4 ? value.stride(2) : value.stride(0);
        // A dimension of one row may have any stride.
        if (count() == 1 || value.is_contiguous()) stride = value.size(-1);
    }

    int64_t count() const { return value.numel() / std::max<int64_t>(value.size(-1), 1); }

    template <typename Value>
    Rows<Value> rows() const {
        return {static_cast<Value *>(value.data_ptr()), count(), value.size(-1), stride};
    }

private:
    bool is_even() const {
        if (value.is_contiguous()) return true;
        if (value.stride(-1) != 1) return false;
        if (value.dim() == 2) return value.stride(0) >= value.size(1);
        auto row = value.stride(2);
        return row >= value.size(3) && value.stride(1) == row * value.size(2)
            && value.stride(0) == row * value.size(2) * value.size(1);
    }
};

inline at::Tensor map_of(const at::Tensor &laid) { return laid.dim() == 4 ? laid.permute({0, 3, 1, 2}) : laid; }

/// Calls `body` with ranges of rows, one for each thread; `slot` numbers them. The same cut for the same number
/// of threads, so the same bits.
template <typename Body>
void in_parts(int64_t rows, int64_t channels, Body body) {
    int64_t threads = at::get_num_threads();
    int64_t enough = std::max<int64_t>(1, 16'384 / std::max<int64_t>(channels, 1));
    int64_t parts = std::clamp<int64_t>(rows / enough, 1, threads);
    int64_t size = (rows + parts - 1) / parts;
    in_parallel(parts, [&](int64_t part) {
        body(part, std::min(part * size, rows), std::min((part + 1) * size, rows));
    });
}

/// Two sums per channel, over all threads' parts in their order.
template <typename Body>
std::vector<double> summed(int64_t rows, int64_t channels, Body body) {
    std::vector<double> empty(static_cast<size_t>(2 * channels), 0);
    std::vector<std::vector<double>> partial(static_cast<size_t>(at::get_num_threads()), empty);
    in_parts(rows, channels, [&](int64_t part, int64_t begin, int64_t end) {
        auto &own = partial[static_cast<size_t>(part)];
        body(begin, end, own.data(), own.data() + channels);
    });
    std::vector<double> total = empty;
    for (auto &own : partial) {
        for (size_t i = 0; i < own.size(); i++) total[i] += own[i];
    }
    return total;
}

/// Calls `body` with the two C++ types of an element: in the rows, and in memory.
template <typename Body>
void typed(const at::Tensor &like, Body body) {
    if (like.scalar_type() == at::kBFloat16) body(Half{});
    else body(float{});
}
