#include "csvm.h"

#include <dlfcn.h>
#include <pthread.h>

static csvm_functions table;
static const char *trouble;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void print_nothing(const char *text) { (void)text; }

static void open_library(void) {
    void *handle = dlopen("libsvm.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        trouble = "libsvm is not installed (Debian: apt-get install libsvm3).";
        return;
    }
    void (*set_print)(void (*)(const char *)) = NULL;
#define LOOK_UP(field, name)                    \
    *(void **)(&field) = dlsym(handle, name);   \
    if (!*(void **)(&field)) trouble = "libsvm has no " name ".";
    LOOK_UP(table.train, "svm_train")
    LOOK_UP(table.free_model, "svm_free_and_destroy_model")
    LOOK_UP(table.check, "svm_check_parameter")
    LOOK_UP(set_print, "svm_set_print_string_function")
#undef LOOK_UP
    if (set_print) set_print(print_nothing);
}

const csvm_functions *csvm_open(const char **message) {
    pthread_once(&once, open_library);
    *message = trouble;
    return trouble ? NULL : &table;
}
