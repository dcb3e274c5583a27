// Chunks of complete frames, however the bytes arrive; and what memory that takes.
#include "core/receiver.h"

#include <algorithm>
#include <deque>

#include "check.h"
#include "streams.h"

namespace framepipe {
namespace {

using namespace std::string_literals;

// What a peer has sent, read as an operating system gives it.
class Pipe {
 public:
  explicit Pipe(const Framing& framing, std::shared_ptr<BlockPool> pool = nullptr)
      : receiver(framing, std::move(pool)) {}

  // One read of `wire` from `at`, of at most `most` bytes. Returns how many it brought in.
  size_t read(std::span<const uint8_t> wire, size_t most) {
    const std::span<uint8_t> room = receiver.room();
    const size_t count = std::min({most, wire.size(), room.size()});
    if (count > 0) std::memcpy(room.data(), wire.data(), count);
    largest_room = std::max(largest_room, room.size());
    Chunk chunk;
    failure = receiver.arrived(count, chunk);
    take(std::move(chunk));
    ++reads;
    return count;
  }

  void readAll(const std::string& wire, size_t most = SIZE_MAX) {
    for (size_t at = 0; at < wire.size() && !failure;) at += read(bytesOf(wire).subspan(at), most);
  }

  void take(Chunk&& chunk) {
    if (chunk.frames.empty()) return;
    const char* data = reinterpret_cast<const char*>(chunk.data());
    for (const Boundary& frame : chunk.frames) {
      decoded.frames.emplace_back(data + frame.begin, frame.end - frame.begin);
      views.push_back({data + frame.begin, frame.end - frame.begin});
    }
    bytes += chunk.length;
    if (keep) kept.push_back(std::move(chunk));
  }

  const Decoded& end() {
    Chunk chunk;
    failure = receiver.ended(chunk);
    for (const Boundary& frame : chunk.frames)
      decoded.frames.emplace_back(reinterpret_cast<const char*>(chunk.data()) + frame.begin, frame.end - frame.begin);
    decoded.error = failure.frame;
    return decoded;
  }

