// gloo over TCP, by way of libtorch's process groups. Values on a GPU go through the processor's memory.
#define USE_C10D_GLOO
#include "group.hpp"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support.hpp"

struct ctorch_alarm {
    std::atomic<bool> has_rung{false};
};

struct ctorch_group {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    const ctorch_alarm *alarm = nullptr;
    bool has_failed = false;

    /// Waits for the others; the alarm ends it. What is under way then keeps its tensors and is left to itself.
    void finish(const c10::intrusive_ptr<c10d::Work> &work) {
        try {
            while (!alarm->has_rung) {
                try {
                    work->wait(std::chrono::milliseconds(500));
                    return;
                } catch (...) {
                    if (!work->isCompleted()) continue;
                    work->wait();
                    return;
                }
            }
            throw std::runtime_error("Another process was lost.");
        } catch (...) {
            has_failed = true;
            throw;
        }
    }
};

int group_count(const ctorch_group *group) { return group->gloo->getSize(); }

void group_sum(ctorch_group *group, at::Tensor &values) {
    std::vector<at::Tensor> one{values.is_cpu() ? values : values.cpu()};
    group->finish(group->gloo->allreduce(one));
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

/// Far longer than any step; that a process is gone is noticed elsewhere.
constexpr auto patience = std::chrono::hours(24);

using Gloo = c10d::ProcessGroupGloo;

std::unique_ptr<ctorch_group> joined(
    const std::string &address, int port, int store, const std::string &interface, const std::string &own, int rank,
    int count) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = rank == 0;
    options.numWorkers = static_cast<std::size_t>(count);
    options.timeout = std::chrono::minutes(2);
    if (store >= 0) options.masterListenFd = store;
    auto group = std::make_unique<ctorch_group>();
    group->store = c10::make_intrusive<c10d::TCPStore>(address, options);
    auto settings = Gloo::Options::create(patience);
    settings->devices.push_back(
        interface.empty() ? Gloo::createDeviceForHostname(own) : Gloo::createDeviceForInterface(interface));
    group->gloo = c10::make_intrusive<Gloo>(group->store, rank, count, settings);
    return group;
}

ctorch_alarm *alarm_make() { return new (std::nothrow) ctorch_alarm; }

void alarm_ring(ctorch_alarm *alarm) { alarm->has_rung = true; }

void alarm_release(ctorch_alarm *alarm) { delete alarm; }

int group_make(
    const char *address, int port, int store, const char *interface, const char *own, int rank, int count,
    const ctorch_alarm *alarm, ctorch_group **made, char *message) {
    *made = nullptr;
    return guarded(message, [&] {
        // On a thread of its own, which is left to itself when a process is lost before all are connected.
        using Group = std::unique_ptr<ctorch_group>;
        auto promise = std::make_shared<std::promise<Group>>();
        auto result = promise->get_future();
        std::thread([=, address = std::string(address), interface = std::string(interface),
                     own = std::string(own)] {
            try {
                promise->set_value(joined(address, port, store, interface, own, rank, count));
            } catch (...) {
                promise->set_exception(std::current_exception());
            }
        }).detach();
        while (result.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
            if (alarm->has_rung) throw std::runtime_error("Another process was lost.");
        }
        auto group = result.get();
        group->alarm = alarm;
        *made = group.release();
    });
}

/// After a failure its threads may still wait for the lost process: the group then stays until the process ends.
void group_release(ctorch_group *group) {
    if (group->has_failed || group->alarm->has_rung) {
        group->alarm = nullptr;
        return;
    }
    delete group;
}

int group_has_failed(const ctorch_group *group) { return group->has_failed ? 1 : 0; }

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
            group->finish(group->gloo->broadcast(one));
        });
    });
}

int group_broadcast_bytes(ctorch_group *group, uint8_t *bytes, int64_t count, char *message) {
    return guarded(message, [&] {
        if (count == 0) return;
        std::vector<at::Tensor> one{at::from_blob(bytes, {count}, at::kByte).clone()};
        group->finish(group->gloo->broadcast(one));
        std::memcpy(bytes, one[0].const_data_ptr<uint8_t>(), static_cast<size_t>(count));
    });
}

int group_sum_doubles(ctorch_group *group, double *values, int64_t count, char *message) {
    return guarded(message, [&] {
        if (count == 0) return;
        // A copy: what fails half-way may still be written to.
        auto tensor = at::from_blob(values, {count}, at::kDouble).clone();
        group_sum(group, tensor);
        std::memcpy(values, tensor.const_data_ptr<double>(), static_cast<size_t>(count) * sizeof(double));
    });
}

int group_barrier(ctorch_group *group, char *message) {
    return guarded(message, [&] { group->finish(group->gloo->barrier()); });
}

}  // namespace

void fill_group(ctorch_functions &table) {
    table.alarm_make = alarm_make;
    table.alarm_ring = alarm_ring;
    table.alarm_release = alarm_release;
    table.group_make = group_make;
    table.group_has_failed = group_has_failed;
    table.group_broadcast_bytes = group_broadcast_bytes;
    table.group_release = group_release;
    table.group_average_gradients = group_average_gradients;
    table.group_broadcast = group_broadcast;
    table.group_sum = group_sum_doubles;
    table.group_barrier = group_barrier;
}
