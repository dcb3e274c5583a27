// The list of one test, and winetest's main() for it.
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define STANDALONE
#include "wine/test.h"

void func_pipe(void);
const struct test winetest_testlist[] = {{"pipe", func_pipe}, {0, 0}};
