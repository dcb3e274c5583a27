// Reads of any size, chunks held or given back, release() in between: the frames that a decoder finds in one piece; held
// chunks never change; and no more memory than what has come accounts for.
#include "core/receiver.h"

#include <algorithm>
#include <deque>

#include "input.h"

namespace framepipe {
namespace {

struct Held {
  Chunk chunk;
  std::string copy;
  bool unchanged() const { return std::memcmp(chunk.data(), copy.data(), copy.size()) == 0; }
};

class Run {
 public:
  explicit Run(const Framing& framing) : receiver_(framing, std::make_shared<BlockPool>()) {}

  void read(std::span<const uint8_t> wire, size_t most, size_t& at) {
    const std::span<uint8_t> room = receiver_.room();
    must(!room.empty(), "there is room");
    // One frame is trusted to be 1 MiB; what is likely to follow doubles once.
    must(room.size() <= (1u << 20) + (16u << 10) + 4 * (at + 4096), "room for what has come, and a step");
    const size_t count = std::min({most, room.size(), wire.size() - at});
    if (count > 0) std::memcpy(room.data(), wire.data() + at, count);
    std::memset(room.data() + count, 0xdd, room.size() - count);  // nobody may read there
    at += count;
    Chunk chunk;
    failure_ = receiver_.arrived(count, chunk);
    must(receiver_.pending() <= at, "pending");
    if (!chunk.frames.empty()) keep(std::move(chunk));
  }

  void keep(Chunk chunk) {
    const char* bytes = reinterpret_cast<const char*>(chunk.data());
    for (const Boundary& frame : chunk.frames)
      decoded_.frames.emplace_back(bytes + frame.begin, frame.end - frame.begin);
    counted_ += chunk.length;
    std::string copy(bytes, chunk.length);
    held_.push_back({.chunk = std::move(chunk), .copy = std::move(copy)});
  }

  void giveBack(size_t count) {
    for (; count > 0 && !held_.empty(); --count) {
      must(held_.front().unchanged(), "a held chunk is as it was");
      held_.pop_front();
    }
  }

  void release() { receiver_.release(); }
  bool failed() const { return static_cast<bool>(failure_); }

  const Decoded& end() {
    Chunk chunk;
    decoded_.error = receiver_.ended(chunk).frame;
    if (!chunk.frames.empty()) keep(std::move(chunk));
    giveBack(held_.size());
    return decoded_;
  }
  size_t counted() const { return counted_; }

 private:
  Receiver receiver_;
  Failure failure_;
  Decoded decoded_;
  std::deque<Held> held_;
  size_t counted_ = 0;
};

}  // namespace
}  // namespace framepipe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace framepipe;
  Input input(data, size);
  const Framing framing = input.framing();
  std::vector<uint8_t> steps;
  for (size_t left = 1 + input.byte() % 16; left > 0; --left) steps.push_back(input.byte());
  // The stream several times over: blocks fill up, and frames lie across their ends.
  const size_t times = 1 + input.byte();
  const std::string part = input.rest();
  std::string wire;
  for (size_t i = 0; i < times && wire.size() < 300000; ++i) wire += part;

  Run run(framing);
  for (size_t i = 0, at = 0; at < wire.size() && !run.failed(); ++i) {
    const uint8_t step = steps[i % steps.size()];
    run.read(bytesOf(wire), step & 1 ? 1 + step : size_t{64} * (1 + step), at);
    if (step & 2) run.giveBack(1 + step % 5);
    if (step & 4) run.release();
  }
  const Decoded whole = decode(framing, wire);
  const Decoded& parts = run.end();
  if (framing.kind != FramingKind::Raw && framing.kind != FramingKind::Custom)
    must(parts == whole, "the frames that a decoder finds in one piece");
  if (!whole.error) must(run.counted() == wire.size(), "every byte counts once");
  return 0;
}
