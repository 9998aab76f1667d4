#define _GNU_SOURCE // dl_iterate_phdr
#include "copenvino.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openvino/c/openvino.h>

// The functions used, each once: the table's fields, their types and their look-up follow from this list.
#define FUNCTIONS(USE)                            \
    USE(ov_get_error_info)                        \
    USE(ov_get_last_err_msg)                      \
    USE(ov_get_openvino_version)                  \
    USE(ov_version_free)                          \
    USE(ov_free)                                  \
    USE(ov_core_create)                           \
    USE(ov_core_read_model)                       \
    USE(ov_core_read_model_from_memory_buffer)    \
    USE(ov_core_compile_model_props)              \
    USE(ov_model_free)                            \
    USE(ov_model_inputs_size)                     \
    USE(ov_model_outputs_size)                    \
    USE(ov_model_const_input_by_index)            \
    USE(ov_model_const_output_by_index)           \
    USE(ov_model_reshape_by_port_indexes)         \
    USE(ov_port_get_any_name)                     \
    USE(ov_port_get_partial_shape)                \
    USE(ov_port_get_element_type)                 \
    USE(ov_output_const_port_free)                \
    USE(ov_partial_shape_create_static)           \
    USE(ov_partial_shape_free)                    \
    USE(ov_compiled_model_free)                   \
    USE(ov_compiled_model_get_property)           \
    USE(ov_compiled_model_create_infer_request)   \
    USE(ov_infer_request_free)                    \
    USE(ov_infer_request_set_input_tensor_by_index) \
    USE(ov_infer_request_get_output_tensor_by_index) \
    USE(ov_infer_request_start_async)             \
    USE(ov_infer_request_wait)                    \
    USE(ov_tensor_create_from_host_ptr)           \
    USE(ov_tensor_get_shape)                      \
    USE(ov_tensor_get_element_type)               \
    USE(ov_tensor_get_byte_size)                  \
    USE(ov_tensor_data)                           \
    USE(ov_tensor_free)                           \
    USE(ov_shape_create)                          \
    USE(ov_shape_free)

static struct {
#define FIELD(name) __typeof__(&name) name;
    FUNCTIONS(FIELD)
#undef FIELD
    ov_core_t *core;
} library;

static int explain(ov_status_e status, char *message) {
    if (status == OK) return 0;
    const char *text = library.ov_get_last_err_msg ? library.ov_get_last_err_msg() : NULL;
    if (!text || !*text) text = library.ov_get_error_info ? library.ov_get_error_info(status) : "unknown";
    snprintf(message, COPENVINO_MESSAGE, "%s", text);
    return (int)status;
}

static int refuse(const char *text, char *message) {
    snprintf(message, COPENVINO_MESSAGE, "%s", text);
    return (int)GENERAL_ERROR;
}

// MARK: The library

