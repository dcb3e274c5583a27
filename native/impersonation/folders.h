// Operations on folders, which take several steps. Impersonation thread, inside Identity::assume() … revert(); the
// platform's own.
#pragma once
#include <string>

#include "core/outcome.h"
#include "core/result.h"
#include "impersonation/job.h"

namespace framepipe {

// The entries, with their types.
Outcome<Result> listFolder(const std::string& path);

// Recursive: with the folders above it; the result is the first that was made, if any.
Outcome<Result> makeFolder(const std::string& path, int mode, bool recursive);

// A file, or with `recursive` a folder with all in it. `force`: it is no failure that there is none.
Outcome<Result> removeTree(const std::string& path, bool recursive, bool force, const Cancelled& cancelled);

}  // namespace framepipe
