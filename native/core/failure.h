// A failed operation, as a value: native code throws nothing. Any thread.
#pragma once
#include <cstdint>

#include "codec/frame_error.h"

namespace framepipe {

struct Failure {
  const char* code = nullptr;  // Node's code ("ENOENT") or ours ("ERR_PIPE_…"), a static string; null: it went well
  const char* syscall = nullptr;  // what was attempted, in Node's words ("connect"), static
  int32_t os = 0;  // errno, or GetLastError()
  const char* hint = nullptr;  // static: the cause or the cure where it is known, for the message
  FrameError frame = {};  // set when a frame was at fault
  const char* option = nullptr;  // static: the option that brought it about

  static Failure of(const FrameError& error, const char* syscall) {
    return {error.code, syscall, 0, error.reason, error};
  }
  explicit operator bool() const { return code != nullptr; }
};

// Failures that both systems have, here so that they are told in the same words.

constexpr const char* kRefusedByAccess =
    "the server's access option does not let this user connect (Windows: or not in this direction); by default only "
    "the server's own user may: one that runs as a service or another account needs access: 'authenticated'";

constexpr Failure untrustedServer() {
  return {"ERR_PIPE_UNTRUSTED_SERVER", "connect", 0,
          "another user serves this pipe than serverOwner names (Windows: what an elevated process serves belongs to "
          "Administrators)"};
}

constexpr Failure onlyOneEndUsesMessages(int32_t os) {
  return {"EPROTOTYPE", "connect", os, "only one end uses framing.message()"};
}

constexpr Failure serverClosed(const char* syscall) {
  return {"EINVAL", syscall, 0, "the server is closed"};
}

// What is asked by a number that names nothing any more, or of a handle that is released.
constexpr Failure connectionEnded(const char* syscall) {
  return {"EPIPE", syscall, 0, "the connection has ended"};
}

// A peer chooses how long its frames are.
constexpr Failure noMemoryToRead() {
  return {"ENOMEM", "read", 0, "there is no memory for what the peer sends"};
}

// Asked for while a worker or the process comes to its end.
constexpr Failure environmentEnding(const char* syscall) {
  return {"ECANCELED", syscall, 0, "the environment is ending"};
}

// Who brought the end about, for what could not be done any more.
enum class EndedBy : uint8_t { Peer, ThisSide, AFailure };

// What was accepted, and cannot be sent any more.
constexpr Failure unsent(int32_t os, EndedBy by) {
  return {"EPIPE", "write", os,
          by == EndedBy::Peer       ? "the peer left before everything was sent"
          : by == EndedBy::ThisSide ? "this side closed the connection before everything was sent"
                                    : "the connection failed before everything was sent"};
}

// What was sent, and is not known to have been read.
constexpr Failure unread(int32_t os, EndedBy by) {
  return {"EPIPE", "waitForDrain", os,
          by == EndedBy::Peer       ? "the peer left before it had read everything"
          : by == EndedBy::ThisSide ? "this side closed the connection before the peer had read everything"
                                    : "the connection failed before the peer had read everything"};
}

}  // namespace framepipe
