// libsvm (Chang and Lin), opened when a support vector machine is first trained.
#ifndef CSVM_H
#define CSVM_H

#include <libsvm/svm.h>

typedef struct {
    struct svm_model *_Nullable (*_Nonnull train)(
        const struct svm_problem *_Nonnull problem, const struct svm_parameter *_Nonnull parameter);
    void (*_Nonnull free_model)(struct svm_model *_Nullable *_Nonnull model);
    const char *_Nullable (*_Nonnull check)(
        const struct svm_problem *_Nonnull problem, const struct svm_parameter *_Nonnull parameter);
} csvm_functions;

/// Opens the library, once, and silences it.
///
/// @return NULL where it is missing; then `message` says why.
const csvm_functions *_Nullable csvm_open(const char *_Nullable *_Nonnull message);

#endif
