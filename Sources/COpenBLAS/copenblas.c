#include "copenblas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

static copenblas_functions table;
static const char *trouble;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_library(void) {
    void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        trouble = "OpenBLAS is not installed (Debian: apt-get install libopenblas0-pthread).";
        return;
    }
#define LOOK_UP(field, name)                        \
    *(void **)(&table.field) = dlsym(handle, name); \
    if (!*(void **)(&table.field)) trouble = "OpenBLAS has no " name ".";
    LOOK_UP(sgemm, "cblas_sgemm")
    LOOK_UP(dgemm, "cblas_dgemm")
    LOOK_UP(dsyrk, "cblas_dsyrk")
    LOOK_UP(dsyevr, "dsyevr_")
    LOOK_UP(dpotrf, "dpotrf_")
    LOOK_UP(dtrtri, "dtrtri_")
#undef LOOK_UP
}

const copenblas_functions *copenblas_open(const char **message) {
    pthread_once(&once, open_library);
    *message = trouble;
    return trouble ? NULL : &table;
}
