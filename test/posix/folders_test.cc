// Folders that somebody else puts a link in the place of, while they are made or removed.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "impersonation/folders.h"
#include "loops/check.h"

namespace framepipe::test {

namespace {

namespace fs = std::filesystem;

const Cancelled kNotCancelled{false};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/framepipe-folders-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }

  std::string path;
};

std::string first(const Outcome<Result>& made) {
  const auto* const text = std::get_if<std::string>(&made.value);
  return text ? *text : "";
}

// Puts a link to `victim` in the place of `at` as soon as there is a folder.
void swapFor(const std::string& link, const std::string& at, const std::atomic<bool>& over) {
  while (!over) syscall(SYS_renameat2, AT_FDCWD, link.c_str(), AT_FDCWD, at.c_str(), RENAME_EXCHANGE);
}

}  // namespace

TEST(foldersAreMadeWithThoseAboveThem) {
  const Folder folder;
  const std::string at = folder.path + "/a//b/c/";
  CHECK(first(makeFolder(at, 0777, true)) == folder.path + "/a");
  CHECK(fs::is_directory(folder.path + "/a/b/c"));
  CHECK(first(makeFolder(at, 0777, true)).empty());
  CHECK(first(makeFolder(folder.path + "/a/../d/./e/../f", 0777, true)) == folder.path + "/a/../d");
  CHECK(fs::is_directory(folder.path + "/d/e") && fs::is_directory(folder.path + "/d/f"));
  CHECK(same(makeFolder("", 0777, true).failure, "ENOENT"));
  CHECK(same(makeFolder(folder.path + "/x/y", 0777, false).failure, "ENOENT"));
  fs::create_directory_symlink(folder.path + "/d", folder.path + "/link");
  CHECK(!makeFolder(folder.path + "/link/g/h", 0777, true).failure);  // it is in the path
  CHECK(fs::is_directory(folder.path + "/d/g/h"));
  fs::create_directory_symlink(folder.path + "/nowhere", folder.path + "/dangling");
  CHECK(same(makeFolder(folder.path + "/dangling", 0777, true).failure, "EEXIST"));
  CHECK(same(makeFolder(folder.path + "/dangling/x", 0777, true).failure, "ENOTDIR"));
}

TEST(whatIsMadeIsNotFoundElsewhere) {
  const Folder folder;
  const std::string victim = folder.path + "/victim", made = folder.path + "/made", link = folder.path + "/link";
  fs::create_directory(victim);
  std::atomic<bool> over{false};
  for (int i = 0; i < 300; ++i) {
    fs::create_directory_symlink(victim, link);
    over = false;
    std::thread other([&] { swapFor(link, made, over); });
    makeFolder(made + "/b/c/d", 0777, true);
    over = true;
    other.join();
    CHECK(fs::is_empty(victim));
    fs::remove_all(made);
    fs::remove_all(link);
  }
}

TEST(whatIsRemovedIsNotFoundElsewhere) {
  const Folder folder;
  const std::string victim = folder.path + "/victim", made = folder.path + "/made", link = folder.path + "/link";
  fs::create_directories(victim + "/kept");
  std::atomic<bool> over{false};
  for (int i = 0; i < 300; ++i) {
    fs::create_directories(made + "/a/b");
    fs::create_directory_symlink(victim, link);
    over = false;
    std::thread other([&] { swapFor(link, made + "/a", over); });
    removeTree(made, true, true, kNotCancelled);
    over = true;
    other.join();
    CHECK(fs::is_directory(victim + "/kept"));
    fs::remove_all(made);
    fs::remove_all(link);
  }
}

}  // namespace framepipe::test
