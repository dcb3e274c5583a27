// Runs schedules: simulation [--first SEED] [--count N] [--processes N], or one: simulation --seed SEED [--trace].
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "seeds.h"
#include "world.h"

namespace {

bool runsWell(uint64_t seed, bool traces) {
  simulation::Verdict verdict(traces);
  simulation::World world(seed, verdict);
  world.run();
  if (!verdict.broken()) return true;
  std::printf("seed %" PRIu64 ": broken: %s\n", seed, verdict.broken());
  if (!traces) std::printf("  replay: build-native/simulation/plain/schedules --seed %" PRIu64 " --trace\n", seed);
  std::fflush(stdout);
  return false;
}

// Every `stride`-th seed; stops at the first that breaks a rule.
bool runAll(uint64_t first, uint64_t count, uint64_t at, uint64_t stride) {
  for (uint64_t i = at; i < count; i += stride)
    if (!runsWell(first + i, /*traces=*/false)) return false;
  return true;
}

bool runShared(uint64_t first, uint64_t count, uint64_t processes) {
  std::vector<pid_t> children;
  for (uint64_t i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(runAll(first, count, i, processes) ? 0 : 1);
    children.push_back(child);
  }
  bool well = true;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) std::printf("a process died of signal %d\n", WTERMSIG(status));
    well = well && status == 0;
  }
  return well;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t first = 1, count = 100000, processes = 1, seed = 0;
  bool one = false, traces = false;
  for (int i = 1; i < argc; ++i) {
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (std::strcmp(argv[i], "--first") == 0)
      first = number();
    else if (std::strcmp(argv[i], "--count") == 0)
      count = number();
    else if (std::strcmp(argv[i], "--processes") == 0)
      processes = number();
    else if (std::strcmp(argv[i], "--seed") == 0)
      one = true, seed = number();
    else if (std::strcmp(argv[i], "--trace") == 0)
      traces = true;
  }
  if (one) return runsWell(seed, traces) ? 0 : 1;
  bool well = true;
  for (const simulation::Seed& known : simulation::kSeeds) well = runsWell(known.seed, /*traces=*/false) && well;
  well = well && (processes > 1 ? runShared(first, count, processes) : runAll(first, count, 0, 1));
  if (well) std::printf("%" PRIu64 " schedules\n", count);
  std::printf("%d passed, %d failed\n", well, !well);
  return well ? 0 : 1;
}
