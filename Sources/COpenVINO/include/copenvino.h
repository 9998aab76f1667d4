// A plain-C face of OpenVINO's C library, which is opened when it is first needed and never linked:
// a program that does not infer starts without it.
//
// Every call that can fail returns 0 or the library's negative status and then writes one line into
// `message`. Handles are freed by the caller. A request belongs to one thread at a time; a model may be
// shared by threads.
#ifndef COPENVINO_H
#define COPENVINO_H

#include <stddef.h>
#include <stdint.h>

typedef struct copenvino_model copenvino_model;
typedef struct copenvino_compiled copenvino_compiled;
typedef struct copenvino_request copenvino_request;

enum { COPENVINO_MESSAGE = 1024, COPENVINO_NAME = 256, COPENVINO_RANK = 8 };

enum copenvino_type {
    COPENVINO_OTHER = 0,
    COPENVINO_F32,
    COPENVINO_U8,
    COPENVINO_I32,
    COPENVINO_I64,
    COPENVINO_F16,
    COPENVINO_F64,
    COPENVINO_BOOL,
};

/// An input or an output: `rank` is -1 when it is not known, an unknown length in `lengths` is -1.
typedef struct {
    char name[COPENVINO_NAME];
    int32_t type;
    int32_t rank;
    int64_t lengths[COPENVINO_RANK];
} copenvino_port;

/// Opens the library at `path` (a file name alone is looked up as the system's loader does). Not
/// thread-safe: call it once, before everything else.
int copenvino_open(const char *path, char *message);

/// Writes the library's build number into `text`.
int copenvino_version(char *text, size_t capacity, char *message);

/// Reads a model from a file or folder, or from ONNX bytes in memory when `path` is NULL.
int copenvino_read(const char *path, const void *bytes, size_t count, copenvino_model **model, char *message);
void copenvino_model_free(copenvino_model *model);

size_t copenvino_port_count(const copenvino_model *model, int is_output);
int copenvino_get_port(
    const copenvino_model *model, int is_output, size_t index, copenvino_port *port, char *message);

/// Fixes the shapes of all inputs: `ranks[i]` lengths of `lengths` for input `i`, one after another.
int copenvino_reshape(
    copenvino_model *model, size_t input_count, const int32_t *ranks, const int64_t *lengths, char *message);

/// Compiles for the CPU; `properties` holds `count` pairs of key and value.
int copenvino_compile(
    const copenvino_model *model, const char *const *properties, size_t count, copenvino_compiled **compiled,
    char *message);
void copenvino_compiled_free(copenvino_compiled *compiled);

/// Writes the value of a property ("INFERENCE_PRECISION_HINT") as text.
int copenvino_get_property(
    const copenvino_compiled *compiled, const char *key, char *text, size_t capacity, char *message);

int copenvino_request_create(const copenvino_compiled *compiled, copenvino_request **request, char *message);
void copenvino_request_free(copenvino_request *request);

/// Lends `data` to the request as input `index` until the next run has ended; nothing is copied.
int copenvino_request_set_input(
    copenvino_request *request, size_t index, int32_t type, int32_t rank, const int64_t *lengths, void *data,
    char *message);

/// Runs and waits. Blocks the calling thread.
int copenvino_request_run(copenvino_request *request, char *message);

/// Gives the shape and the memory of output `index`, good until the next run.
int copenvino_request_output(
    copenvino_request *request, size_t index, copenvino_port *port, const void **data, size_t *byte_count,
    char *message);

#endif
