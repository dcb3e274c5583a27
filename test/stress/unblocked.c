// LD_PRELOAD: separation that is broken on purpose. No thread blocks the C library's signal by which all threads set
// their ids, so that one which acts as a client takes part.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>

long syscall(long number, ...) {
  static long (*genuine)(long, ...);
  if (!genuine) genuine = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_rt_sigprocmask && a[0] == SIG_BLOCK) {
    const uint64_t none = 0;
    return genuine(number, SIG_BLOCK, &none, a[2], a[3]);
  }
  return genuine(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
