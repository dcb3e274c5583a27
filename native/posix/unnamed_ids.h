// Users and groups that the kernel cannot name here: in a user namespace that does not map every id, it shows one number for
// all of them. Who has that number may be anybody.
#pragma once
#include <cstdint>

namespace framepipe::posix {

// What stands for all of them, if any is without a name.
constexpr uint32_t kUnnamed = 65534;

// Of a user or group id: whether it may stand for several. Any thread.
bool isUnnamed(int64_t id) noexcept;

}  // namespace framepipe::posix
