// The memory of blocks, counted: nothing else asks for arrays with std::nothrow. One thread.
#pragma once
#include <cstddef>
#include <span>

namespace simulation {

size_t liveBlocks();
void forgetBlocks();  // a schedule that broke a rule may have left some

// Whether all of it lies within one block that has not been freed.
bool inLiveBlock(std::span<const unsigned char> bytes);

}  // namespace simulation
