// Bytes: order, backpressure, messages, ends.
#include <algorithm>
#include <thread>

#include "harness.h"

using namespace framepipe;
using namespace framepipe::test;

namespace {

// A connected pair, ours on both ends.
struct Pair {
  explicit Pair(Desk& desk, const Framing& framing = {}, size_t mark = 1 << 20) {
    ListenOptions serve = serving(uniquePath());
    serve.framing = framing;
    serve.high_water_mark = mark;
    desk.listen(serve);
    ConnectOptions to = connecting(serve.path);
    to.framing = framing;
    to.high_water_mark = mark;
    client = desk.connect(to);
    server = desk.accept();
  }
  Id client, server;
};

// Our server, and a client that is not ours.
struct Foreign {
  explicit Foreign(Desk& desk, ListenOptions options = serving(uniquePath())) {
    desk.listen(options);
    pipe = openClient(options.path);
    check(pipe != nullptr, "the client connects");
    server = desk.accept();
  }
  ~Foreign() { leave(); }
  void leave() {
    if (pipe) CloseHandle(pipe);
    pipe = nullptr;
  }
  HANDLE pipe;
  Id server;
};

std::string pattern(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

Outcome<size_t> trySend(Desk& desk, Id id, const std::string& frame) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  return desk.at(id).send({&bytes, 1});
}

}  // namespace

TEST(frames_of_all_sizes_both_ways) {
  Desk desk;
  const Pair pair(desk);
  const std::vector<size_t> sizes{0, 1, 3, 4095, 4096, 65531, 65532, 65536, 65537, 1 << 20, 3 << 20, 16 << 20};
  for (const size_t size : sizes) {
    desk.send(pair.client, pattern(size, 1));
    desk.send(pair.server, pattern(size, 2));
  }
  check(desk.until(
            [&] {
              return desk.seen(pair.server).frames.size() == sizes.size() &&
                     desk.seen(pair.client).frames.size() == sizes.size();
            },
            30000),
        "all arrive");
  for (size_t i = 0; i < desk.seen(pair.server).frames.size(); ++i) {
    check(desk.seen(pair.server).frames[i] == pattern(sizes[i], 1), "to the server: " + std::to_string(sizes[i]));
    check(desk.seen(pair.client).frames[i] == pattern(sizes[i], 2), "to the client: " + std::to_string(sizes[i]));
  }
}

TEST(many_small_frames_keep_their_order) {
  Desk desk;
  const Pair pair(desk);
  constexpr size_t kFrames = 200000;
  size_t sent = 0, right = 0;
  const bool all = desk.until(
      [&] {
        auto& frames = desk.seen(pair.server).frames;
        for (const std::string& frame : frames)
          if (!check(frame == std::to_string(right++), "order")) return true;
        frames.clear();
        while (sent < kFrames && sent < right + 20000) {
          if (trySend(desk, pair.client, std::to_string(sent)).failure) return check(false, "send");
          if (++sent % 64 == 0) desk.at(pair.client).flush();
        }
        desk.at(pair.client).flush();
        return right == kFrames;
      },
      30000);
  check(all, "all arrive: " + std::to_string(right) + " of " + std::to_string(sent) + ", " +
                 std::to_string(desk.at(pair.client).traffic().bytes_out) + " bytes out, " +
                 std::to_string(desk.at(pair.server).traffic().bytes_in) + " bytes in");
}

TEST(a_slow_reader_holds_the_writer) {
  Desk desk;
  constexpr size_t kMark = 256 << 10;
  const Pair pair(desk, {}, kMark);
  desk.consumes = false;
  const std::string frame(10000, 'b');
  size_t sent = 0;
  int drained = 0;
  // What is sent first fills the reader up to its mark, and the pipe's buffer; then nothing moves any more.
  for (;;) {
    for (size_t queued = 0; queued <= kMark; ++sent) {
      const Outcome<size_t> outcome = trySend(desk, pair.client, frame);
      if (!check(bool(outcome), "send")) return;
      queued = outcome.value;
    }
    desk.at(pair.client).flush();
    if (!desk.until([&] { return desk.seen(pair.client).drained > drained; }, 300)) break;
    ++drained;
    if (!check(sent < 200, "the writer is held")) return;
  }
  const size_t received = desk.seen(pair.server).cost;
  check(received >= kMark && received < kMark + (300u << 10), "held at the mark: " + std::to_string(received));
  desk.consumes = true;
  desk.at(pair.server).consumed(received);
  desk.seen(pair.server).cost = 0;
  check(desk.until([&] { return desk.seen(pair.server).frames.size() == sent; }), "the rest arrives");
  check(desk.until([&] { return desk.seen(pair.client).drained == drained + 1; }), "Drained, once for each time");
}

