// stdio.exe COMMAND ARGUMENTS... : runs COMMAND inside Wine with real Windows pipes for stdin, stdout and stderr, and
// copies between them and our own handles, which may be Linux pipes: libuv refuses those with "open EBADF".
#include <windows.h>

struct copy {
  HANDLE from, to;
  BOOL close_to;
};

static DWORD WINAPI copy_all(void* argument) {
  struct copy* copy = argument;
  char buffer[65536];
  DWORD got, put;
  while (ReadFile(copy->from, buffer, sizeof buffer, &got, NULL) && got) {
    for (DWORD done = 0; done < got; done += put) {
      if (!WriteFile(copy->to, buffer + done, got - done, &put, NULL)) goto out;
    }
  }
out:
  if (copy->close_to) CloseHandle(copy->to);
  return 0;
}

// The command line without its first word, which is our own name.
static LPWSTR rest_of_command_line(void) {
  LPWSTR rest = GetCommandLineW();
  if (*rest == L'"') {
    for (rest++; *rest && *rest != L'"'; rest++) {
    }
    if (*rest) rest++;
  } else {
    while (*rest && *rest != L' ') rest++;
  }
  while (*rest == L' ') rest++;
  return rest;
}

int wmain(void) {
  SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};
  HANDLE read[3], write[3];
  for (int i = 0; i < 3; i++) {
    if (!CreatePipe(&read[i], &write[i], &inheritable, 65536)) return 250;
    SetHandleInformation(i == 0 ? write[i] : read[i], HANDLE_FLAG_INHERIT, 0);
  }
  STARTUPINFOW startup = {sizeof startup};
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = read[0];
  startup.hStdOutput = write[1];
  startup.hStdError = write[2];
  PROCESS_INFORMATION process;
  if (!CreateProcessW(NULL, rest_of_command_line(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return 251;
  CloseHandle(read[0]);
  CloseHandle(write[1]);
  CloseHandle(write[2]);

  struct copy in = {GetStdHandle(STD_INPUT_HANDLE), write[0], TRUE};
  struct copy out = {read[1], GetStdHandle(STD_OUTPUT_HANDLE), FALSE};
  struct copy error = {read[2], GetStdHandle(STD_ERROR_HANDLE), FALSE};
  CreateThread(NULL, 0, copy_all, &in, 0, NULL);
  HANDLE outputs[] = {CreateThread(NULL, 0, copy_all, &out, 0, NULL), CreateThread(NULL, 0, copy_all, &error, 0, NULL)};
  WaitForSingleObject(process.hProcess, INFINITE);
  DWORD code = 1;
  GetExitCodeProcess(process.hProcess, &code);
  // A grandchild may hold the pipes open for longer than anybody wants to wait.
  WaitForMultipleObjects(2, outputs, TRUE, 3000);
  ExitProcess(code);
}
