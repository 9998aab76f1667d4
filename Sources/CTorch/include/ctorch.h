// A plain-C face of the training engine: a table of functions that LightboxTorch, a library of its own, fills.
// The library is opened when it is first needed and never linked: a program that does not train starts
// without it and runs where it is missing.
//
// Every call that can fail returns 0, or another number after it has written one line into `message`.
// Handles are freed by the caller. A handle belongs to one thread at a time.
#ifndef CTORCH_H
#define CTORCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A tensor of 32-bit floats (bfloat16 inside a network), on the processor or on a GPU.
typedef struct ctorch_tensor ctorch_tensor;
typedef struct ctorch_optimizer ctorch_optimizer;
typedef struct ctorch_group ctorch_group;
/// Ends every wait of a group's calls; any thread may ring it.
typedef struct ctorch_alarm ctorch_alarm;

enum { CTORCH_VERSION = 2, CTORCH_MESSAGE = 2048, CTORCH_RANK = 8 };

/// How an array of the caller (always row-major, in Keras's order) lies in a tensor.
enum ctorch_layout {
    /// As it is.
    CTORCH_PLAIN = 0,
    /// height × width × in × out to out × in × height × width, channels last in memory.
    CTORCH_KERNEL,
    /// height × width × channels × multiplier to (channels · multiplier) × 1 × height × width.
    CTORCH_DEPTHWISE,
    /// in × out to out × in.
    CTORCH_DENSE,
};

enum ctorch_unary {
    CTORCH_NEGATE = 0, CTORCH_SIGMOID, CTORCH_LOG, CTORCH_EXP, CTORCH_TANH, CTORCH_RELU, CTORCH_ABS,
    CTORCH_SOFTPLUS, CTORCH_SQUARE, CTORCH_SUM, CTORCH_MEAN, CTORCH_SOFTMAX, CTORCH_DETACH,
};

enum ctorch_binary { CTORCH_ADD = 0, CTORCH_SUBTRACT, CTORCH_MULTIPLY, CTORCH_DIVIDE };

enum ctorch_loss {
    CTORCH_SIGMOID_CROSS_ENTROPY = 0, CTORCH_SOFTMAX_CROSS_ENTROPY, CTORCH_BINARY_CROSS_ENTROPY,
    CTORCH_SQUARED_ERROR,
};

enum ctorch_activation {
    CTORCH_LINEAR = 0, CTORCH_ACT_RELU, CTORCH_ACT_RELU6, CTORCH_ACT_SIGMOID, CTORCH_ACT_SOFTMAX, CTORCH_ACT_TANH,
};

enum ctorch_precision { CTORCH_F32 = 0, CTORCH_BF16 };

/// A window that slides over rows and columns, and what is added around its input.
typedef struct {
    int64_t height, width, stride_height, stride_width;
    int64_t top, left, bottom, right;
} ctorch_window;

typedef struct {
    ctorch_tensor *gamma, *beta;  // NULL where the layer lacks them
    ctorch_tensor *moving_mean, *moving_variance;
    double epsilon, momentum;
    int is_training;
    /// CTORCH_LINEAR, CTORCH_ACT_RELU or CTORCH_ACT_RELU6: applied in the same pass.
    int activation;
    /// Whose statistics are averaged; NULL for this process alone.
    ctorch_group *group;
} ctorch_norm;

typedef struct {
    /// 0 Adam (and AdamW: the decay is decoupled either way), 1 stochastic gradient descent.
    int kind;
    double beta1, beta2, epsilon, weight_decay, momentum;
    int is_nesterov;
    /// Of the global norm; 0 for none.
    double clip_norm;
} ctorch_optimizer_settings;

