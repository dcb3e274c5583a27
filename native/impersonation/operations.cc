#include "impersonation/operations.h"

#include <uv.h>

#include <algorithm>
#include <limits>

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

// The client names the file, and this thread serves all clients: it neither waits for the other end of a FIFO, nor
// takes a terminal for its own.
Outcome<Descriptor> openFile(const FileOperation& operation) {
  FsRequest request;
  const int flags = operation.flags | UV_FS_O_NONBLOCK | UV_FS_O_NOCTTY;
  const int descriptor = request.call(uv_fs_open, operation.path.c_str(), flags, operation.mode);
  if (descriptor < 0) return request.failure("open");
  return Descriptor(descriptor, closeFile);
}

Outcome<Result> open(const FileOperation& operation) {
  Outcome<Descriptor> file = openFile(operation);
  if (!file) return file.failure;
  if (!(operation.flags & UV_FS_O_NONBLOCK)) waitOn(file.value.number());
  return Result(std::move(file.value));
}

// To read or write all of it. Not a pipe, which would hold up all other clients for as long as this one likes.
Outcome<Descriptor> openWhole(const FileOperation& operation, uint64_t& size) {
  Outcome<Descriptor> file = openFile(operation);
  if (!file) return file;
  FsRequest status;
  if (status.call(uv_fs_fstat, file.value.number()) < 0) return status.failure("fstat");
  const uv_stat_t& found = *uv_fs_get_statbuf(status.get());
  if (kindOf(found) == kFifo) return Failure{"ENOTSUP", "open", 0, "it is a pipe, not a file: open() it", {}};
  size = found.st_size;
  return file;
}

constexpr size_t kReadStep = 64u << 10;
constexpr size_t kLargestFile = std::numeric_limits<int32_t>::max();  // Node's own limit for readFile
constexpr Failure kTooLarge{
    "ERR_FS_FILE_TOO_LARGE", "read", 0, "it has more than 2 GiB: open() it and read it in parts", {}};

Outcome<Result> readFile(const FileOperation& operation) {
  uint64_t expected = 0;
  const Outcome<Descriptor> file = openWhole(operation, expected);
  if (!file) return file.failure;
  if (expected > kLargestFile) return kTooLarge;
  // Some files say that they are empty, and are not.
  Bytes bytes(static_cast<size_t>(expected) + 1);
  size_t length = 0;
  for (;;) {
    if (length > kLargestFile) return kTooLarge;
    if (length == bytes.size()) bytes.resize(length + std::max(kReadStep, length / 2));
    uv_buf_t room = uv_buf_init(reinterpret_cast<char*>(bytes.data() + length),
                                static_cast<unsigned>(std::min<size_t>(bytes.size() - length, 1u << 30)));
    FsRequest read;
    const int count = read.call(uv_fs_read, file.value.number(), &room, 1u, int64_t{-1});
    if (count < 0) return read.failure("read");
    if (count == 0) break;
    length += static_cast<size_t>(count);
  }
  bytes.resize(length);
  return Result(std::move(bytes));
}

Outcome<Result> writeFile(const FileOperation& operation) {
  uint64_t size = 0;
  const Outcome<Descriptor> file = openWhole(operation, size);
  if (!file) return file.failure;
  // libuv's buffers are not const, but it only reads from these.
  auto* bytes = reinterpret_cast<char*>(const_cast<uint8_t*>(operation.bytes.data()));
  for (size_t written = 0; written < operation.bytes.size();) {
    const size_t rest = std::min<size_t>(operation.bytes.size() - written, 1u << 30);
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

template <class Function>
Outcome<Result> status(const FileOperation& operation, Function function, const char* syscall) {
  FsRequest request;
  if (request.call(function, operation.path.c_str()) < 0) return request.failure(syscall);
  const uv_stat_t& file = *uv_fs_get_statbuf(request.get());
  return Result(FileStatus{file.st_dev, file.st_mode, file.st_nlink, file.st_uid, file.st_gid, file.st_rdev,
                           file.st_ino, file.st_size, file.st_blksize, file.st_blocks, milliseconds(file.st_atim),
                           milliseconds(file.st_mtim), milliseconds(file.st_ctim), milliseconds(file.st_birthtim)});
}

Outcome<Result> access(const FileOperation& operation) {
  if (const Failure failure = checkAccess(operation.path.c_str(), operation.mode)) return failure;
  return Result();
}

Outcome<Result> rename(const FileOperation& operation) {
  FsRequest request;
  if (request.call(uv_fs_rename, operation.path.c_str(), operation.target.c_str()) < 0)
    return request.failure("rename");
  return Result();
}

}  // namespace

Outcome<Result> perform(const FileOperation& operation) noexcept {
  switch (operation.kind) {
    case FileOperation::Kind::Open:
      return open(operation);
    case FileOperation::Kind::ReadFile:
      return readFile(operation);
    case FileOperation::Kind::WriteFile:
      return writeFile(operation);
    case FileOperation::Kind::Stat:
      return status(operation, uv_fs_stat, "stat");
    case FileOperation::Kind::LStat:
      return status(operation, uv_fs_lstat, "lstat");
    case FileOperation::Kind::Access:
      return access(operation);
    case FileOperation::Kind::ReadDir:
      return listFolder(operation.path);
    case FileOperation::Kind::MkDir:
      return makeFolder(operation.path, operation.mode, operation.recursive);
    case FileOperation::Kind::Rm:
      return removeTree(operation.path, operation.recursive, operation.force);
    case FileOperation::Kind::Rename:
      return rename(operation);
  }
  return Failure{"EINVAL", "perform", 0, nullptr, {}};
}

}  // namespace framepipe
