#include "core/descriptor.h"

namespace framepipe {

// Not inline: GCC 12 takes it for one of whatever else a Result may be, and warns of what that has not.
Descriptor::~Descriptor() {
  if (number_ >= 0) close_(number_);
}

}  // namespace framepipe
