#include "core/processor_quota.h"

#include <windows.h>

namespace framepipe {

// Of the job that the process is in, as Windows' containers are.
bool processorQuota() {
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate{};
  return QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &rate, sizeof rate, nullptr) &&
         rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_ENABLE;
}

}  // namespace framepipe
