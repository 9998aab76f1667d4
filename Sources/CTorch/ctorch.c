#include "ctorch.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const ctorch_functions *table;

static int refuse(const char *text, char *message) {
    snprintf(message, CTORCH_MESSAGE, "%s", text);
    return 1;
}

int ctorch_open(const char *path, char *message) {
    if (table) return 0;
    // libgomp reads these once, when it is loaded. By default its threads spin for milliseconds at the end of every
    // loop, and beside another busy program each then waits for one that has no processor: a step took four times
    // as long. What the user has set is kept.
    if (!getenv("OMP_WAIT_POLICY")) setenv("GOMP_SPINCOUNT", "1000", 0);
    // Its warnings about addresses without a name say nothing to who trains; errors come as exceptions.
    setenv("TORCH_CPP_LOG_LEVEL", "ERROR", 0);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return refuse(dlerror(), message);
    const ctorch_functions *(*fill)(int) =
        (const ctorch_functions *(*)(int))dlsym(handle, "lightbox_torch_table");
    if (!fill) return refuse("The library has no lightbox_torch_table.", message);
    const ctorch_functions *found = fill(CTORCH_VERSION);
    if (!found) return refuse("The library was built for another version of Lightbox.", message);
    table = found;
    return 0;
}

const ctorch_functions *ctorch_table(void) { return table; }