  Receiver receiver;
  Decoded decoded;
  Failure failure;
  std::vector<std::string_view> views;  // good as long as the chunks are kept
  std::deque<Chunk> kept;
  bool keep = false;
  size_t reads = 0, bytes = 0, largest_room = 0;
};

std::string framesOf(size_t count, size_t size) {
  std::string wire;
  for (size_t i = 0; i < count; ++i)
    wire += encoded(lengthPrefix(), std::string(size, static_cast<char>('a' + i % 26)));
  return wire;
}

// The same frames whatever a read brings, whether chunks are kept for long or given back at once.
void checkPieces(Checks& check) {
  Random random(3);
  for (const Framing& framing : {lengthPrefix(), varint(), lines(), contentLength(), delimited("abc")}) {
    std::string wire;
    Decoded wanted;
    for (int i = 0; i < 400; ++i) {
      const uint32_t kind = random.below(20);
      std::string frame(kind == 0  ? 100000 + random.below(100000)
                        : kind < 4 ? random.below(9000)
                                   : random.below(100),
                        'x');
      for (size_t j = 0; j < frame.size(); j += 7) frame[j] = static_cast<char>('A' + random.below(26));
      wire += encoded(framing, frame);
      wanted.frames.push_back(std::move(frame));
    }
    for (const bool keep : {false, true}) {
      for (const uint32_t most : {1u << 20, 70000u, 5000u, 300u}) {
        Pipe pipe(framing, std::make_shared<BlockPool>());
        pipe.keep = keep;
        for (size_t at = 0; at < wire.size();) {
          at += pipe.read(bytesOf(wire).subspan(at), 1 + random.below(most));
          if (random.below(10) == 0) pipe.receiver.release();
          if (keep && random.below(3) == 0 && pipe.kept.size() > 20) pipe.kept.clear(), pipe.views.clear();
        }
        const std::string name = "kind " + std::to_string(int(framing.kind)) + ", reads of " + std::to_string(most);
        check.equal(pipe.end(), wanted, name);
        check.equal(pipe.bytes, wire.size(), name + ": every byte counted once");
        const size_t first = wanted.frames.size() - pipe.views.size();
        for (size_t i = 0; keep && i < pipe.views.size(); ++i)
          if (pipe.views[i] != wanted.frames[first + i]) check.that(false, name + ": a kept frame changed");
      }
    }
  }
}

void checkBlocks(Checks& check) {
  Pipe pipe(lengthPrefix());
  pipe.keep = true;
  pipe.readAll(framesOf(1, 10));
  pipe.readAll(framesOf(1, 10));
  check.that(pipe.kept[0].block == pipe.kept[1].block, "later reads append to the block of a chunk that is held");
  check.equal(pipe.kept[1].begin, 14u, "behind it");
  check.equal(pipe.kept[1].length, 14u, "a chunk's length counts headers");
  const Block* block = pipe.kept[0].block.get();
  pipe.kept.clear();
  pipe.readAll(framesOf(1, 10));
  check.that(pipe.kept[0].block.get() == block && pipe.kept[0].begin == 0, "nobody holds it: it is filled again");
}

void checkMemory(Checks& check) {
  const auto room = [](Receiver& receiver) { return receiver.room().size(); };
  Receiver idle(lengthPrefix());
  check.that(room(idle) <= 4096, "a new connection takes 4 KiB");

  Pipe busy(lengthPrefix());
  busy.readAll(framesOf(20000, 64));
  check.that(busy.largest_room > 128 << 10 && busy.largest_room <= 256 << 10, "a busy one reads up to 256 KiB at once");
  for (int i = 0; i < 20; ++i) busy.readAll(framesOf(1, 64));
  check.that(room(busy.receiver) <= 4096, "and little again when little comes");

  Pipe large(lengthPrefix());
  const std::string wire = framesOf(1, 1u << 20);
  large.readAll(wire.substr(0, 4096));
  check.that(room(large.receiver) <= (64u << 10) + 4096, "a frame of 1 MiB that is merely declared gets 64 KiB");
  large.readAll(wire.substr(4096));
  large.readAll(wire.substr(0, 4096));
  check.equal(room(large.receiver), (1u << 20) + 4 - 4096, "the next one gets all of its room as soon as it is known");

  Framing greatest = lengthPrefix();
  greatest.max_frame_length = kMaxFrameLength;
  Pipe huge(greatest);
  huge.readAll("\0\0\0\x40"s + std::string(4092, 'x'));
  check.that(room(huge.receiver) <= (64u << 10) + 4096, "one that says 1 GiB gets 64 KiB");
  size_t sent = 4096;
  const std::string part(64u << 10, 'x');
  while (sent < 40u << 20) {
    sent += huge.read(bytesOf(part), part.size());
    if (room(huge.receiver) + sent > 2 * sent + (64u << 10)) break;
  }
  check.that(sent >= 40u << 20, "and never more than twice what has come");

  Pipe limited(lengthPrefix());
  limited.readAll(framesOf(20000, 64));
  check.that(limited.receiver.room(1, 10000).size() <= 10000, "no more than what is asked for");
  check.that(limited.receiver.room(20000, 10000).size() >= 20000, "unless that is too little");
  limited.readAll(wire.substr(0, 4096));
  while (limited.receiver.pending() > 0) {
    const size_t missing = wire.size() - limited.receiver.pending(), most = limited.receiver.room(1, 100).size();
    if (!check.that(most <= missing + 256, "beyond the frame that has begun")) break;
    limited.read(bytesOf(wire).subspan(limited.receiver.pending()), missing);
  }

  Pipe again(lengthPrefix());
  again.readAll(framesOf(1, 8u << 20));
  const std::string next = framesOf(1, 8u << 20);
  again.readAll(next.substr(0, 4096));
  again.read(bytesOf(next).subspan(4096), 1);
  check.that(room(again.receiver) <= (1u << 20) + (16u << 10), "another one of 8 MiB that is declared gets 1 MiB");
  size_t held = 0;
  for (size_t at = 4097; at < next.size(); at += again.read(bytesOf(next).subspan(at), SIZE_MAX)) {
    held = std::max(held, room(again.receiver) + again.receiver.pending());
    if (!check.that(held <= std::max<size_t>(2 * again.receiver.pending() + (64u << 10), (1u << 20) + (16u << 10)),
                    "and no more than twice what has come"))
      break;
  }
  check.equal(again.decoded.frames.size(), 2u, "it comes as it was sent");
}

// Reads are few: a frame that is in the pipe comes in one or two, once it is known what comes.
void checkReads(Checks& check) {
  for (const size_t size : {64u, 1000u, 16u << 10, 64u << 10, 1u << 20}) {
    const size_t count = std::max<size_t>(32, (8u << 20) / size);
    Pipe pipe(lengthPrefix());
    pipe.readAll(framesOf(count, size), 208u << 10);
    const size_t needed = (count * (size + 4)) / (208u << 10);
    check.that(pipe.reads <= 2 * needed + 30, std::to_string(pipe.reads) + " reads for " + std::to_string(count) +
                                                  " frames of " + std::to_string(size));
  }
}

void checkMessages(Checks& check) {
  Framing framing = message();
  framing.max_frame_length = 10000;
  Receiver receiver(framing);
  Chunk chunk;
  const auto arrive = [&](const std::string& part, bool ends) {
    const std::span<uint8_t> room = receiver.room(std::max<size_t>(part.size(), 1));
    std::copy(part.begin(), part.end(), room.begin());
    return receiver.arrived(part.size(), chunk, ends);
  };
  const auto text = [&] {
    return chunk.frames.size() == 1
               ? std::string(reinterpret_cast<const char*>(chunk.data()) + chunk.frames[0].begin, chunk.frames[0].end)
               : "none"s;
  };
  check.that(!arrive("abc", true), "a message");
  check.equal(text(), "abc", "a message");
  check.that(!arrive("", true), "an empty message");
  check.equal(text(), "", "an empty message");
  check.that(!arrive(std::string(4096, 'a'), false) && chunk.frames.empty(), "a part of a message");
  check.equal(receiver.pending(), 4096u, "a part of a message is held");
  check.that(!arrive(std::string(5000, 'b'), true), "the rest");
  check.equal(text(), std::string(4096, 'a') + std::string(5000, 'b'), "both parts");
  check.equal(chunk.length, 9096u, "what counts against the high-water mark");
  check.that(receiver.room(9000).size() >= 9000, "room for a message whose size is known");
  check.that(!arrive("x", false), "a part");
  const Failure truncated = receiver.ended(chunk);
  check.equal(std::string(truncated.code), "ERR_FRAME_TRUNCATED", "an end within a message");
  check.equal(truncated.frame.position, 9099u, "where it began");

  Receiver other(framing);
  other.room(10001);
  const Failure failure = other.arrived(10001, chunk, false);
  check.that(failure && std::string(failure.code) == "ERR_FRAME_TOO_LARGE", "a message above the limit");
  check.that(!Receiver(framing).ended(chunk), "an end between messages");
}

void checkFailures(Checks& check) {
  Pipe pipe(lengthPrefix());
  pipe.readAll("\1\0\0\0a\xff\xff\xff\xff"s);
  check.equal(std::string(pipe.failure.code), "ERR_FRAME_TOO_LARGE", "a frame too large");
  check.equal(std::string(pipe.failure.syscall), "read", "found when reading");
  check.equal(pipe.decoded.frames.size(), 1u, "the frame before it is there");
  pipe.read(bytesOf("\1\0\0\0b"s), 5);
  check.equal(pipe.decoded.frames.size(), 1u, "nothing after it");
  check.equal(std::string(pipe.end().error.code), "ERR_FRAME_TOO_LARGE", "the end says why");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkPieces(check);
  framepipe::checkBlocks(check);
  framepipe::checkMemory(check);
  framepipe::checkReads(check);
  framepipe::checkMessages(check);
  framepipe::checkFailures(check);
  return check.report();
}
