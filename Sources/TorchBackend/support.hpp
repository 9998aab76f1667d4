// What every file of the backend shares: the handles, and where C++ exceptions end.
#pragma once

#include <ATen/ATen.h>

#include <c10/core/GradMode.h>

#include <cstdio>
#include <exception>

#include "ctorch.h"

struct ctorch_tensor {
    at::Tensor value;
};

/// Runs `body`; an exception becomes a line in `message` and the status 1.
template <typename Body>
int guarded(char *message, Body body) {
    try {
        body();
        return 0;
    } catch (const c10::Error &error) {
        std::snprintf(message, CTORCH_MESSAGE, "%s", error.what_without_backtrace());
    } catch (const std::exception &error) {
        std::snprintf(message, CTORCH_MESSAGE, "%s", error.what());
    } catch (...) {
        std::snprintf(message, CTORCH_MESSAGE, "unknown error");
    }
    return 1;
}

/// Runs `body` and hands its tensor out.
template <typename Body>
int making(ctorch_tensor **made, char *message, Body body) {
    *made = nullptr;
    return guarded(message, [&] { *made = new ctorch_tensor{body()}; });
}

inline at::Tensor optional(const ctorch_tensor *tensor) { return tensor ? tensor->value : at::Tensor(); }

// Each file fills its part of the table.
void fill_tensors(ctorch_functions &table);
void fill_losses(ctorch_functions &table);
void fill_layers(ctorch_functions &table);
void fill_norm(ctorch_functions &table);
void fill_optimizer(ctorch_functions &table);
void fill_group(ctorch_functions &table);
