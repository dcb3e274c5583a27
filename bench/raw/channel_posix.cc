// Unix domain sockets, with blocking calls: no thread waits on another, nothing is polled.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "channel.h"

namespace raw {

namespace {

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail("path");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

class Socket final : public Channel {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() override { ::close(fd_); }

  size_t read(uint8_t* into, size_t size) override {
    const auto count = ::read(fd_, into, size);
    if (count < 0) fail("read");
    return static_cast<size_t>(count);
  }

  void write(const uint8_t* bytes, size_t size) override {
    while (size > 0) {
      const auto count = ::send(fd_, bytes, size, MSG_NOSIGNAL);
      if (count < 0) fail("send");
      bytes += count;
      size -= static_cast<size_t>(count);
    }
  }

 private:
  int fd_;
};

class ListeningSocket final : public Listener {
 public:
  explicit ListeningSocket(const std::string& path) : path_(path), fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const sockaddr_un address = addressOf(path);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (::listen(fd_, 511) != 0) fail("listen");
  }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket() override {
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  std::unique_ptr<Channel> accept() override {
    const int fd = ::accept(fd_, nullptr, nullptr);
    if (fd < 0) fail("accept");
    return std::make_unique<Socket>(fd);
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

std::unique_ptr<Listener> listen(const std::string& path) {
  return std::make_unique<ListeningSocket>(path);
}

std::unique_ptr<Channel> connect(const std::string& path) {
  const sockaddr_un address = addressOf(path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  return std::make_unique<Socket>(fd);
}

int64_t nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

double cpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void fail(const char* operation) {
  std::perror(operation);
  std::_Exit(1);
}

}  // namespace raw
