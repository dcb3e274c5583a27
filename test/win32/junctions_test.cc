// Junctions, which lead to other folders, in the place of folders that are made or removed. Wine makes none: Windows itself
// runs this (.github/workflows/windows.yml).
#include <windows.h>
#include <winioctl.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "loops/check.h"
#include "win32/file_handle.h"
#include "win32/folder_making.h"
#include "win32/tree_removal.h"

namespace framepipe::test {

namespace {

using win32::UniqueHandle;

constexpr int kFiles = 40;
const Cancelled kNotCancelled{false};

const char* whyNot() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") ? "Wine makes no junctions" : nullptr;
}

bool exists(const std::wstring& path) {
  return GetFileAttributesW(path.c_str()) != INVALID_FILE_ATTRIBUTES;
}

std::wstring fileIn(const std::wstring& folder, int i) {
  return folder + L"\\file" + std::to_wstring(i);
}

void makeFolder(const std::wstring& path, int files) {
  CHECK(CreateDirectoryW(path.c_str(), nullptr));
  for (int i = 0; i < files; ++i) {
    const std::wstring name = fileIn(path, i);
    CHECK(UniqueHandle(CreateFileW(name.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, 0, nullptr)));
  }
}

int countFiles(const std::wstring& folder) {
  int found = 0;
  for (int i = 0; i < kFiles; ++i) found += exists(fileIn(folder, i));
  return found;
}

// Makes a folder that leads to another one.
bool makeJunction(const std::wstring& path, const std::wstring& target) {
  if (!CreateDirectoryW(path.c_str(), nullptr)) return false;
  const UniqueHandle folder(CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
                                        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
  // REPARSE_DATA_BUFFER of a mount point, which is in the driver kit only: tag, length and 0; where the two names are and how
  // long, in bytes; and the names, each with its end.
  const std::wstring substitute = L"\\??\\" + target;
  const auto bytes = [](const std::wstring& text) { return static_cast<WORD>(text.size() * sizeof(wchar_t)); };
  struct {
    DWORD tag;
    WORD length, reserved, substitute_at, substitute_length, print_at, print_length;
    wchar_t names[2 * MAX_PATH];
  } data{};
  data.tag = IO_REPARSE_TAG_MOUNT_POINT;
  data.substitute_length = bytes(substitute);
  data.print_at = static_cast<WORD>(bytes(substitute) + sizeof(wchar_t));
  data.print_length = bytes(target);
  data.length = static_cast<WORD>(4 * sizeof(WORD) + data.print_at + bytes(target) + sizeof(wchar_t));
  std::memcpy(data.names, substitute.c_str(), bytes(substitute));
  std::memcpy(data.names + substitute.size() + 1, target.c_str(), bytes(target));
  DWORD length = 0;
  return DeviceIoControl(folder.get(), FSCTL_SET_REPARSE_POINT, &data, data.length + 8u, nullptr, 0, &length, nullptr);
}

class Place {
 public:
  Place() {
    static int count = 0;
    path = std::filesystem::temp_directory_path().wstring() + L"framepipe-junctions-" +
           std::to_wstring(GetCurrentProcessId()) + L"-" + std::to_wstring(++count);
    makeFolder(path, 0);
    makeFolder(victim(), kFiles);
  }
  ~Place() { CHECK(!win32::TreeRemoval(kNotCancelled).run(path)); }

  std::wstring in(const wchar_t* name) const { return path + L"\\" + name; }
  std::wstring victim() const { return in(L"victim"); }

  std::wstring path;
};

// As soon as `began` says so, moves a folder away, and puts a junction into its place. False: it was over before.
template <class Began>
bool swap(const std::wstring& at, const std::wstring& target, Began began, const std::atomic<bool>& over) {
  while (!began())
    if (over) return false;
  while (!MoveFileExW(at.c_str(), (at + L"-moved").c_str(), 0))
    if (over) return false;
  return makeJunction(at, target) && !over;
}

DWORD make(const std::wstring& path) {
  std::wstring first;
  return win32::makeFolders(path, first);
}

}  // namespace

TEST_UNLESS(whyNot(), aJunctionIsRemovedAndWhatItLeadsToStays) {
  const Place place;
  const std::wstring tree = place.in(L"tree"), alone = place.in(L"alone");
  makeFolder(tree, 1);
  CHECK(makeJunction(tree + L"\\junction", place.victim()));
  CHECK(makeJunction(alone, place.victim()));
  CHECK(countFiles(alone) == kFiles);  // it leads there
  for (const auto& each : {tree, alone}) {
    CHECK(!win32::TreeRemoval(kNotCancelled).run(each));
    CHECK(!exists(each));
  }
  CHECK(countFiles(place.victim()) == kFiles);
}

TEST_UNLESS(whyNot(), whatIsRemovedFollowsNoJunction) {
  const Place place;
  const std::wstring tree = place.in(L"tree"), sub = tree + L"\\sub";
  for (int round = 0, swapped = 0; round < 60 && swapped < 5; ++round) {
    makeFolder(tree, 0);
    makeFolder(sub, kFiles);
    std::atomic<bool> over{false};
    bool in_the_middle = false;
    std::thread other(
        [&] { in_the_middle = swap(sub, place.victim(), [&] { return countFiles(sub) < kFiles; }, over); });
    win32::TreeRemoval(kNotCancelled).run(tree);
    over = true;
    other.join();
    swapped += in_the_middle;
    if (!CHECK(countFiles(place.victim()) == kFiles)) return;
    win32::TreeRemoval(kNotCancelled).run(tree);
  }
}

TEST_UNLESS(whyNot(), whatIsMadeFollowsNoJunctionThatCame) {
  const Place place;
  const std::wstring made = place.in(L"made");
  std::wstring path = made;
  for (int i = 0; i < 60; ++i) path += L"\\d";
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> over{false};
    std::thread other([&] { swap(made, place.victim(), [&] { return exists(made); }, over); });
    make(path);
    over = true;
    other.join();
    if (!CHECK(!exists(place.victim() + L"\\d"))) return;
    for (const auto& each : {made, made + L"-moved"}) win32::TreeRemoval(kNotCancelled).run(each);
  }
  // One that was there before is a part of the path.
  CHECK(makeJunction(made, place.victim()));
  CHECK(make(made + L"\\below") == ERROR_SUCCESS);
  CHECK(exists(place.victim() + L"\\below"));
}

}  // namespace framepipe::test
