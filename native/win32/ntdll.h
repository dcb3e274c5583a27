// What Windows has documented functions for in ntdll.dll alone, of which compilers' libraries have no import. Any thread.
#pragma once
#include <windows.h>

namespace framepipe::win32 {

// Null when there is none.
template <class Function>
Function ntdll(const char* name) {
  const HMODULE module = GetModuleHandleW(L"ntdll.dll");
  return module ? reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(module, name))) : nullptr;
}

}  // namespace framepipe::win32
