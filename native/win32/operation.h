// An overlapped request. While Windows has it, it keeps its owner, and so itself and its buffer, alive.
#pragma once
#include <windows.h>

#include <memory>
#include <utility>

namespace framepipe::win32 {

class Operation;

struct Completion {
  DWORD error = ERROR_SUCCESS;
  DWORD bytes = 0;
};

class OperationOwner {
 public:
  // Port thread: `operation` has come home and may be issued again.
  virtual void completed(Operation& operation, Completion completion) noexcept = 0;

 protected:
  ~OperationOwner() = default;
};

// It *is* an OVERLAPPED, which is what makes the packet find it. A member of its owner; who issues it
// and who receives its packet use it, never both.
class Operation : public OVERLAPPED {
 public:
  Operation() : OVERLAPPED{} {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Before it is issued: the packet may arrive before the call returns.
  OVERLAPPED* lend(std::shared_ptr<OperationOwner> owner) {
    static_cast<OVERLAPPED&>(*this) = {};
    owner_ = std::move(owner);
    return this;
  }

  // When its packet has arrived, or when none will.
  std::shared_ptr<OperationOwner> takeBack() { return std::move(owner_); }

 private:
  std::shared_ptr<OperationOwner> owner_;
};

}  // namespace framepipe::win32
