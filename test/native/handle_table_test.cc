// A number is given out once, whatever the counters have come to.
#include "core/handle_table.h"

#include <unordered_set>

#include "check.h"

namespace framepipe {
namespace {

using Table = HandleTable<int>;

constexpr uint64_t kGeneration = uint64_t{1} << Table::kSlotBits;  // from one generation to the next
constexpr Id kLastNumber = (Id{1} << 53) - 1;

// A stale number finds nothing, however often its slot has been used since.
void checkChurn(Checks& check, uint64_t generation, int rounds) {
  Table table;
  table.countFrom(generation);
  const Id first = table.add(std::make_shared<int>(-1));
  check.that(first >= generation * kGeneration, "counts from the generation that was asked for");
  table.remove(first);
  std::unordered_set<Id> given{first};
  for (int i = 0; i < rounds; ++i) {
    const Id id = table.add(std::make_shared<int>(i));
    if (!check.that(id > 0 && id <= kLastNumber && given.insert(id).second, "a number that was never given out"))
      return;
    check.that(*table.find(id) == i, "finds what it names");
    check.that(!table.find(first), "the first number finds nothing");
    table.remove(first);  // nothing
    check.that(!!table.find(id), "removing a stale number removes nothing");
    table.remove(id);
    check.that(!table.find(id), "a number is void once it was removed");
  }
}

// The slot that has been free for longest comes first: numbers of many who leave at once do not come from a few slots.
void checkOrder(Checks& check) {
  Table table;
  std::vector<Id> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(table.add(std::make_shared<int>(i)));
  for (const Id id : ids) table.remove(id);
  for (const Id id : ids) check.equal(table.add(std::make_shared<int>(0)), id + kGeneration, "the next generation");
}

void checkEnd(Checks& check) {
  Table table;
  table.countFrom(UINT64_MAX);
  std::unordered_set<Id> given;
  for (uint64_t i = 0; i < kGeneration; ++i) {
    const Id id = table.reserve();
    if (id == 0 || id > kLastNumber || !given.insert(id).second) {
      check.that(false, "each slot has one number left");
      return;
    }
    table.cancel(id);
  }
  check.equal(*std::max_element(given.begin(), given.end()), kLastNumber, "the last number is 2^53 - 1");
  for (int i = 0; i < 3; ++i) {
    check.equal(table.reserve(), Id{0}, "no number is left");
    check.equal(table.add(std::make_shared<int>(0)), Id{0}, "no number is left");
  }
}

void checkNothing(Checks& check) {
  Table table;
  const Id id = table.add(std::make_shared<int>(1));
  for (const Id other : {Id{0}, id + 1, id + kGeneration, kLastNumber, UINT64_MAX}) {
    check.that(!table.find(other), "a number that was not given out finds nothing");
    table.remove(other);
  }
  check.that(!!table.find(id), "and removes nothing");
}

}  // namespace
}  // namespace framepipe

int main() {
  Checks check;
  framepipe::checkChurn(check, 1, 20'000);
  framepipe::checkChurn(check, (1u << 12) - 2, 20);              // across 2^32
  framepipe::checkChurn(check, (uint64_t{1} << 33) - 10, 20);    // to 2^53
  framepipe::checkOrder(check);
  framepipe::checkEnd(check);
  framepipe::checkNothing(check);
  return check.report();
}
