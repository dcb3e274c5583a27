// Who may open a pipe: spelled out, never left to the system's default, which lets everybody read. Any thread.
#pragma once
#include <windows.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/access.h"
#include "core/outcome.h"

namespace framepipe::win32 {

// What a client needs to read and write, and no more: FILE_GENERIC_READ | FILE_GENERIC_WRITE without
// FILE_CREATE_PIPE_INSTANCE (= FILE_APPEND_DATA), with which one becomes a server of this name.
constexpr ACCESS_MASK kClientAccess = (FILE_GENERIC_READ | FILE_GENERIC_WRITE) & ~FILE_CREATE_PIPE_INSTANCE;

class SecurityDescriptor {
 public:
  // The owner is that of this process's token (or whom the SDDL names): see ownersOf().
  //
  // An SDDL is kept to the letter as to who may connect. The right to create further instances is
  // not its to give: it is taken from every entry of others (generic rights are spelled out for that) and
  // the owner has it alone. If it does not let the owner read and write, Windows does not let this
  // process create a second instance either, and clients are served one after the other: between
  // them the name is nobody's.
  //
  // Clients on other machines are PIPE_REJECT_REMOTE_CLIENTS' business. An entry that denies NETWORK
  // would also hit local processes of network logons: every SSH and WinRM session.
  // `syscall`: "setAccess" for a pipe that is there, which takes no auditing entries.
  static Outcome<SecurityDescriptor> of(const Access& access, const char* syscall);

  // Of a live pipe, in SDDL, by a handle with READ_CONTROL.
  static Outcome<std::string> ofPipe(HANDLE pipe);

  // To a live pipe that has `before`, by a handle with WRITE_DAC and, where either of them has a label, WRITE_OWNER: who may
  // connect from now on. Returns GetLastError().
  DWORD applyTo(HANDLE pipe, const SecurityDescriptor& before) const;

  PSECURITY_DESCRIPTOR get() const { return const_cast<uint8_t*>(bytes_.data()); }

 private:
  static Outcome<SecurityDescriptor> fromSddl(const std::string& sddl, const char* syscall);
  bool labelled() const;

  std::vector<uint8_t> bytes_;  // self-relative
};

}  // namespace framepipe::win32
