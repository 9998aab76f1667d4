// The library itself: the table of functions, threads, devices.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Logging.h>
#include <dlfcn.h>
#include <malloc.h>

#include <cstring>
#include <string>

#include "support.hpp"

namespace {

int set_threads(int count, char *message) {
    return guarded(message, [&] { at::set_num_threads(count); });
}

int threads() { return at::get_num_threads(); }

/// The GPU half of libtorch, beside the other or in the folder that `scripts/bootstrap --gpu` makes beside its:
/// libtorch finds its parts by their registration.
bool open_gpu_library() {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&at::set_num_threads), &info) || !info.dli_fname) return false;
    std::string folder = info.dli_fname;
    folder.resize(folder.rfind('/') + 1);
    for (const char *place : {"libtorch_cuda.so", "../../../torch-gpu/torch/lib/libtorch_cuda.so"}) {
        if (dlopen((folder + place).c_str(), RTLD_NOW | RTLD_GLOBAL)) return true;
    }
    return false;
}

int gpu_count() {
    static const bool is_open = open_gpu_library();
    try {
        return is_open && at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
    } catch (...) {
        return 0;
    }
}

int computes_bf16(int device) {
    if (device >= 0) return 1;  // Every GPU since 2020.
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") ? 1 : 0;
#else
    return 0;
#endif
}

int set_gradients(int enabled) {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled != 0);
    return before ? 1 : 0;
}

/// A step frees and takes hundreds of megabytes in the same pieces again; kept, they need not be cleared by the
/// kernel each time.
void keep_memory() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
#endif
}

}  // namespace

extern "C" const ctorch_functions *lightbox_torch_table(int version) {
    if (version != CTORCH_VERSION) return nullptr;
    static const ctorch_functions table = [] {
        keep_memory();
        c10::initLogging();
        // f32 means all 24 bits, on a GPU as well: who wants speed asks for bf16.
        at::globalContext().setAllowTF32CuDNN(false);
        ctorch_functions table;
        std::memset(&table, 0, sizeof table);
        table.version = CTORCH_VERSION;
        table.set_threads = set_threads;
        table.threads = threads;
        table.gpu_count = gpu_count;
        table.computes_bf16 = computes_bf16;
        table.set_gradients = set_gradients;
        fill_tensors(table);
        fill_losses(table);
        fill_layers(table);
        fill_norm(table);
        fill_optimizer(table);
        fill_group(table);
        return table;
    }();
    return &table;
}
