// What libuv's file functions leave to the system's own words. Any thread; the platform's own.
#pragma once
#include <uv.h>

#include <string>

#include "core/outcome.h"

namespace framepipe {

// Whether the calling thread, as whoever it acts, may use the file so (R_OK, W_OK, X_OK as in node:fs).
Failure checkAccess(const char* path, int mode) noexcept;

// The same for a path that a client names, as the four below: on Linux none of them leads into /proc (posix/client_path.h).
Failure checkClientsAccess(const char* path, int mode) noexcept;

// What the file is, or with `follow` false the link.
Outcome<uv_stat_t> statusOf(const char* path, bool follow) noexcept;

Failure renameFile(const std::string& from, const std::string& to) noexcept;

// A descriptor of the C library's inside node, for `flags` and `mode` as in node:fs. The client names the file, and the
// thread serves other clients, too: this neither waits for the other end of a FIFO, nor takes a terminal for its own, nor
// lets the server of a pipe act as whoever uses the descriptor later.
Outcome<int> openFile(const char* path, int flags, int mode) noexcept;

// For a file that was opened without waiting for its other end, or for a lease on it: reading and writing wait again.
void waitOn(int descriptor) noexcept;

}  // namespace framepipe
