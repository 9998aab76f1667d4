// Names of gloo that libtorch's ProcessGroupGloo.hpp mentions. The headers that libtorch ships leave gloo's own
// out although the library contains it; LightboxTorch only passes pointers to these types on, and makes none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gloo {

struct Context {
    void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {
struct Device;
struct UnboundBuffer;
}  // namespace transport

namespace rendezvous {

struct Store {
    virtual ~Store();
    virtual void set(const std::string &key, const std::vector<char> &value) = 0;
    virtual std::vector<char> get(const std::string &key) = 0;
    virtual void wait(const std::vector<std::string> &keys) = 0;
    virtual void wait(const std::vector<std::string> &keys, const std::chrono::milliseconds &timeout) = 0;
};

}  // namespace rendezvous
}  // namespace gloo
