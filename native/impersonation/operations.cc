#include "impersonation/operations.h"

#include <uv.h>

#include <algorithm>
#include <memory>
#include <new>

#include "impersonation/file_access.h"
#include "impersonation/file_kind.h"
#include "impersonation/folders.h"
#include "impersonation/fs_request.h"

namespace framepipe {

namespace {

void closeFile(int descriptor) {
  FsRequest request;
  request.call(uv_fs_close, descriptor);
}

Outcome<Descriptor> opened(const FileOperation& operation) {
  const Outcome<int> descriptor = openFile(operation.path.c_str(), operation.flags, operation.mode);
  if (!descriptor) return descriptor.failure;
  return Descriptor(descriptor.value, closeFile);
}

Outcome<Result> open(const FileOperation& operation) {
  Outcome<Descriptor> file = opened(operation);
  if (!file) return file.failure;
  if (!(operation.flags & UV_FS_O_NONBLOCK)) waitOn(file.value.number());
  return Result(std::move(file.value));
}

// To read or write all of it. The client names the file: a device may have no end, and a pipe would hold up all other
// clients for as long as this one likes.
Outcome<Descriptor> openWhole(const FileOperation& operation, uint64_t& size) {
  Outcome<Descriptor> file = opened(operation);
  if (!file) return file;
  FsRequest status;
  if (status.call(uv_fs_fstat, file.value.number()) < 0) return status.failure("fstat");
  const uv_stat_t& found = *uv_fs_get_statbuf(status.get());
  const bool regular = kindOf(found) == kRegular;
  if (kindOf(found) == kFolder) return Failure{"EISDIR", "read", 0, "it is a folder", {}};
  if (!regular && !operation.special)
    return Failure{"ENOTSUP",
                   "open",
                   0,
                   "it is not a regular file but a device, a pipe or a socket: open() it, or say { special: true }",
                   {}};
  if (!regular) waitOn(file.value.number());
  size = regular ? found.st_size : 0;
  return file;
}

constexpr size_t kReadStep = 64u << 10;
constexpr size_t kMostAtOnce = 16u << 20;  // between two looks at whether anybody still waits
constexpr Failure kCancelled{"ECANCELED", "perform", 0, "nobody waits for it any more", {}};
constexpr Failure kTooLarge{"ERR_FS_FILE_TOO_LARGE",
                            "read",
                            0,
                            "it is longer than maxLength: raise that, or open() it and read it in parts",
                            {}};
constexpr Failure kNoMemory{"ENOMEM", "read", 0, "there is no memory for the file", {}};

// Keeps what has been read. False: there is no memory.
bool resize(FileContents& contents, size_t size) {
  std::unique_ptr<uint8_t[]> bytes(new (std::nothrow) uint8_t[size]);
  if (!bytes) return false;
  std::copy_n(contents.bytes.get(), contents.length, bytes.get());
  contents.bytes = std::move(bytes);
  return true;
}

Outcome<Result> readFile(const FileOperation& operation, const Cancelled& cancelled) {
  uint64_t expected = 0;
  const Outcome<Descriptor> file = openWhole(operation, expected);
  if (!file) return file.failure;
  if (expected > operation.max_length) return kTooLarge;
  // One byte more shows the end, or that there is more: some files say that they are empty and are not, and some grow.
  FileContents contents;
  for (size_t size = 0;;) {
    if (cancelled) return kCancelled;
    if (contents.length > operation.max_length) return kTooLarge;
    if (contents.length == size) {
      size = size == 0 ? static_cast<size_t>(expected) + 1 : size + std::max(kReadStep, size / 2);
      size = std::min(size, operation.max_length + 1);
      if (!resize(contents, size)) return kNoMemory;
    }
    uv_buf_t room = uv_buf_init(reinterpret_cast<char*>(contents.bytes.get() + contents.length),
                                static_cast<unsigned>(std::min(size - contents.length, kMostAtOnce)));
    FsRequest read;
    const int count = read.call(uv_fs_read, file.value.number(), &room, 1u, int64_t{-1});
    if (count < 0) return read.failure("read");
    if (count == 0) break;
    contents.length += static_cast<size_t>(count);
  }
  return Result(std::move(contents));
}

Outcome<Result> writeFile(const FileOperation& operation, const Cancelled& cancelled) {
  uint64_t size = 0;
  const Outcome<Descriptor> file = openWhole(operation, size);
  if (!file) return file.failure;
  // libuv's buffers are not const, but it only reads from these.
  auto* bytes = reinterpret_cast<char*>(const_cast<uint8_t*>(operation.bytes.data()));
  for (size_t written = 0; written < operation.bytes.size();) {
    if (cancelled) return kCancelled;
    const size_t rest = std::min(operation.bytes.size() - written, kMostAtOnce);
    uv_buf_t part = uv_buf_init(bytes + written, static_cast<unsigned>(rest));
    FsRequest write;
    const int count = write.call(uv_fs_write, file.value.number(), &part, 1u, int64_t{-1});
    if (count < 0) return write.failure("write");
    written += static_cast<size_t>(count);
  }
  return Result();
}

double milliseconds(const uv_timespec_t& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

Outcome<Result> status(const FileOperation& operation, bool follow) {
  const Outcome<uv_stat_t> found = statusOf(operation.path.c_str(), follow);
  if (!found) return found.failure;
  const uv_stat_t& file = found.value;
  return Result(FileStatus{file.st_dev, file.st_mode, file.st_nlink, file.st_uid, file.st_gid, file.st_rdev,
                           file.st_ino, file.st_size, file.st_blksize, file.st_blocks, milliseconds(file.st_atim),
                           milliseconds(file.st_mtim), milliseconds(file.st_ctim), milliseconds(file.st_birthtim)});
}

Outcome<Result> resultOf(const Failure& failure) {
  if (failure) return failure;
  return Result();
}

}  // namespace

Outcome<Result> perform(const FileOperation& operation, const Cancelled& cancelled) noexcept {
  switch (operation.kind) {
    case FileOperation::Kind::Open:
      return open(operation);
    case FileOperation::Kind::ReadFile:
      return readFile(operation, cancelled);
    case FileOperation::Kind::WriteFile:
      return writeFile(operation, cancelled);
    case FileOperation::Kind::Stat:
      return status(operation, true);
    case FileOperation::Kind::LStat:
      return status(operation, false);
    case FileOperation::Kind::Access:
      return resultOf(checkClientsAccess(operation.path.c_str(), operation.mode));
    case FileOperation::Kind::ReadDir:
      return listFolder(operation.path);
    case FileOperation::Kind::MkDir:
      return makeFolder(operation.path, operation.mode, operation.recursive);
    case FileOperation::Kind::Rm:
      return removeTree(operation.path, operation.recursive, operation.force, cancelled);
    case FileOperation::Kind::Rename:
      return resultOf(renameFile(operation.path, operation.target));
  }
  return Failure{"EINVAL", "perform", 0, nullptr, {}};
}

}  // namespace framepipe
