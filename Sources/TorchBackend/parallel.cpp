#include "parallel.hpp"

#include <dlfcn.h>

// libtorch's own at::parallel_for is a template of OpenMP pragmas, which this compiler would need another OpenMP
// library for, and so a second set of threads. GCC's, which libtorch has loaded, is asked directly.

namespace {

struct OpenMP {
    void (*parallel)(void (*body)(void *), void *data, unsigned threads, unsigned flags) = nullptr;
    int (*thread_number)() = nullptr;
    int (*thread_count)() = nullptr;

    OpenMP() {
        void *library = dlopen("libgomp.so.1", RTLD_NOW | RTLD_NOLOAD);
        if (!library) return;
        thread_number = reinterpret_cast<decltype(thread_number)>(dlsym(library, "omp_get_thread_num"));
        thread_count = reinterpret_cast<decltype(thread_count)>(dlsym(library, "omp_get_num_threads"));
        if (!thread_number || !thread_count) return;
        parallel = reinterpret_cast<decltype(parallel)>(dlsym(library, "GOMP_parallel"));
    }
};

const OpenMP &openmp() {
    static const OpenMP found;
    return found;
}

struct Work {
    int64_t parts;
    const std::function<void(int64_t)> &body;
};

/// What each thread runs; there may be fewer of them than parts.
void share(void *data) {
    auto &work = *static_cast<const Work *>(data);
    int64_t step = openmp().thread_count();
    for (int64_t part = openmp().thread_number(); part < work.parts; part += step) work.body(part);
}

}  // namespace

void in_parallel(int64_t parts, const std::function<void(int64_t)> &body) {
    if (parts > 1 && openmp().parallel) {
        Work work{parts, body};
        openmp().parallel(share, &work, static_cast<unsigned>(parts), 0);
    } else {
        for (int64_t part = 0; part < parts; part++) body(part);
    }
}
