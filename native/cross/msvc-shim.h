// Lets MinGW's Windows headers serve clang in MSVC's mode: there an import is declared otherwise.
#pragma once
#include <_mingw.h>
#undef __MINGW_IMPORT
#define __MINGW_IMPORT extern __attribute__((__dllimport__))
