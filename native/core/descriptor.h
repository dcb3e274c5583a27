// An open file on its way to JavaScript: dropped on the way, it is closed. Any thread.
#pragma once
#include <utility>

namespace framepipe {

class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(int number, void (*close)(int)) : number_(number), close_(close) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()), close_(other.close_) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }
  // Whoever gets the number closes it from now on.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
  void (*close_)(int) = nullptr;
};

}  // namespace framepipe
