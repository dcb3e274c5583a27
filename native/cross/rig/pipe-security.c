// Does this Wine check access rights on pipes? Exits with 0 if a pipe that nobody may open cannot be opened.
#include <windows.h>

#include <sddl.h>

int main(void) {
  char name[64];
  wsprintfA(name, "\\\\.\\pipe\\framepipe-probe-%lu", GetCurrentProcessId());
  SECURITY_ATTRIBUTES nobody = {sizeof nobody, NULL, FALSE};
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorA("D:P", SDDL_REVISION_1, &nobody.lpSecurityDescriptor, NULL))
    return 2;
  HANDLE server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, &nobody);
  if (server == INVALID_HANDLE_VALUE) return 2;
  HANDLE client = CreateFileA(name, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
  return client == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED ? 0 : 1;
}