typedef struct ctorch_functions {
    int version;

    // The library. A device is -1 for the processor or the number of a GPU.
    int (*set_threads)(int count, char *message);
    int (*threads)(void);
    int (*gpu_count)(void);
    int (*computes_bf16)(int device);
    /// For this thread: whether what is computed can be differentiated. Returns what held before.
    int (*set_gradients)(int enabled);
    /// For this thread: whether norms on the processor use kernels of their own; on at first. Returns what held.
    int (*set_own_kernels)(int enabled);

    // Tensors
    int (*make)(
        const float *values, int rank, const int64_t *lengths, int layout, int device, ctorch_tensor **made,
        char *message);
    /// Overwrites the values in place.
    int (*write)(
        ctorch_tensor *tensor, const float *values, int rank, const int64_t *lengths, int layout, char *message);
    /// Copies the values out, into the caller's order.
    int (*read)(const ctorch_tensor *tensor, int layout, float *values, int64_t count, char *message);
    void (*release)(ctorch_tensor *tensor);
    int (*rank)(const ctorch_tensor *tensor);
    void (*lengths)(const ctorch_tensor *tensor, int64_t *lengths, int64_t *strides);
    int (*require_gradient)(ctorch_tensor *tensor, char *message);
    /// `gradient` is NULL where there is none.
    int (*gradient)(const ctorch_tensor *tensor, ctorch_tensor **gradient, char *message);
    int (*clear_gradient)(ctorch_tensor *tensor, char *message);
    int (*backward)(const ctorch_tensor *tensor, char *message);
    int (*unary)(int operation, const ctorch_tensor *a, ctorch_tensor **made, char *message);
    int (*binary)(
        int operation, const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **made, char *message);
    /// a · factor + term
    int (*affine)(const ctorch_tensor *a, double factor, double term, ctorch_tensor **made, char *message);
    int (*loss)(
        int kind, const ctorch_tensor *values, const ctorch_tensor *targets, const ctorch_tensor *weights,
        ctorch_tensor **made, char *message);

    // Layers. Feature maps are images × channels × height × width, channels last in memory.
    /// images × height × width × channels to a feature map (a view), or a matrix as it is.
    int (*enter)(const ctorch_tensor *input, int precision, ctorch_tensor **made, char *message);
    /// A feature map to images × height × width × channels, or a matrix as it is; 32-bit floats.
    int (*leave)(const ctorch_tensor *input, ctorch_tensor **made, char *message);
    int (*convolution)(
        const ctorch_tensor *input, const ctorch_tensor *kernel, const ctorch_tensor *bias,
        const ctorch_window *window, int64_t groups, ctorch_tensor **made, char *message);
    int (*dense)(
        const ctorch_tensor *input, const ctorch_tensor *kernel, const ctorch_tensor *bias, ctorch_tensor **made,
        char *message);
    int (*norm)(const ctorch_tensor *input, const ctorch_norm *norm, ctorch_tensor **made, char *message);
    int (*activate)(int activation, const ctorch_tensor *input, ctorch_tensor **made, char *message);
    int (*pool)(
        int is_max, const ctorch_tensor *input, const ctorch_window *window, ctorch_tensor **made, char *message);
    int (*global_pool)(
        int is_max, int keeps_dimensions, const ctorch_tensor *input, ctorch_tensor **made, char *message);
    int (*concatenate)(const ctorch_tensor *const *inputs, int count, ctorch_tensor **made, char *message);
    int (*pad)(
        const ctorch_tensor *input, int64_t top, int64_t left, int64_t bottom, int64_t right, ctorch_tensor **made,
        char *message);
    /// To images × `lengths` in the caller's order (rows, columns, channels).
    int (*reshape)(
        const ctorch_tensor *input, int rank, const int64_t *lengths, ctorch_tensor **made, char *message);
    int (*dropout)(const ctorch_tensor *input, double rate, uint64_t seed, ctorch_tensor **made, char *message);

    // Optimizers
    int (*optimizer_make)(
        const ctorch_optimizer_settings *settings, ctorch_tensor *const *parameters, int count,
        ctorch_optimizer **made, char *message);
    void (*optimizer_release)(ctorch_optimizer *optimizer);
    int (*optimizer_step)(ctorch_optimizer *optimizer, double learning_rate, char *message);
    /// The tensor that is remembered for a parameter (`slot` 0 first, 1 second moment), NULL where there is none.
    int (*optimizer_slot)(
        const ctorch_optimizer *optimizer, int slot, int parameter, ctorch_tensor **made, char *message);
    int64_t (*optimizer_steps)(const ctorch_optimizer *optimizer);
    void (*optimizer_set_steps)(ctorch_optimizer *optimizer, int64_t steps);

    // Process groups
    ctorch_alarm *(*alarm_make)(void);
    void (*alarm_ring)(ctorch_alarm *alarm);
    void (*alarm_release)(ctorch_alarm *alarm);
    /// Rank 0 gives a bound socket in `store`, which is taken over; the others -1. Tensors travel by the interface
    /// of that name, or where it is empty by the one that has the number `own`.
    int (*group_make)(
        const char *address, int port, int store, const char *interface, const char *own, int rank, int count,
        const ctorch_alarm *alarm, ctorch_group **made, char *message);
    /// Whether a call has failed that needed the other processes.
    int (*group_has_failed)(const ctorch_group *group);
    void (*group_release)(ctorch_group *group);
    int (*group_average_gradients)(
        ctorch_group *group, ctorch_tensor *const *parameters, int count, char *message);
    /// From the first process to all.
    int (*group_broadcast)(ctorch_group *group, ctorch_tensor *const *tensors, int count, char *message);
    int (*group_broadcast_bytes)(ctorch_group *group, uint8_t *bytes, int64_t count, char *message);
    int (*group_sum)(ctorch_group *group, double *values, int64_t count, char *message);
    int (*group_barrier)(ctorch_group *group, char *message);
} ctorch_functions;

/// Opens the library at `path` once. Not thread-safe: call it once, before everything else.
int ctorch_open(const char *path, char *message);

/// The functions of the opened library, or NULL.
const ctorch_functions *ctorch_table(void);

#ifdef __cplusplus
}
#endif

#endif
