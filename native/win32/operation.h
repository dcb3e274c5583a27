// An overlapped request. While Windows has it, it keeps its owner, and so itself and its buffer, alive.
#pragma once
#include <windows.h>

#include <utility>

namespace framepipe::win32 {

struct Completion {
  DWORD error = ERROR_SUCCESS;
  DWORD bytes = 0;
};

// It *is* an OVERLAPPED, which is what makes the packet find it. A member of its owner.
class Operation : public OVERLAPPED {
 public:
  Operation() : OVERLAPPED{} {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Port thread: its packet has arrived, and it may be issued again.
  virtual void completed(const Completion& completion) noexcept = 0;

 protected:
  ~Operation() = default;
};

// One that knows its handler. `Keeper` points to the owner, and keeps it alive while the packet is awaited.
template <class Keeper, auto handler>
class OperationFor final : public Operation {
 public:
  // Before it is issued: the packet may arrive before the call returns.
  OVERLAPPED* begin(Keeper keeper) {
    static_cast<OVERLAPPED&>(*this) = {};
    keeper_ = std::move(keeper);
    return this;
  }

  // When no packet will come.
  Keeper end() { return std::move(keeper_); }

  void completed(const Completion& completion) noexcept override {
    const Keeper keeper = end();  // it may have been the last one to keep the owner alive
    ((*keeper).*handler)(completion);
  }

 private:
  Keeper keeper_;
};

}  // namespace framepipe::win32
