#include "win32/tree_removal.h"

#include <winternl.h>

#include <utility>

#include "win32/file_handle.h"

namespace framepipe::win32 {

namespace {

// How often what others do at the same time may make us begin again.
constexpr int kAttempts = 64;

constexpr size_t kListingSize = 32u << 10;  // bytes

constexpr Opening kToRemove{DELETE | FILE_READ_ATTRIBUTES, FILE_OPEN_REPARSE_POINT};
constexpr Opening kToEmpty{DELETE | FILE_READ_ATTRIBUTES | FILE_LIST_DIRECTORY, FILE_OPEN_REPARSE_POINT};

constexpr FileError kCancelled{ERROR_CANCELLED, "rm"};

FileError failed(DWORD error, const char* syscall) {
  return error == ERROR_SUCCESS || isMissing(error) ? FileError{} : FileError{error, syscall};
}

// Who takes a folder for something else is refused, as by unlink(): it may have come this moment.
FileError unlink(HANDLE file) {
  bool is_folder = false;
  if (const DWORD error = checkFolder(file, is_folder)) return {error, "unlink"};
  return is_folder ? FileError{ERROR_ACCESS_DENIED, "unlink"} : failed(removeFile(file), "unlink");
}

FileError unlinkIn(HANDLE folder, const std::wstring& name) {
  UniqueHandle file;
  const DWORD error = openIn(folder, name, kToRemove, file);
  return error ? failed(error, "unlink") : unlink(file.get());
}

}  // namespace

FileError removeOther(const std::wstring& path) {
  UniqueHandle file;
  const DWORD error = openByPath(path, kToRemove, file);
  return error ? failed(error, "unlink") : unlink(file.get());
}

FileError TreeRemoval::run(const std::wstring& path) {
  UniqueHandle top;
  if (const DWORD error = openByPath(path, kToEmpty, top)) return failed(error, "scandir");
  bool is_folder = false;
  if (const DWORD error = checkFolder(top.get(), is_folder)) return {error, "lstat"};
  if (!is_folder) return failed(removeFile(top.get()), "unlink");
  listing_.resize(kListingSize / sizeof listing_[0]);
  push({}, std::move(top));
  while (!levels_.empty()) {
    if (cancelled_) return kCancelled;
    Level& level = levels_.back();
    FileError failure;
    if (!level.folders.empty()) {
      const std::wstring name = std::move(level.folders.back());
      level.folders.pop_back();
      failure = enter(name);
    } else {
      failure = level.listed == 0 ? empty() : leave();
    }
    if (failure) return failure;
  }
  return {};
}

// What is no folder any more is removed as what it is.
FileError TreeRemoval::enter(const std::wstring& name) {
  UniqueHandle folder;
  if (const DWORD error = openIn(levels_.back().folder.get(), name, kToEmpty, folder)) return failed(error, "scandir");
  bool is_folder = false;
  if (const DWORD error = checkFolder(folder.get(), is_folder)) return {error, "lstat"};
  if (!is_folder) return failed(removeFile(folder.get()), "unlink");
  push(name, std::move(folder));
  return {};
}

void TreeRemoval::push(const std::wstring& name, UniqueHandle&& folder) {
  levels_.push_back({name, std::move(folder)});
  if (levels_.size() > most_handles_) levels_[levels_.size() - most_handles_].folder.reset();
}

// Removes what is in this folder, but for the folders.
FileError TreeRemoval::empty() {
  Level& level = levels_.back();
  const HANDLE folder = level.folder.get();
  FILE_INFO_BY_HANDLE_CLASS which = FileFullDirectoryRestartInfo;
  ++level.listed;
  for (;;) {
    if (cancelled_) return kCancelled;
    if (!GetFileInformationByHandleEx(folder, which, listing_.data(), static_cast<DWORD>(kListingSize))) {
      const DWORD error = GetLastError();
      // FAT has no "." in the folder of a whole disk.
      const bool nothing = error == ERROR_FILE_NOT_FOUND && which == FileFullDirectoryRestartInfo;
      return error == ERROR_NO_MORE_FILES || nothing ? FileError{} : FileError{error, "scandir"};
    }
    if (const FileError failure = removeListed(level)) return failure;
    which = FileFullDirectoryInfo;
  }
}

FileError TreeRemoval::removeListed(Level& level) {
  const auto* at = reinterpret_cast<const char*>(listing_.data());
  for (;;) {
    const auto& entry = *reinterpret_cast<const FILE_FULL_DIR_INFO*>(at);
    const std::wstring name(entry.FileName, entry.FileNameLength / sizeof(wchar_t));
    if (name != L"." && name != L"..") {
      if (isFolder(entry.FileAttributes))
        level.folders.push_back(name);
      else if (const FileError failure = unlinkIn(level.folder.get(), name))
        return failure;
    }
    if (entry.NextEntryOffset == 0) return {};
    at += entry.NextEntryOffset;
  }
}

// Removes this folder, now empty; or finds that others have put something in.
FileError TreeRemoval::leave() {
  const Level& level = levels_.back();
  const DWORD error = removeFile(level.folder.get());
  if (error == ERROR_DIR_NOT_EMPTY && level.listed < kAttempts) return empty();
  if (const FileError failure = failed(error, "rmdir")) return failure;
  levels_.pop_back();
  return levels_.empty() || levels_.back().folder ? FileError{} : goBack();
}

// Finds again from the first folder what was closed. All of it is in there, whatever others have put there meanwhile; what
// they have taken away is no more to be removed.
FileError TreeRemoval::goBack() {
  for (size_t i = 1; i < levels_.size(); ++i) {
    if (cancelled_) return kCancelled;
    bool is_folder = false;
    DWORD error = openIn(levels_[i - 1].folder.get(), levels_[i].name, kToEmpty, levels_[i].folder);
    if (!error) error = checkFolder(levels_[i].folder.get(), is_folder);
    if (const FileError failure = failed(error, "scandir")) return failure;
    if (!is_folder) {
      levels_.erase(levels_.begin() + static_cast<ptrdiff_t>(i), levels_.end());
      break;
    }
    if (i >= most_handles_) levels_[i + 1 - most_handles_].folder.reset();
  }
  return {};
}

}  // namespace framepipe::win32
