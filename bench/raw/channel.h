// A pipe by the operating system's own calls and nothing else: what any library can reach at best.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace raw {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual size_t read(uint8_t* into, size_t size) = 0;  // 0: the peer closed
  virtual void write(const uint8_t* bytes, size_t size) = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual std::unique_ptr<Channel> accept() = 0;
};

std::unique_ptr<Listener> listen(const std::string& path);
std::unique_ptr<Channel> connect(const std::string& path);

int64_t nanoseconds();  // the same clock in every process
double cpuSeconds();    // of this process

[[noreturn]] void fail(const char* operation);

}  // namespace raw
