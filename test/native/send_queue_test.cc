// Frames out of the queue as they went in, in few stretches, whatever the operating system takes at a time.
#include "core/encoded_frames.h"

#include <algorithm>
#include <cstring>

#include "check.h"
#include "streams.h"

namespace framepipe {
namespace {

using namespace std::string_literals;

using Spans = std::vector<std::span<const uint8_t>>;

Failure append(SendQueue& queue, const std::vector<std::string>& frames) {
  Spans spans;
  for (const std::string& frame : frames) spans.push_back(bytesOf(frame));
  return queue.append(spans);
}

Spans stretches(const SendQueue& queue) {
  Spans spans(1000);
  spans.resize(queue.gather(spans));
  return spans;
}

std::string contents(const SendQueue& queue) {
  std::string bytes;
  for (const std::span<const uint8_t> stretch : stretches(queue)) bytes.append(stretch.begin(), stretch.end());
  return bytes;
}

void checkOrder(Checks& check) {
  Random random(11);
  for (const Framing& framing : {lengthPrefix(), varint(), lines(), contentLength(), raw()}) {
    SendQueue queue(framing, std::make_shared<BlockPool>());
    std::string wire, got;
    const auto take = [&](bool all) {
      Spans spans(1 + random.below(4));
      spans.resize(queue.gather(spans));
      size_t offered = 0;
      for (const auto& span : spans) offered += span.size();
      const size_t taken = all ? offered : random.below(static_cast<uint32_t>(offered) + 1);
      // What is in flight stays readable: the first stretch by its holder, also after sent().
      const BlockRef held = queue.front();
      size_t left = taken;
      for (const auto& span : spans) {
        const size_t part = std::min(left, span.size());
        got.append(span.begin(), span.begin() + static_cast<std::ptrdiff_t>(part));
        left -= part;
      }
      const size_t start = got.size() - taken;
      queue.sent(taken);
      const size_t first = spans.empty() ? 0 : std::min(taken, spans[0].size());
      check.that(first == 0 || std::memcmp(spans[0].data(), got.data() + start, first) == 0, "held while in flight");
    };
    for (int i = 0; i < 2000; ++i) {
      std::vector<std::string> frames(random.below(5));
      for (std::string& frame : frames) {
        frame.assign(random.below(50) == 0 ? random.below(200000) : random.below(200),
                     static_cast<char>('a' + random.below(26)));
        wire += encoded(framing, frame);
      }
      check.that(!append(queue, frames), "appended");
      if (!queue.empty()) take(false);
    }
    check.equal(queue.queued(), wire.size() - got.size(), "bytes queued");
    while (!queue.empty()) take(true);
    check.that(got == wire, "all bytes in order, kind " + std::to_string(int(framing.kind)));
    check.equal(queue.queued(), 0u, "nothing queued at the end");
    check.that(queue.front() == nullptr, "no block at the end");
  }
}

void checkStretches(Checks& check) {
  SendQueue queue(lengthPrefix());
  append(queue, std::vector<std::string>(1000, std::string(64, 'x')));
  check.that(stretches(queue).size() <= 4, "1000 small frames lie in few stretches");
  queue.clear();
  check.that(queue.empty() && queue.queued() == 0, "cleared");
  append(queue, {std::string(300000, 'x')});
  check.equal(stretches(queue).size(), 1u, "a large frame and its header lie in one stretch");
  append(queue, {"abc"});
  check.equal(stretches(queue).size(), 2u, "its block is no larger than it");
  Spans two(1);
  check.equal(queue.gather(two), 1u, "no more stretches than asked for");
  queue.sent(100);
  check.equal(stretches(queue)[0].size(), 300004u - 100, "what was taken is gone");
  check.equal(queue.queued(), 300004u - 100 + 7, "and not counted");
}

// All or nothing, at every place where a frame may be refused.
void checkRefused(Checks& check) {
  for (const Framing& framing : {lengthPrefix(1), lines()}) {
    const std::string bad = framing.kind == FramingKind::Delimited ? "a\nb"s : std::string(256, 'x');
    for (size_t before : {0u, 1u, 60u, 5000u}) {
      for (size_t good = 0; good < 800; good += 1 + good / 2) {
        SendQueue queue(framing);
        append(queue, std::vector<std::string>(before, "queued before"));
        const std::string contents_before = contents(queue);
        std::vector<std::string> frames(good, std::string(100, 'y'));
        frames.push_back(bad);
        frames.push_back("z");
        const Failure failure = append(queue, frames);
        check.that(failure && std::string(failure.syscall) == "write", "refused");
        check.that(contents(queue) == contents_before && queue.queued() == contents_before.size(),
                   std::to_string(good) + " frames before the bad one: nothing of them is queued");
        append(queue, {"after"});
        check.that(contents(queue) == contents_before + encoded(framing, "after"), "and the next one is, in its place");
      }
    }
  }
}

void checkMessages(Checks& check) {
  SendQueue queue(message());
  append(queue, {"abc", "", "d", std::string(100000, 'x'), ""});
  const size_t sizes[] = {3, 0, 1, 100000, 0};
  check.equal(stretches(queue).size(), 5u, "a stretch for each message, empty ones too");
  check.equal(queue.queued(), 100004u, "bytes queued");
  for (const size_t size : sizes) {
    check.that(!queue.empty(), "not empty before the last");
    check.equal(stretches(queue)[0].size(), size, "a message");
    queue.sent(size);
  }
  check.that(queue.empty() && queue.queued() == 0, "empty after the last");
  SendQueue bytes(raw());
  append(bytes, {"", ""});
  check.that(bytes.empty(), "an empty chunk of raw bytes is nothing to write");
}

void checkMemory(Checks& check) {
  SendQueue queue(lengthPrefix());
  append(queue, {"abc"});
  const uint8_t* first = stretches(queue)[0].data();
  queue.sent(7);
  append(queue, {"def"});
  check.that(stretches(queue)[0].data() == first, "what is sent at once, again and again, stays in one place");
  check.that(queue.front()->size() <= 4096, "of 4 KiB at most");
  const BlockRef in_flight = queue.front();
  queue.sent(7);
  append(queue, {"ghi"});
  check.that(!(queue.front() == in_flight), "unless somebody still holds it");

  SendQueue full(raw());
  for (int i = 0; i < 100000; ++i) append(full, {"x"});
  check.that(contents(full) == std::string(100000, 'x'), "blocks are filled to the last byte, and not beyond");

  const auto pool = std::make_shared<BlockPool>();
  SendQueue large(lengthPrefix(), pool);
  append(large, {std::string(200000, 'x')});
  const uint8_t* place = stretches(large)[0].data();
  large.sent(200004);
  append(large, {std::string(200000, 'y')});
  check.that(stretches(large)[0].data() == place, "large blocks are used again");
}

EncodedFrames encodedFrames(const Framing& framing, const std::vector<std::string>& frames,
                            std::shared_ptr<BlockPool> pool = nullptr) {
  EncodedFrames encoded(framing, std::move(pool));
  Spans spans;
  for (const std::string& frame : frames) spans.push_back(bytesOf(frame));
  encoded.encode(spans);
  return encoded;
}

// Among what is each queue's own, in its place; and nobody writes into what others have, too.
void checkShared(Checks& check) {
  Random random(12);
  for (const Framing& framing : {lengthPrefix(), lines(), message()}) {
    std::vector<SendQueue> queues;
    std::vector<std::string> wires(3);
    for (size_t i = 0; i < wires.size(); ++i) queues.emplace_back(framing);
    const auto takeSome = [&](size_t i) {
      Spans spans(1);
      if (queues[i].gather(spans) == 0) return;
      const bool whole = framing.kind == FramingKind::Message;
      const size_t taken = whole ? spans[0].size() : random.below(static_cast<uint32_t>(spans[0].size()) + 1);
      check.that(std::memcmp(spans[0].data(), wires[i].data(), taken) == 0, "as it was sent");
      wires[i].erase(0, taken);
      queues[i].sent(taken);
    };
    for (int round = 0; round < 400; ++round) {
      std::vector<std::string> frames(random.below(4));
      for (std::string& frame : frames)
        frame.assign(random.below(6) == 0 ? random.below(150000) : random.below(300),
                     static_cast<char>('a' + random.below(26)));
      {
        const EncodedFrames encoded = encodedFrames(framing, frames);
        for (size_t i = 0; i < queues.size(); ++i) {
          const std::string own = std::to_string(i) + " of " + std::to_string(round);
          if (random.below(2) == 0) append(queues[i], {own}), wires[i] += ::framepipe::encoded(framing, own);
          encoded.appendTo(queues[i], /*at_once=*/1);
          for (const std::string& frame : frames) wires[i] += ::framepipe::encoded(framing, frame);
          append(queues[i], {own});
          wires[i] += ::framepipe::encoded(framing, own);
        }
      }
      for (size_t i = 0; i < queues.size(); ++i) {
        check.equal(queues[i].queued(), wires[i].size(), "what is shared counts for each");
        for (size_t takes = random.below(4) * (i + 1); takes > 0; --takes) takeSome(i);
      }
      if (round % 40 != 39) continue;
      for (size_t i = 0; i < queues.size(); ++i) {
        std::string all;
        Spans spans(100000);
        spans.resize(queues[i].gather(spans));
        for (const auto& span : spans) all.append(span.begin(), span.end());
        check.that(all == wires[i], "all bytes in order, of queue " + std::to_string(i));
        queues[i].clear();
        wires[i].clear();
      }
    }
  }
}

void checkSharedMemory(Checks& check) {
  const auto pool = std::make_shared<BlockPool>();
  SendQueue one(lengthPrefix(), pool), two(lengthPrefix(), pool);
  append(one, {"before"});
  {
    const EncodedFrames large = encodedFrames(lengthPrefix(), {std::string(200000, 'x')}, pool);
    large.appendTo(one, /*at_once=*/1);
    large.appendTo(two, /*at_once=*/1);
  }
  check.that(stretches(one)[1].data() == stretches(two)[0].data(), "long ones are in memory once");
  check.equal(stretches(one).size(), 2u, "one stretch each");
  append(two, {"behind"});
  check.equal(stretches(two).size(), 2u, "nothing is put into that memory");
  one.sent(10 + 200004);
  check.equal(pool->kept(), 0u, "it stays while one queue has it");
  two.sent(200003);
  check.equal(pool->kept(), 0u, "to the last byte");
  two.sent(1);
  check.that(pool->kept() >= 200004, "and is free then");
  two.sent(10);
  check.that(one.empty() && two.empty(), "nothing is left");

  for (const Framing& framing : {lengthPrefix(), message()}) {
    const auto used = std::make_shared<BlockPool>();
    SendQueue queue(framing, used);
    for (int i = 0; i < 100; ++i) {
      encodedFrames(framing, {std::string(40000, 'x')}).appendTo(queue, /*at_once=*/1);
      append(queue, {"short"});
    }
    check.that(contents(queue).size() == queue.queued(), "all of it");
    queue.clear();
    check.that(used->kept() <= 2 * SendQueue::kGreatestGathered, "short ones between long ones hold no block each");
  }

  const EncodedFrames small = encodedFrames(lengthPrefix(), {std::string(1024, 'x')});
  for (int i = 0; i < 300; ++i) small.appendTo(one, /*at_once=*/1);
  check.that(stretches(one).size() <= 10, "short ones are gathered, also behind each other");
  check.equal(one.queued(), 300u * 1028, "and counted");
  SendQueue many(lengthPrefix());
  for (int i = 0; i < 300; ++i) small.appendTo(many, /*at_once=*/32);
  check.equal(stretches(many).size(), 300u, "where many are written at once, they are shared");
  check.that(stretches(many)[0].data() == stretches(many)[299].data(), "all of them");
  const EncodedFrames sparse = encodedFrames(lengthPrefix(), {std::string(1000, 'x'), std::string(1100, 'y')});
  SendQueue half(lengthPrefix());
  for (int i = 0; i < 10; ++i) sparse.appendTo(half, /*at_once=*/32);
  check.that(stretches(half).size() > 1 && stretches(half)[1].data() != stretches(half)[0].data(),
             "not a mostly empty block");
  const EncodedFrames none = encodedFrames(lengthPrefix(), {});
  none.appendTo(two, /*at_once=*/1);
  check.that(two.empty(), "no frames are nothing to write");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkOrder(check);
  framepipe::checkStretches(check);
  framepipe::checkRefused(check);
  framepipe::checkMessages(check);
  framepipe::checkMemory(check);
  framepipe::checkShared(check);
  framepipe::checkSharedMemory(check);
  return check.report();
}
