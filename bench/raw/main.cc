// raw one-way|round-trip server|client PATH SIZE: the work of bench/cases, told by lines on standard input as bench/side.js
// is. Frames have a 32-bit little-endian length before them, like everybody's in this benchmark.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "channel.h"

namespace raw {

namespace {

constexpr size_t kHeader = 4;
constexpr size_t kBatch = 64u << 10;
constexpr size_t kRead = 256u << 10;

size_t lengthAt(const uint8_t* header) {
  return size_t{header[0]} | size_t{header[1]} << 8 | size_t{header[2]} << 16 | size_t{header[3]} << 24;
}

size_t encode(const std::vector<uint8_t>& frame, uint8_t* into) {
  for (size_t i = 0; i < kHeader; ++i) into[i] = static_cast<uint8_t>(frame.size() >> (8 * i));
  std::memcpy(into + kHeader, frame.data(), frame.size());
  return kHeader + frame.size();
}

// Reads until `count` frames have come whole; returns their bytes.
size_t receive(Channel& channel, size_t count) {
  static std::vector<uint8_t> buffer(kRead);
  size_t bytes = 0, missing = 0, held = 0;  // missing: of a frame's payload; held: bytes of an incomplete header
  for (size_t frames = 0; frames < count;) {
    const size_t got = channel.read(buffer.data() + held, buffer.size() - held);
    if (got == 0) fail("the peer closed");
    const uint8_t* at = buffer.data();
    const uint8_t* end = at + held + got;
    for (held = 0; at < end;) {
      if (missing == 0) {
        if (end - at < static_cast<std::ptrdiff_t>(kHeader)) break;
        missing = lengthAt(at);
        at += kHeader;
      }
      const size_t part = std::min(missing, static_cast<size_t>(end - at));
      at += part;
      bytes += part;
      missing -= part;
      if (missing == 0) ++frames;
    }
    held = static_cast<size_t>(end - at);
    std::memmove(buffer.data(), at, held);
  }
  return bytes;
}

// Small frames leave in batches, as any sender who has many of them would do it.
void pour(Channel& channel, const std::vector<uint8_t>& frame, size_t count) {
  std::vector<uint8_t> batch(std::max(kBatch, kHeader + frame.size()));
  for (size_t sent = 0; sent < count;) {
    size_t filled = 0;
    for (; sent < count && filled + kHeader + frame.size() <= batch.size(); ++sent)
      filled += encode(frame, batch.data() + filled);
    channel.write(batch.data(), filled);
  }
}

// Reads one frame into `buffer`; its whole length, or 0 at the end.
size_t readFrame(Channel& channel, std::vector<uint8_t>& buffer) {
  size_t filled = 0;
  while (filled < kHeader || filled < kHeader + lengthAt(buffer.data())) {
    const size_t got = channel.read(buffer.data() + filled, buffer.size() - filled);
    if (got == 0) return 0;
    filled += got;
  }
  return filled;
}

void echo(Channel& channel, size_t size) {
  std::vector<uint8_t> buffer(kHeader + size);
  while (const size_t length = readFrame(channel, buffer)) channel.write(buffer.data(), length);
}

void reply(const std::string& json) {
  std::cout << '{' << json << "}\n" << std::flush;
}

void ask(Channel& channel, const std::vector<uint8_t>& frame, size_t count) {
  std::vector<uint8_t> out(kHeader + frame.size()), in(out.size());
  std::vector<int64_t> times(count);
  encode(frame, out.data());
  const int64_t began = nanoseconds();
  for (int64_t& time : times) {
    const int64_t asked = nanoseconds();
    channel.write(out.data(), out.size());
    if (readFrame(channel, in) != out.size()) fail("the peer closed");
    time = nanoseconds() - asked;
  }
  const double seconds = static_cast<double>(nanoseconds() - began) / 1e9;
  std::sort(times.begin(), times.end());
  const auto at = [&](size_t per_mille) {
    return std::to_string(static_cast<double>(times[count * per_mille / 1000]) / 1e3);
  };
  reply("\"seconds\":" + std::to_string(seconds) + ",\"p50\":" + at(500) + ",\"p99\":" + at(990) +
        ",\"p999\":" + at(999));
}

void serve(bool one_way, const std::string& path, size_t size) {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Channel> channel;
  std::string word;
  size_t count = 0;
  while (std::cin >> word) {
    if (word == "open") {
      listener = listen(path);
      if (!one_way) {
        // Ends with the process: a read cannot be told to stop.
        std::thread([&listener, size] { echo(*listener->accept(), size); }).detach();
      }
      reply("");
    } else if (word == "arm") {
      std::cin >> count;
      if (!channel) channel = listener->accept();
      reply("");
    } else if (word == "wait") {
      const size_t bytes = receive(*channel, count);
      reply("\"ended\":" + std::to_string(nanoseconds()) + ",\"bytes\":" + std::to_string(bytes));
    } else {
      reply("\"cpu\":" + std::to_string(cpuSeconds()));
    }
  }
}

void visit(bool one_way, const std::string& path, size_t size) {
  const std::vector<uint8_t> frame(size, 'x');
  std::unique_ptr<Channel> channel;
  std::string word;
  size_t count = 0;
  while (std::cin >> word) {
    if (word == "open") {
      channel = connect(path);
      reply("");
    } else if (word == "run") {
      std::cin >> count;
      const int64_t began = nanoseconds();
      if (one_way) {
        pour(*channel, frame, count);
        reply("\"began\":" + std::to_string(began));
      } else {
        ask(*channel, frame, count);
      }
    } else {
      reply("\"cpu\":" + std::to_string(cpuSeconds()));
    }
  }
}

}  // namespace

}  // namespace raw

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool one_way = std::strcmp(argv[1], "one-way") == 0;
  const size_t size = std::strtoul(argv[4], nullptr, 10);
  if (std::strcmp(argv[2], "server") == 0)
    raw::serve(one_way, argv[3], size);
  else
    raw::visit(one_way, argv[3], size);
  std::cout.flush();
  std::_Exit(0);  // an echoing thread may still wait for its peer
}
