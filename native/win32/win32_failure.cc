#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {

const char* nodeCode(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_BAD_NET_NAME:
      return "ENOENT";
    case ERROR_ACCESS_DENIED:
    case ERROR_LOGON_FAILURE:
    case ERROR_ACCOUNT_RESTRICTION:
    case ERROR_LOGON_TYPE_NOT_GRANTED:
    case ERROR_NETWORK_ACCESS_DENIED:
      return "EACCES";
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_INVALID_OWNER:
      return "EPERM";
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_INVALID_PARAMETER:
    case ERROR_INVALID_SID:
    case ERROR_INVALID_ACL:
    case ERROR_INVALID_SECURITY_DESCR:
      return "EINVAL";
    case ERROR_FILENAME_EXCED_RANGE:
      return "ENAMETOOLONG";
    case ERROR_TOO_MANY_OPEN_FILES:
      return "EMFILE";
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_COMMITMENT_LIMIT:
      return "ENOMEM";
    case ERROR_PIPE_BUSY:
      return "EAGAIN";
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
    case ERROR_NETNAME_DELETED:
      return "EPIPE";
    case ERROR_SEM_TIMEOUT:
    case WAIT_TIMEOUT:
      return "ETIMEDOUT";
    case ERROR_OPERATION_ABORTED:
      return "ECANCELED";
    case ERROR_BAD_NETPATH:
    case ERROR_REM_NOT_LIST:
    case ERROR_HOST_UNREACHABLE:
      return "EHOSTUNREACH";
    case ERROR_NETWORK_UNREACHABLE:
      return "ENETUNREACH";
    case ERROR_CONNECTION_REFUSED:
      return "ECONNREFUSED";
    case ERROR_NOT_SUPPORTED:
    case ERROR_INVALID_FUNCTION:
      return "ENOTSUP";
    default:
      return "UNKNOWN";
  }
}

const char* connectHint(DWORD error) {
  switch (error) {
    case ERROR_ACCESS_DENIED:
      return kRefusedByAccess;
    case ERROR_LOGON_FAILURE:
    case ERROR_ACCOUNT_RESTRICTION:
    case ERROR_LOGON_TYPE_NOT_GRANTED:
    case ERROR_NETWORK_ACCESS_DENIED:
      return "the other machine does not accept this account";
    case ERROR_BAD_NETPATH:
    case ERROR_REM_NOT_LIST:
      return "the host was not found, or its firewall lets no file sharing (SMB) through";
    default:
      return nullptr;
  }
}

}  // namespace

Failure win32Failure(DWORD error, const char* syscall) {
  return {nodeCode(error), syscall, static_cast<int32_t>(error)};
}

Failure connectFailure(DWORD error) {
  Failure failure = win32Failure(error, "connect");
  failure.hint = connectHint(error);
  return failure;
}

Failure listenFailure(DWORD error) {
  Failure failure = win32Failure(error, "listen");
  // Windows tells "there is a first instance already" and "its descriptor refuses you" in the same
  // words, and a name whose instances are used up is taken as well.
  if (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY) {
    failure.code = "EADDRINUSE";
    failure.hint =
        "somebody serves this name already, or connections of a server that was closed live on: "
        "close({ connections: true }) ends them, too";
  }
  if (error == ERROR_INVALID_OWNER) failure.hint = "the descriptor's owner (O:) must be this user";
  if (error == ERROR_PRIVILEGE_NOT_HELD)
    failure.hint = "auditing entries, and labels above this process's own (S:), need a privilege";
  return failure;
}

Failure acceptFailure(DWORD error) {
  Failure failure = win32Failure(error, "accept");
  if (error == ERROR_ACCESS_DENIED)
    failure.hint = "the pipe's descriptor does not let this user make further instances";
  if (error == ERROR_PIPE_BUSY) failure.hint = "other servers of this name use all instances that it may have";
  return failure;
}

bool isPeerGone(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_PIPE_NOT_CONNECTED || error == ERROR_NO_DATA ||
         error == ERROR_HANDLE_EOF || error == ERROR_NETNAME_DELETED;
}

}  // namespace framepipe::win32
