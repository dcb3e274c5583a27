// Raw peers, and what the system can tell from outside.
#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "harness.h"

namespace framepipe::test {

namespace {

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

}  // namespace

int rawConnect(const std::string& path, int type) {
  const int fd = ::socket(AF_UNIX, (type ? type : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  const sockaddr_un address = addressOf(path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int rawListen(const std::string& path, int backlog, int type) {
  const int fd = ::socket(AF_UNIX, (type ? type : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  const sockaddr_un address = addressOf(path);
  CHECK(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  if (backlog >= 0) CHECK(::listen(fd, backlog) == 0);
  return fd;
}

std::string pattern(size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::minstd_rand random(seed);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string framed(std::string_view payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  std::string frame(reinterpret_cast<const char*>(&size), 4);
  return frame.append(payload);
}

bool writeAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

std::string readAll(int fd) {
  std::string all;
  char buffer[65536];
  for (;;) {
    errno = 0;
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) return all;
    all.append(buffer, static_cast<size_t>(count));
  }
}

std::string readExactly(int fd, size_t n) {
  std::string all(n, '\0');
  const ssize_t count = ::recv(fd, all.data(), n, MSG_WAITALL);
  all.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return all;
}

int openDescriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

bool exists(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

int inChild(const std::function<int()>& body, uid_t uid) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (uid && (::setgid(uid) || ::setuid(uid))) ::_exit(125);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool same(const Failure& failure, const char* code) {
  if (failure.code && std::strcmp(failure.code, code) == 0) return true;
  std::fprintf(stderr, "  failure is %s\n", failure.code ? failure.code : "none");
  return false;
}

}  // namespace framepipe::test