TEST(a_slow_reader_consumes_by_and_by) {
  Desk desk;
  const Pair pair(desk, {}, 64 << 10);
  desk.consumes = false;
  constexpr size_t kFrames = 3000;
  for (size_t i = 0; i < kFrames; ++i) trySend(desk, pair.client, std::string(1000, static_cast<char>(i)));
  desk.at(pair.client).flush();
  size_t consumed = 0;
  const bool all = desk.until(
      [&] {
        Seen& seen = desk.seen(pair.server);
        const size_t bytes = std::min<size_t>(seen.cost, 5020);
        desk.at(pair.server).consumed(bytes);
        seen.cost -= bytes;
        consumed += bytes;
        if (seen.cost > 0) desk.ring();
        return seen.frames.size() == kFrames && seen.cost == 0;
      },
      30000);
  check(all, "all is consumed: " + std::to_string(consumed));
  same(desk.seen(pair.server).frames.size(), kFrames, "all frames");
}

TEST(full_duplex_under_load) {
  Desk desk;
  const Pair pair(desk);
  desk.keeps = false;
  desk.hashes = true;
  constexpr size_t kFrames = 600;
  const std::string frame = pattern(256 << 10, 7);
  size_t sent[2] = {0, 0};
  const Id ends[2] = {pair.client, pair.server};
  check(desk.until(
            [&] {
              for (int end = 0; end < 2; ++end) {
                while (sent[end] < kFrames) {
                  const Outcome<size_t> queued = trySend(desk, ends[end], frame);
                  desk.at(ends[end]).flush();
                  ++sent[end];
                  if (queued.value > 1 << 20) break;
                }
              }
              return desk.seen(pair.client).frames.size() == kFrames && desk.seen(pair.server).frames.size() == kFrames;
            },
            120000),
        "all arrive");
  same(desk.seen(pair.client).hash, desk.seen(pair.server).hash, "the same bytes");
}

TEST(messages_keep_their_boundaries) {
  Desk desk;
  const Pair pair(desk, message());
  const std::vector<size_t> sizes{1, 0, 5, 100, 0, 0, 4096, 8192, 65537, 200000, 1 << 20, 3, (4 << 20) + 1, 2};
  for (const size_t size : sizes) {
    desk.send(pair.client, pattern(size, 3));
    desk.send(pair.server, pattern(size, 4));
  }
  const bool all = desk.until(
      [&] {
        return desk.seen(pair.server).frames.size() == sizes.size() &&
               desk.seen(pair.client).frames.size() == sizes.size();
      },
      30000);
  check(all, "all arrive: " + std::to_string(desk.seen(pair.server).frames.size()));
  for (size_t i = 0; i < desk.seen(pair.server).frames.size(); ++i) {
    check(desk.seen(pair.server).frames[i] == pattern(sizes[i], 3), "to the server: " + std::to_string(sizes[i]));
    check(desk.seen(pair.client).frames[i] == pattern(sizes[i], 4), "to the client: " + std::to_string(sizes[i]));
  }
  desk.at(pair.client).close();
  check(desk.closes(pair.server) && !desk.seen(pair.server).end, "a clean end");
}

TEST(messages_one_by_one) {
  Desk desk;
  const Pair pair(desk, message());
  for (size_t i = 1; i <= 200; ++i) {
    desk.send(pair.client, pattern(i * 997, static_cast<uint32_t>(i)));
    if (!check(desk.until([&] { return desk.seen(pair.server).frames.size() == i; }), "arrives")) return;
    check(desk.seen(pair.server).frames.back() == pattern(i * 997, static_cast<uint32_t>(i)), "whole");
  }
}

TEST(a_message_that_is_too_long) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  options.framing = message();
  options.framing.max_frame_length = 100000;
  Foreign foreign(desk, options);
  check(writeAll(foreign.pipe, std::string(10, 'a')), "a short one");
  std::thread writer([&] { writeAll(foreign.pipe, std::string(300000, 'b')); });
  check(desk.until([&] { return desk.seen(foreign.server).ended; }), "Ended");
  sameCode(desk.seen(foreign.server).end, "ERR_FRAME_TOO_LARGE");
  same(desk.seen(foreign.server).frames.size(), size_t{1}, "the frame before it");
  desk.at(foreign.server).destroy({});
  check(desk.closes(foreign.server), "Closed");
  writer.join();
}

TEST(message_framing_needs_a_message_pipe) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  ConnectOptions options = connecting(path);
  options.framing = message();
  const Failure failure = desk.loop().connect(options, 1).failure;
  sameCode(failure, "EPROTOTYPE");
  check(failure.hint != nullptr, "with a hint");
}

TEST(a_frame_cut_by_the_end) {
  Desk desk;
  Foreign foreign(desk);
  check(writeAll(foreign.pipe, prefixed("whole") + prefixed("cut off").substr(0, 8)), "write");
  foreign.leave();
  check(desk.closes(foreign.server), "Closed");
  const Seen& seen = desk.seen(foreign.server);
  check(seen.frames.size() == 1 && seen.frames[0] == "whole", "what was whole is delivered");
  sameCode(seen.end, "ERR_FRAME_TRUNCATED");
}

