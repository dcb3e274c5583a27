// How much of what is sent Windows is given at once.
#include "harness.h"

using namespace framepipe;
using namespace framepipe::test;

namespace {

constexpr size_t kBuffer = 64 << 10;

struct Reader {
  explicit Reader(Desk& desk) {
    const ListenOptions options = serving(uniquePath());
    desk.listen(options);
    pipe = openClient(options.path);
    check(pipe != nullptr, "the client connects");
    server = desk.accept();
  }
  ~Reader() { CloseHandle(pipe); }

  // What Windows holds for it, in the pipe's buffer and in a write that waits.
  size_t held() const {
    DWORD bytes = 0;
    check(PeekNamedPipe(pipe, nullptr, 0, nullptr, &bytes, nullptr), "the pipe can be looked at");
    return bytes;
  }
  void read(size_t bytes) const {
    std::string taken(bytes, '\0');
    for (size_t at = 0; at < bytes;) {
      DWORD count = 0;
      if (!check(ReadFile(pipe, taken.data() + at, static_cast<DWORD>(bytes - at), &count, nullptr), "read")) return;
      at += count;
    }
  }

  HANDLE pipe;
  Id server;
};

}  // namespace

TEST(a_peer_that_has_read_nothing_yet_costs_little_of_windows_memory) {
  Desk desk;
  const Reader reader(desk);
  desk.send(reader.server, std::string(8 << 20, 'w'));
  check(desk.until([&] { return reader.held() >= kBuffer; }), "the pipe's buffer is used");
  desk.rest(50);
  check(reader.held() <= 3 * kBuffer, "no more than one small write waits: " + std::to_string(reader.held()));
}

TEST(a_peer_that_keeps_up_is_given_frames_whole) {
  Desk desk;
  const Reader reader(desk);
  desk.send(reader.server, std::string(8 << 20, 'w'));
  reader.read(4 << 20);
  check(desk.until([&] { return reader.held() >= (1u << 20); }), "1 MiB at once: " + std::to_string(reader.held()));
  check(reader.held() <= (2u << 20), "and no more: " + std::to_string(reader.held()));
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
