#pragma once
#ifdef __cplusplus
extern "C" {
#endif
typedef struct ctorch_functions {
    int version;
} ctorch_functions;
#ifdef __cplusplus
}
#endif