TEST(a_frame_that_is_too_long) {
  Desk desk;
  Foreign foreign(desk);
  check(writeAll(foreign.pipe, prefixed("fine") + std::string("\xff\xff\xff\xff")), "write");
  check(desk.until([&] { return desk.seen(foreign.server).ended; }), "Ended");
  sameCode(desk.seen(foreign.server).end, "ERR_FRAME_TOO_LARGE");
  same(desk.seen(foreign.server).frames.size(), size_t{1}, "the frame before it");
  foreign.leave();
  check(desk.closes(foreign.server, 2000), "its leaving is noticed although nothing is read");
}

TEST(an_empty_write_is_no_end) {
  Desk desk;
  Foreign foreign(desk);
  check(writeAll(foreign.pipe, "") && writeAll(foreign.pipe, prefixed("after it")) && writeAll(foreign.pipe, ""),
        "write");
  check(desk.until([&] { return desk.seen(foreign.server).frames.size() == 1; }), "it goes on");
  check(!desk.seen(foreign.server).ended, "no end");
}

TEST(a_frame_in_every_two_pieces) {
  Desk desk;
  Foreign foreign(desk);
  const std::string bytes = prefixed("eleven byte");
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    check(writeAll(foreign.pipe, bytes.substr(0, cut)), "first");
    if (cut % 3 == 0) desk.rest(2);
    check(writeAll(foreign.pipe, bytes.substr(cut)), "second");
    if (!check(desk.until([&] { return desk.seen(foreign.server).frames.size() == cut + 1; }), "arrives")) return;
    check(desk.seen(foreign.server).frames.back() == "eleven byte", "whole");
  }
}

TEST(a_refused_frame_changes_nothing) {
  Desk desk;
  Framing framing;
  framing.length_bytes = 1;
  const Pair pair(desk, framing);
  const std::string good = "good", bad(256, 'x');
  const std::span<const uint8_t> frames[] = {
      {reinterpret_cast<const uint8_t*>(good.data()), good.size()},
      {reinterpret_cast<const uint8_t*>(bad.data()), bad.size()},
  };
  sameCode(desk.at(pair.client).send(frames).failure, "ERR_FRAME_TOO_LARGE");
  same(trySend(desk, pair.client, good).value, size_t{5}, "nothing else is queued");
  desk.at(pair.client).flush();
  check(desk.until([&] { return desk.seen(pair.server).frames.size() == 1; }), "the good one arrives");
}

TEST(waiting_until_the_peer_has_read) {
  Desk desk;
  Foreign foreign(desk);
  desk.send(foreign.server, "read me");
  desk.at(foreign.server).waitForDrain(7);
  desk.rest(200);
  check(!desk.settled.count(7), "not before it has read");
  check(readSome(foreign.pipe) == prefixed("read me"), "the peer reads");
  check(desk.until([&] { return desk.settled.count(7) == 1; }), "drained");
  check(!desk.settled[7], "well");
  desk.at(foreign.server).waitForDrain(8);
  check(desk.until([&] { return desk.settled.count(8) == 1; }) && !desk.settled[8], "and at once when nothing waits");
}

TEST(waiting_in_vain) {
  Desk desk;
  Foreign foreign(desk);
  desk.send(foreign.server, "never read");
  desk.at(foreign.server).waitForDrain(7);
  desk.at(foreign.server).waitForDrain(8);
  desk.rest(100);
  foreign.leave();
  check(desk.until([&] { return desk.settled.count(7) == 1 && desk.settled.count(8) == 1; }), "both are settled");
  sameCode(desk.settled[7], "EPIPE");
  sameCode(desk.settled[8], "EPIPE");
  check(desk.closes(foreign.server), "Closed");
}

TEST(waiting_no_more) {
  Desk desk;
  Foreign foreign(desk);
  desk.send(foreign.server, "first");
  desk.at(foreign.server).waitForDrain(7);
  desk.rest(50);
  desk.at(foreign.server).cancelDrain(7);
  desk.at(foreign.server).waitForDrain(8);
  desk.rest(50);
  readSome(foreign.pipe);
  check(desk.until([&] { return desk.settled.count(8) == 1; }) && !desk.settled[8], "the other one is told");
  same(desk.settled.count(7), size_t{0}, "the cancelled one is not");
  desk.send(foreign.server, "second");
  desk.at(foreign.server).waitForDrain(9);
  desk.rest(50);
  desk.at(foreign.server).destroy({});
  check(desk.closes(foreign.server, 2000), "destroy() does not wait for it");
  sameCode(desk.settled[9], "EPIPE");
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
