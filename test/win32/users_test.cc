// Whose connection it is, for ListenOptions::max_per_user: a client's token comes with what it sends.
#include "loops/world.h"

namespace framepipe::test {

// Nobody is known by an empty message on every system: else it would let in as many as one likes.
TEST(whoBeginsWithAnEmptyMessageIsCountedWithWhatFollows) {
  World world;
  ListenOptions options = world.listenOptions(FramingKind::Message);
  options.max_per_user = 1;
  const Id listener = world.listen(options);
  const RawPeer first = RawPeer::connect(options);
  CHECK(first.write("hello"));
  const Id admitted = world.accept();
  CHECK(world.receives(admitted, 1));
  for (uint64_t refused = 1; refused <= 3; ++refused) {
    const RawPeer next = RawPeer::connect(options);
    const Id id = world.accept();
    CHECK(next.write(""));
    next.write("me, too", 100);  // which may be refused by then
    CHECK(world.closes(id));
    CHECK(world.loop().listener(listener)->refused() == refused);
    for (const std::string& frame : world.story(id).frames) CHECK(frame.empty());
  }
  CHECK(!world.story(admitted).closed);
}

}  // namespace framepipe::test
