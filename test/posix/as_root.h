// Tests of what only root can bring about, such as being another user: for anybody else they are skipped, and that is said.
#pragma once
#include <unistd.h>

#include "loops/check.h"

#define TEST_AS_ROOT(name) TEST_UNLESS(::geteuid() == 0 ? nullptr : "it takes root", name)
