#pragma once
#include "include/CDICOMCodecs.h"

#include <cstdio>
#include <exception>
#include <new>

namespace lightbox {

inline int fail(char *message, const char *reason) {
    std::snprintf(message, LIGHTBOX_CODEC_MESSAGE, "%s", reason);
    return 1;
}

/// Runs `body`; no exception leaves it.
template <typename Body> int guarded(char *message, Body body) {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return fail(message, "not enough memory");
    } catch (const std::exception &error) {
        return fail(message, error.what());
    } catch (...) {
        return fail(message, "the codec stopped with an unknown exception");
    }
}

}  // namespace lightbox
