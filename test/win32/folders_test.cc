// Folders that somebody else puts another in the place of, while they are made or removed.
#include <windows.h>
#include <winternl.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "loops/check.h"
#include "win32/file_handle.h"
#include "win32/folder_making.h"
#include "win32/tree_removal.h"

namespace framepipe::test {

using win32::FileError;
using win32::makeFolders;
using win32::TreeRemoval;
using win32::UniqueHandle;

namespace {

namespace fs = std::filesystem;

const Cancelled kNotCancelled{false};

class Folder {
 public:
  Folder() {
    static int count = 0;
    path = fs::temp_directory_path().wstring() + L"framepipe-folders-" + std::to_wstring(GetCurrentProcessId()) + L"-" +
           std::to_wstring(++count);
    CHECK(CreateDirectoryW(path.c_str(), nullptr));
  }
  ~Folder() { remove(path); }

  static FileError remove(const std::wstring& path) { return TreeRemoval(kNotCancelled).run(path); }

  std::wstring path;
};

bool exists(const std::wstring& path) {
  return GetFileAttributesW(path.c_str()) != INVALID_FILE_ATTRIBUTES;
}

void makeFile(const std::wstring& path, DWORD attributes = FILE_ATTRIBUTE_NORMAL) {
  const UniqueHandle file(CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, attributes, nullptr));
  CHECK(file);
}

std::wstring nameOf(int i) {
  return L"\\file" + std::to_wstring(i);
}

void makeFiles(const std::wstring& folder, int count) {
  CHECK(CreateDirectoryW(folder.c_str(), nullptr));
  for (int i = 0; i < count; ++i) makeFile(folder + nameOf(i));
}

int countFiles(const std::wstring& folder, int count) {
  int found = 0;
  for (int i = 0; i < count; ++i) found += exists(folder + nameOf(i));
  return found;
}

bool move(const std::wstring& from, const std::wstring& to) {
  return MoveFileExW(from.c_str(), to.c_str(), 0);
}

// As soon as `began` says so, moves `at` away, and `victim` into its place. False: it was over before.
template <class Began>
bool swap(const std::wstring& at, const std::wstring& victim, Began began, const std::atomic<bool>& over) {
  while (!began())
    if (over) return false;
  while (!move(at, at + L"-moved"))
    if (over) return false;
  return move(victim, at) && !over;
}

DWORD make(const std::wstring& path) {
  std::wstring first;
  return makeFolders(path, first);
}

std::wstring firstMade(const std::wstring& path) {
  std::wstring first;
  CHECK(makeFolders(path, first) == ERROR_SUCCESS);
  return first;
}

}  // namespace

TEST(foldersAreMadeWithThoseAboveThem) {
  const Folder folder;
  CHECK(firstMade(folder.path + L"\\a\\b\\c") == folder.path + L"\\a");
  CHECK(exists(folder.path + L"\\a\\b\\c"));
  CHECK(firstMade(folder.path + L"\\a\\b\\c").empty());
  CHECK(firstMade(folder.path + L"\\A\\B\\d\\") == folder.path + L"\\A\\B\\d\\");
  CHECK(firstMade(L"\\\\?\\" + folder.path + L"\\e\\f") == L"\\\\?\\" + folder.path + L"\\e");
  CHECK(firstMade(folder.path.substr(0, 3)).empty());
  makeFile(folder.path + L"\\file");
  CHECK(make(folder.path + L"\\file") == ERROR_ALREADY_EXISTS);
  CHECK(make(folder.path + L"\\file\\below") == ERROR_DIRECTORY);
  CHECK(make(folder.path + L"\\file\\below\\it") == ERROR_DIRECTORY);
  CHECK(win32::isMissing(make(L"\\\\?\\Q:\\none\\below")));
  CHECK(win32::isMissing(make(L"Q:\\none\\below")));
}

TEST(whatIsMadeIsNotFoundElsewhere) {
  constexpr int kDepth = 60;
  const Folder folder;
  const std::wstring victim = folder.path + L"\\victim", made = folder.path + L"\\made";
  std::wstring path = made;
  for (int i = 0; i < kDepth; ++i) path += L"\\d";
  for (int round = 0; round < 20; ++round) {
    CHECK(CreateDirectoryW(victim.c_str(), nullptr));
    std::atomic<bool> over{false};
    std::thread other([&] { swap(made, victim, [&] { return exists(made); }, over); });
    make(path);
    over = true;
    other.join();
    const std::wstring victims = exists(victim) ? victim : made;
    CHECK(!exists(victims + L"\\d"));
    for (const auto& each : {victim, made, made + L"-moved"}) Folder::remove(each);
  }
}

