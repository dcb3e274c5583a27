// How many connections each client user has at once, and how many more were refused. Any thread.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace framepipe {

class UserCounts {
 public:
  explicit UserCounts(uint32_t most) : most_(most) {}

  // Whether anybody is to be counted.
  bool limits() const { return most_ > 0; }

  // A user by any name that is its own. False: it has as many as it may; that is counted. What entered leaves.
  bool enter(const std::string& user) {
    const std::lock_guard lock(mutex_);
    uint32_t& count = counts_[user];
    if (count >= most_) {
      ++refused_;
      return false;
    }
    ++count;
    return true;
  }

  void leave(const std::string& user) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(user);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

  uint64_t refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

 private:
  const uint32_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, uint32_t> counts_;
  uint64_t refused_ = 0;
};

}  // namespace framepipe
