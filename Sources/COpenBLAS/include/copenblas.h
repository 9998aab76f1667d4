// The few routines of BLAS and LAPACK that Lightbox computes with, of OpenBLAS, which is opened when they are first
// needed. Signatures: BLAS Technical Forum standard, annex B (cblas); LAPACK Users' Guide (the Fortran names).
#ifndef COPENBLAS_H
#define COPENBLAS_H

enum { COPENBLAS_ROW_MAJOR = 101, COPENBLAS_NO_TRANS = 111, COPENBLAS_TRANS = 112, COPENBLAS_UPPER = 121 };

typedef struct {
    void (*_Nonnull sgemm)(
        int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *_Nonnull a, int lda,
        const float *_Nonnull b, int ldb, float beta, float *_Nonnull c, int ldc);
    void (*_Nonnull dgemm)(
        int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *_Nonnull a, int lda,
        const double *_Nonnull b, int ldb, double beta, double *_Nonnull c, int ldc);
    void (*_Nonnull dsyrk)(
        int order, int uplo, int trans, int n, int k, double alpha, const double *_Nonnull a, int lda, double beta,
        double *_Nonnull c, int ldc);
    void (*_Nonnull dsyevr)(
        const char *_Nonnull jobz, const char *_Nonnull range, const char *_Nonnull uplo, const int *_Nonnull n,
        double *_Nonnull a, const int *_Nonnull lda, const double *_Nonnull vl, const double *_Nonnull vu,
        const int *_Nonnull il, const int *_Nonnull iu, const double *_Nonnull abstol, int *_Nonnull m,
        double *_Nonnull w, double *_Nonnull z, const int *_Nonnull ldz, int *_Nonnull isuppz, double *_Nonnull work,
        const int *_Nonnull lwork, int *_Nonnull iwork, const int *_Nonnull liwork, int *_Nonnull info);
    void (*_Nonnull dpotrf)(
        const char *_Nonnull uplo, const int *_Nonnull n, double *_Nonnull a, const int *_Nonnull lda,
        int *_Nonnull info);
    void (*_Nonnull dtrtri)(
        const char *_Nonnull uplo, const char *_Nonnull diag, const int *_Nonnull n, double *_Nonnull a,
        const int *_Nonnull lda, int *_Nonnull info);
} copenblas_functions;

/// Opens the library, once.
///
/// @return NULL where it is missing; then `message` says why.
const copenblas_functions *_Nullable copenblas_open(const char *_Nullable *_Nonnull message);

#endif