TEST(whatIsRemovedIsNotFoundElsewhere) {
  constexpr int kFiles = 40;
  const Folder folder;
  const std::wstring victim = folder.path + L"\\victim", tree = folder.path + L"\\tree", sub = L"\\sub";
  int swapped = 0;
  for (int round = 0; round < 60 && swapped < 5; ++round) {
    for (const auto& each : {tree, victim}) {
      CHECK(CreateDirectoryW(each.c_str(), nullptr));
      makeFiles(each + sub, kFiles);
    }
    std::atomic<bool> over{false};
    bool in_the_middle = false;
    std::thread other([&] {
      const auto began = [&] { return countFiles(tree + sub, kFiles) < kFiles; };
      in_the_middle = swap(tree, victim, began, over);
    });
    CHECK(!Folder::remove(tree));
    over = true;
    other.join();
    swapped += in_the_middle;
    const std::wstring victims = exists(victim) ? victim : tree;
    CHECK(countFiles(victims + sub, kFiles) == kFiles);
    for (const auto& each : {victim, tree, tree + L"-moved"}) Folder::remove(each);
  }
}

TEST(removesMoreLevelsThanItHasHandles) {
  const Folder folder;
  const std::wstring tree = folder.path + L"\\tree";
  CHECK(CreateDirectoryW(tree.c_str(), nullptr));
  constexpr int kDepth = 60;
  std::vector<UniqueHandle> levels(1);
  CHECK(win32::openByPath(tree, {FILE_READ_ATTRIBUTES}, levels[0]) == ERROR_SUCCESS);
  for (int i = 0; i < kDepth; ++i) {
    UniqueHandle file;
    win32::openIn(levels.back().get(), L"f", {FILE_READ_ATTRIBUTES, FILE_NON_DIRECTORY_FILE, true}, file);
    UniqueHandle next;
    const DWORD error =
        win32::openIn(levels.back().get(), L"d", {FILE_READ_ATTRIBUTES, FILE_DIRECTORY_FILE, true}, next);
    if (!CHECK(error == ERROR_SUCCESS)) return;
    levels.push_back(std::move(next));
  }
  levels.clear();
  CHECK(!TreeRemoval(kNotCancelled, 8).run(tree));
  CHECK(!exists(tree));
}

TEST(removesWhatIsReadOnly) {
  const Folder folder;
  const std::wstring tree = folder.path + L"\\tree", kept = folder.path + L"\\kept";
  makeFiles(tree, 1);
  makeFile(tree + L"\\read-only", FILE_ATTRIBUTE_READONLY);
  CHECK(SetFileAttributesW(tree.c_str(), FILE_ATTRIBUTE_READONLY));
  CHECK(!Folder::remove(tree));
  CHECK(!exists(tree));
  makeFile(kept, FILE_ATTRIBUTE_READONLY);
  {
    UniqueHandle file;
    CHECK(win32::openByPath(kept, {DELETE | FILE_READ_ATTRIBUTES}, file) == ERROR_SUCCESS);
    CHECK(win32::removeOnClose(file.get()) == ERROR_SUCCESS);
  }
  CHECK(!exists(kept));
}

TEST(saysWhatIsInUse) {
  const Folder folder;
  const std::wstring tree = folder.path + L"\\tree";
  makeFiles(tree, 3);
  {
    const UniqueHandle used(
        CreateFileW((tree + nameOf(1)).c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING, 0, nullptr));
    CHECK(Folder::remove(tree).error == ERROR_SHARING_VIOLATION);
    CHECK(win32::removeOther(tree + nameOf(1)).error == ERROR_SHARING_VIOLATION);
    CHECK(exists(tree + nameOf(1)));
  }
  CHECK(win32::removeOther(tree).error == ERROR_ACCESS_DENIED);  // a folder
  CHECK(!Folder::remove(tree) && !exists(tree));
  const Cancelled cancelled{true};
  CHECK(TreeRemoval(cancelled).run(folder.path).error == ERROR_CANCELLED);
  CHECK(exists(folder.path));
}

}  // namespace framepipe::test
