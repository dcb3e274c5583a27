// No memory for what a peer sends, or for what is to be sent: a value, and nothing is half done.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string_view>
#include <vector>

#include "check.h"
#include "core/receiver.h"
#include "core/send_queue.h"

namespace {
size_t greatest = SIZE_MAX;  // of one allocation
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return size > greatest ? nullptr : std::malloc(size);
}
void operator delete[](void* bytes) noexcept {
  std::free(bytes);
}
void operator delete[](void* bytes, std::size_t) noexcept {
  std::free(bytes);
}

namespace framepipe {
namespace {

class Scarcity {
 public:
  explicit Scarcity(size_t size) { greatest = size; }
  ~Scarcity() { greatest = SIZE_MAX; }
};

void aBlockIsEmptyWithoutMemory(Checks& check) {
  const Scarcity scarcity(1000);
  const auto pool = std::make_shared<BlockPool>();
  check.that(!Block::make(1001), "!Block::make(1001)");
  check.that(!!Block::make(1000), "!!Block::make(1000)");
  check.that(!BlockPool::take(pool, 64u << 10), "!BlockPool::take(pool, 64u << 10)");
  check.that(!BlockPool::take(nullptr, 64u << 10), "!BlockPool::take(nullptr, 64u << 10)");
  check.that(pool->kept() == 0, "pool->kept() == 0");
}

void aReceiverWithoutMemoryOffersNoRoomAndKeepsWhatCame(Checks& check) {
  constexpr size_t kBefore = 1000;
  Receiver receiver(Framing{});
  Chunk chunk;
  std::span<uint8_t> room = receiver.room();
  const uint8_t header[] = {0, 0, 8, 0};  // 512 KiB follow
  std::fill_n(room.begin(), kBefore, uint8_t{'x'});
  std::copy(std::begin(header), std::end(header), room.begin());
  check.that(!receiver.arrived(kBefore, chunk) && chunk.frames.empty(),
             "!receiver.arrived(kBefore, chunk) && chunk.frames.empty()");
  {
    const Scarcity scarcity(60u << 10);
    check.that(receiver.room().empty(), "receiver.room().empty()");
    check.that(receiver.pending() == kBefore, "receiver.pending() == kBefore");
  }
  size_t missing = 4 + (512u << 10) - kBefore;
  while (missing > 0) {
    room = receiver.room();
    const size_t count = std::min(room.size(), missing);
    check.that(count > 0, "count > 0");
    std::fill_n(room.begin(), count, uint8_t{'x'});
    check.that(!receiver.arrived(count, chunk), "!receiver.arrived(count, chunk)");
    missing -= count;
  }
  check.that(chunk.frames.size() == 1 && chunk.frames[0].end - chunk.frames[0].begin == 512u << 10,
             "chunk.frames.size() == 1 && chunk.frames[0].end - chunk.frames[0].begin == 512u << 10");
  check.that(chunk.data()[chunk.frames[0].begin] == 'x', "chunk.data()[chunk.frames[0].begin] == 'x'");
}

void aQueueWithoutMemoryTakesNoneOfTheFrames(Checks& check) {
  for (const FramingKind kind : {FramingKind::LengthPrefix, FramingKind::Message}) {
    Framing framing;
    framing.kind = kind;
    SendQueue queue(framing);
    const std::vector<uint8_t> small(100, 's'), large(200u << 10, 'l');
    check.that(!queue.append(std::vector<std::span<const uint8_t>>{small}),
               "!queue.append(std::vector<std::span<const uint8_t>>{small})");
    const size_t before = queue.queued();
    {
      const Scarcity scarcity(100u << 10);
      const Failure failure = queue.append(std::vector<std::span<const uint8_t>>{small, large, small});
      check.that(!!failure && std::string_view(failure.code) == "ENOMEM",
                 "failure && std::string_view(failure.code) == \"ENOMEM\"");
    }
    check.that(queue.queued() == before, "queue.queued() == before");
    check.that(!queue.append(std::vector<std::span<const uint8_t>>{small, large}),
               "!queue.append(std::vector<std::span<const uint8_t>>{small, large})");
    std::array<std::span<const uint8_t>, 8> stretches;
    size_t bytes = 0;
    for (size_t i = 0, count = queue.gather(stretches); i < count; ++i) bytes += stretches[i].size();
    check.that(bytes == queue.queued(), "bytes == queue.queued()");
    check.that(bytes == 2 * before + large.size() + (kind == FramingKind::LengthPrefix ? 4 : 0),
               "bytes == 2 * before + large.size() + (kind == FramingKind::LengthPrefix ? 4 : 0)");
  }
}

void aReadBringsNoMoreTinyFramesThanAreHandledInATurn(Checks& check) {
  Framing framing;
  framing.kind = FramingKind::Varint;
  Receiver receiver(framing);
  Chunk chunk;
  for (int i = 0; i < 20; ++i) {
    const std::span<uint8_t> room = receiver.room();
    std::fill(room.begin(), room.end(), uint8_t{0});  // an empty frame each
    check.that(!receiver.arrived(room.size(), chunk), "!receiver.arrived(room.size(), chunk)");
    check.that(chunk.frames.size() <= 2 * Receiver::kFramesInRead,
               "chunk.frames.size() <= 2 * Receiver::kFramesInRead");
  }
}

}  // namespace
}  // namespace framepipe

int main() {
  using namespace framepipe;
  Checks check;
  aBlockIsEmptyWithoutMemory(check);
  aReceiverWithoutMemoryOffersNoRoomAndKeepsWhatCame(check);
  aQueueWithoutMemoryTakesNoneOfTheFrames(check);
  aReadBringsNoMoreTinyFramesThanAreHandledInATurn(check);
  return check.report();
}
