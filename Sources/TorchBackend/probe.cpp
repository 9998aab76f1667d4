#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include "ctorch.h"
extern "C" int torch_backend_probe() {
    at::Tensor t = at::ones({2, 3});
    return (int)t.sum().item<float>();
}
