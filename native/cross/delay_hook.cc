// The addon imports from NODE.EXE, but the program that loads it may have another name (Electron, a renamed node.exe).
// The import is therefore delayed, and this hook answers with the program itself. With MSVC, node-gyp brings a hook of
// its own; this one is for MinGW.
#ifdef __MINGW32__
#include <windows.h>

#include <delayimp.h>
#include <string.h>

static FARPROC WINAPI framepipe_host(unsigned int event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "NODE.EXE") != 0) return nullptr;
  HMODULE host = GetModuleHandleW(L"libnode.dll");
  if (host == nullptr) host = GetModuleHandleW(nullptr);
  return reinterpret_cast<FARPROC>(host);
}

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = framepipe_host;
}
#endif
