// What libuv's file functions leave to the system's own words. Any thread; the platform's own.
#pragma once
#include "core/failure.h"

namespace framepipe {

// Whether the calling thread, as whoever it acts, may use the file so (R_OK, W_OK, X_OK as in node:fs).
Failure checkAccess(const char* path, int mode) noexcept;

// For a file that was opened without waiting for its other end, or for a lease on it: reading and writing wait again.
void waitOn(int descriptor) noexcept;

// What separates the folders in a path, the preferred character first.
const char* pathSeparators() noexcept;

}  // namespace framepipe
