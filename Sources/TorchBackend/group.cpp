// gloo over TCP, by way of libtorch's process groups. Values on a GPU go through the processor's memory.
#define USE_C10D_GLOO
#include "group.hpp"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <memory>
#include <vector>

#include "support.hpp"

struct ctorch_group {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

int group_count(const ctorch_group *group) { return group->gloo->getSize(); }

void group_sum(ctorch_group *group, at::Tensor &values) {
    std::vector<at::Tensor> one{values.is_cpu() ? values : values.cpu()};
    group->gloo->allreduce(one)->wait();
    if (!values.is_cpu()) values.copy_(one[0]);
}

namespace {

/// As many bytes as travel in one message: large enough to hide its delay, small enough to be copied in cache.
constexpr int64_t bucket_bytes = 8 << 20;

/// Calls `body` with neighbours of `tensors` laid end to end, and copies back what it leaves.
template <typename Body>
void in_buckets(const std::vector<at::Tensor> &tensors, Body body) {
    size_t begin = 0;
    while (begin < tensors.size()) {
        int64_t count = 0;
        size_t end = begin;
        while (end < tensors.size() && (end == begin || count * 4 < bucket_bytes)) count += tensors[end++].numel();
        auto flat = at::empty({count}, at::kFloat);
        int64_t offset = 0;
        // In the order of memory: parameters keep their strides, and are the same in every process.
        auto slice = [&](const at::Tensor &tensor) {
            auto piece = flat.narrow(0, offset, tensor.numel());
            offset += tensor.numel();
            return piece.as_strided(tensor.sizes(), tensor.strides(), piece.storage_offset());
        };
        for (size_t i = begin; i < end; i++) slice(tensors[i]).copy_(tensors[i]);
        body(flat);
        offset = 0;
        for (size_t i = begin; i < end; i++) tensors[i].copy_(slice(tensors[i]));
        begin = end;
    }
}

int group_make(const char *address, int port, int rank, int count, ctorch_group **made, char *message) {
    *made = nullptr;
    return guarded(message, [&] {
        c10d::TCPStoreOptions options;
        options.port = static_cast<std::uint16_t>(port);
        options.isServer = rank == 0;
        options.numWorkers = static_cast<std::size_t>(count);
        options.timeout = std::chrono::minutes(30);
        auto group = std::make_unique<ctorch_group>();
        group->store = c10::make_intrusive<c10d::TCPStore>(address, options);
        auto settings = c10d::ProcessGroupGloo::Options::create(std::chrono::minutes(30));
        // A loopback address for processes of one machine; else the one that the host's name leads to.
        std::string host = address;
        bool is_local = host == "localhost" || host.rfind("127.", 0) == 0;
        settings->devices.push_back(
            is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                     : c10d::ProcessGroupGloo::createDefaultDevice());
        group->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(group->store, rank, count, settings);
        *made = group.release();
    });
}

void group_release(ctorch_group *group) { delete group; }

int group_average_gradients(ctorch_group *group, ctorch_tensor *const *parameters, int count, char *message) {
    return guarded(message, [&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> gradients;
        for (int i = 0; i < count; i++) {
            auto &gradient = parameters[i]->value.mutable_grad();
            // Every process sends the same arrays, whether its part of the batch touched them or not.
            if (!gradient.defined()) gradient = at::zeros_like(parameters[i]->value.detach());
            gradients.push_back(gradient);
        }
        in_buckets(gradients, [&](at::Tensor &flat) {
            group_sum(group, flat);
            flat.div_(group_count(group));
        });
    });
}

int group_broadcast(ctorch_group *group, ctorch_tensor *const *tensors, int count, char *message) {
    return guarded(message, [&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> values;
        for (int i = 0; i < count; i++) values.push_back(tensors[i]->value.detach());
        in_buckets(values, [&](at::Tensor &flat) {
            std::vector<at::Tensor> one{flat};
            group->gloo->broadcast(one)->wait();
        });
    });
}

int group_sum_doubles(ctorch_group *group, double *values, int64_t count, char *message) {
    return guarded(message, [&] {
        if (count == 0) return;
        auto tensor = at::from_blob(values, {count}, at::kDouble);
        group_sum(group, tensor);
    });
}

int group_barrier(ctorch_group *group, char *message) {
    return guarded(message, [&] { group->gloo->barrier()->wait(); });
}

}  // namespace

void fill_group(ctorch_functions &table) {
    table.group_make = group_make;
    table.group_release = group_release;
    table.group_average_gradients = group_average_gradients;
    table.group_broadcast = group_broadcast;
    table.group_sum = group_sum_doubles;
    table.group_barrier = group_barrier;
}
