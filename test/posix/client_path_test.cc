// Paths that a client names: what they lead to, with openat2(2) and without.
#include "posix/client_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "loops/check.h"

namespace framepipe::test {

namespace {

// What was opened, or minus an errno. kIntoProc and ELOOP both say that it leads into /proc.
std::pair<long, ino_t> found(int opened) {
  if (opened < 0) return {opened == -posix::kIntoProc ? -ELOOP : opened, 0};
  const posix::UniqueFd file(opened);
  struct stat status{};
  ::fstat(opened, &status);
  return {static_cast<long>(status.st_dev), status.st_ino};
}

}  // namespace

TEST(aPathIsFollowedLinkByLinkAsTheKernelDoes) {
  char name[] = "/tmp/framepipe-path-XXXXXX";
  CHECK(::mkdtemp(name));
  const std::string at = name;
  std::filesystem::create_directories(at + "/d/e");
  std::ofstream(at + "/d/f") << "x";
  for (const auto& [target, link] : {std::pair{"d", "l"}, {"l/f", "lf"}, {"loop", "loop"}, {"nothing", "dangling"}})
    CHECK(::symlink(target, (at + '/' + link).c_str()) == 0);
  CHECK(::symlink((at + "/d").c_str(), (at + "/absolute").c_str()) == 0);
  for (const std::string& path :
       {std::string(), std::string("/"), at + "/d/f", at + "/l/f", at + "/lf", at + "/loop", at + "/dangling",
        at + "/absolute/", at + "/d/f/", at + "/l/../d/./f", at + "/no/f", '/' + at + "//l//e",
        std::string("/dev/fd/0"), std::string("/proc/self/cwd/x"), std::string("/proc/self/exe")}) {
    for (const int flags : {O_RDONLY, O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY, O_RDWR | O_NOFOLLOW})
      CHECK(found(posix::openPath(AT_FDCWD, path.c_str(), flags, 0)) ==
            found(posix::openPathByParts(AT_FDCWD, path, flags, 0)));
  }
  CHECK(found(posix::openPathByParts(AT_FDCWD, at + "/l/f", O_RDONLY, 0)).second != 0);
  CHECK(found(posix::openPathByParts(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0)).first == -ELOOP);
  CHECK(found(posix::openPathByParts(AT_FDCWD, at + "/l/new", O_CREAT | O_WRONLY, 0600)).second != 0);
  CHECK(::access((at + "/d/new").c_str(), F_OK) == 0);
  std::filesystem::remove_all(at);
}

TEST(aPathIntoProcIsRefusedWithTheReason) {
  const int opened = posix::openPath(AT_FDCWD, "/proc/self/maps", O_RDONLY, 0);
  CHECK(opened < 0);
  const Failure failure = posix::fileFailure(-opened, "open");
  CHECK(std::string_view(failure.code) == "EACCES" && failure.os == EACCES);
  CHECK(std::string_view(failure.hint).find("/proc") != std::string_view::npos);
  const Failure link = posix::fileFailure(-posix::openPath(AT_FDCWD, "/dev/fd/0", O_RDONLY, 0), "open");
  CHECK(std::string_view(link.code) == "ELOOP" &&
        std::string_view(link.hint).find("/dev/fd") != std::string_view::npos);
}

}  // namespace framepipe::test
