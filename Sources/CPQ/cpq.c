#include "cpq.h"

#include <dlfcn.h>
#include <pthread.h>

static cpq_functions table;
static const char *trouble;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_library(void) {
    void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        trouble = "libpq is not installed (Debian: apt-get install libpq5).";
        return;
    }
#define LOOK_UP(name)                                  \
    *(void **)(&table.name) = dlsym(handle, #name);    \
    if (!*(void **)(&table.name)) trouble = "libpq has no " #name ".";
    CPQ_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
}

const cpq_functions *cpq_open(const char **message) {
    pthread_once(&once, open_library);
    *message = trouble;
    return trouble ? NULL : &table;
}

void cpq_ignore_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}
