// Whether this process may use its processors all the time, or only for so long in each period: a container's limit, or a
// job's. What cannot be read limits nothing. Provided by the platform. Any thread.
#pragma once

namespace framepipe {

bool processorQuota();

}  // namespace framepipe