int copenvino_open(const char *path, char *message) {
    if (library.core) return 0;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return refuse(dlerror(), message);
#define LOOK_UP(name)                                                         \
    *(void **)(&library.name) = dlsym(handle, #name);                         \
    if (!library.name) return refuse("The library has no " #name ".", message);
    FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return explain(library.ov_core_create(&library.core), message);
}

// Paths of the library's own parts.
typedef struct {
    char *paths[32];
    size_t count;
} parts;

static int note_part(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    parts *found = context;
    if (strstr(info->dlpi_name, "libopenvino") && found->count < sizeof found->paths / sizeof *found->paths)
        found->paths[found->count++] = strdup(info->dlpi_name);
    return 0;
}

// The library unloads the reader of a format when the last model that came of it is freed, though what it compiled may still
// hold values whose destructors are the reader's code. So what has been loaded stays.
static void keep_parts(void) {
    parts found = {.count = 0};
    dl_iterate_phdr(note_part, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (found.paths[i]) dlopen(found.paths[i], RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
        free(found.paths[i]);
    }
}

int copenvino_version(char *text, size_t capacity, char *message) {
    ov_version_t version = {0};
    int status = explain(library.ov_get_openvino_version(&version), message);
    if (status) return status;
    snprintf(text, capacity, "%s", version.buildNumber ? version.buildNumber : "");
    library.ov_version_free(&version);
    return 0;
}

// MARK: Models

int copenvino_read(const char *path, const void *bytes, size_t count, copenvino_model **model, char *message) {
    ov_model_t *read = NULL;
    ov_status_e status = path
        ? library.ov_core_read_model(library.core, path, NULL, &read)
        : library.ov_core_read_model_from_memory_buffer(library.core, bytes, count, NULL, &read);
    *model = (copenvino_model *)read;
    keep_parts();
    return explain(status, message);
}

void copenvino_model_free(copenvino_model *model) { library.ov_model_free((ov_model_t *)model); }

size_t copenvino_port_count(const copenvino_model *model, int is_output) {
    size_t count = 0;
    if (is_output) library.ov_model_outputs_size((const ov_model_t *)model, &count);
    else library.ov_model_inputs_size((const ov_model_t *)model, &count);
    return count;
}

static int32_t simple(ov_element_type_e type) {
    switch (type) {
        case F32: return COPENVINO_F32;
        case U8: return COPENVINO_U8;
        case I32: return COPENVINO_I32;
        case I64: return COPENVINO_I64;
        case F16: return COPENVINO_F16;
        case F64: return COPENVINO_F64;
        case OV_BOOLEAN: return COPENVINO_BOOL;
        default: return COPENVINO_OTHER;
    }
}

static int describe(const ov_output_const_port_t *handle, copenvino_port *port, char *message) {
    memset(port, 0, sizeof *port);
    char *name = NULL;
    // A port without a name is not an error: it is then addressed by its position.
    if (library.ov_port_get_any_name(handle, &name) == OK && name) {
        snprintf(port->name, COPENVINO_NAME, "%s", name);
        library.ov_free(name);
    }
    ov_element_type_e type = DYNAMIC;
    int status = explain(library.ov_port_get_element_type(handle, &type), message);
    if (status) return status;
    port->type = simple(type);
    ov_partial_shape_t shape = {0};
    status = explain(library.ov_port_get_partial_shape(handle, &shape), message);
    if (status) return status;
    int64_t rank = shape.rank.min == shape.rank.max ? shape.rank.max : -1;
    port->rank = rank > COPENVINO_RANK ? -1 : (int32_t)rank;
    for (int32_t i = 0; i < port->rank; i++) {
        port->lengths[i] = shape.dims[i].min == shape.dims[i].max ? shape.dims[i].max : -1;
    }
    library.ov_partial_shape_free(&shape);
    return 0;
}

int copenvino_get_port(
    const copenvino_model *model, int is_output, size_t index, copenvino_port *port, char *message) {
    ov_output_const_port_t *handle = NULL;
    int status = explain(
        is_output ? library.ov_model_const_output_by_index((const ov_model_t *)model, index, &handle)
                  : library.ov_model_const_input_by_index((const ov_model_t *)model, index, &handle),
        message);
    if (status) return status;
    status = describe(handle, port, message);
    library.ov_output_const_port_free(handle);
    return status;
}

int copenvino_reshape(
    copenvino_model *model, size_t input_count, const int32_t *ranks, const int64_t *lengths, char *message) {
    size_t *indexes = calloc(input_count, sizeof *indexes);
    ov_partial_shape_t *shapes = calloc(input_count, sizeof *shapes);
    int status = 0;
    size_t made = 0;
    for (; made < input_count && !status; made++) {
        indexes[made] = made;
        status = explain(library.ov_partial_shape_create_static(ranks[made], lengths, &shapes[made]), message);
        lengths += ranks[made];
    }
    if (!status) {
        status = explain(
            library.ov_model_reshape_by_port_indexes((ov_model_t *)model, indexes, shapes, input_count), message);
    }
    for (size_t i = 0; i < made; i++) library.ov_partial_shape_free(&shapes[i]);
    free(shapes);
    free(indexes);
    return status;
}

// MARK: Compiled models

int copenvino_compile(
    const copenvino_model *model, const char *const *properties, size_t count, copenvino_compiled **compiled,
    char *message) {
    ov_property_t *pairs = calloc(count + 1, sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        pairs[i].key = properties[2 * i];
        pairs[i].value = properties[2 * i + 1];
    }
    ov_compiled_model_t *made = NULL;
    int status = explain(
        library.ov_core_compile_model_props(library.core, (const ov_model_t *)model, "CPU", count, pairs, &made),
        message);
    free(pairs);
    *compiled = (copenvino_compiled *)made;
    return status;
}

void copenvino_compiled_free(copenvino_compiled *compiled) {
    library.ov_compiled_model_free((ov_compiled_model_t *)compiled);
}

int copenvino_get_property(
    const copenvino_compiled *compiled, const char *key, char *text, size_t capacity, char *message) {
    char *value = NULL;
    int status = explain(
        library.ov_compiled_model_get_property((const ov_compiled_model_t *)compiled, key, &value), message);
    if (status) return status;
    snprintf(text, capacity, "%s", value ? value : "");
    library.ov_free(value);
    return 0;
}

// MARK: Requests

int copenvino_request_create(const copenvino_compiled *compiled, copenvino_request **request, char *message) {
    ov_infer_request_t *made = NULL;
    int status = explain(
        library.ov_compiled_model_create_infer_request((const ov_compiled_model_t *)compiled, &made), message);
    *request = (copenvino_request *)made;
    return status;
}

void copenvino_request_free(copenvino_request *request) {
    library.ov_infer_request_free((ov_infer_request_t *)request);
}

static ov_element_type_e full(int32_t type) {
    switch (type) {
        case COPENVINO_F32: return F32;
        case COPENVINO_U8: return U8;
        case COPENVINO_I32: return I32;
        case COPENVINO_I64: return I64;
        case COPENVINO_F16: return F16;
        case COPENVINO_F64: return F64;
        case COPENVINO_BOOL: return OV_BOOLEAN;
        default: return DYNAMIC;
    }
}

int copenvino_request_set_input(
    copenvino_request *request, size_t index, int32_t type, int32_t rank, const int64_t *lengths, void *data,
    char *message) {
    ov_shape_t shape = {0};
    int status = explain(library.ov_shape_create(rank, lengths, &shape), message);
    if (status) return status;
    ov_tensor_t *tensor = NULL;
    status = explain(library.ov_tensor_create_from_host_ptr(full(type), shape, data, &tensor), message);
    if (!status) {
        status = explain(
            library.ov_infer_request_set_input_tensor_by_index((ov_infer_request_t *)request, index, tensor),
            message);
        library.ov_tensor_free(tensor);
    }
    library.ov_shape_free(&shape);
    return status;
}

int copenvino_request_run(copenvino_request *request, char *message) {
    int status = explain(library.ov_infer_request_start_async((ov_infer_request_t *)request), message);
    return status ? status : explain(library.ov_infer_request_wait((ov_infer_request_t *)request), message);
}

int copenvino_request_output(
    copenvino_request *request, size_t index, copenvino_port *port, const void **data, size_t *byte_count,
    char *message) {
    memset(port, 0, sizeof *port);
    ov_tensor_t *tensor = NULL;
    int status = explain(
        library.ov_infer_request_get_output_tensor_by_index((ov_infer_request_t *)request, index, &tensor), message);
    if (status) return status;
    ov_shape_t shape = {0};
    ov_element_type_e type = DYNAMIC;
    void *memory = NULL;
    status = explain(library.ov_tensor_get_shape(tensor, &shape), message);
    if (!status) status = explain(library.ov_tensor_get_element_type(tensor, &type), message);
    if (!status) status = explain(library.ov_tensor_get_byte_size(tensor, byte_count), message);
    if (!status) status = explain(library.ov_tensor_data(tensor, &memory), message);
    if (!status && shape.rank > COPENVINO_RANK) status = refuse("The output has more than 8 dimensions.", message);
    if (!status) {
        port->type = simple(type);
        port->rank = (int32_t)shape.rank;
        memcpy(port->lengths, shape.dims, (size_t)shape.rank * sizeof *port->lengths);
        *data = memory;
    }
    if (shape.dims) library.ov_shape_free(&shape);
    // The request keeps its own hold on the output's memory.
    library.ov_tensor_free(tensor);
    return status;
}
