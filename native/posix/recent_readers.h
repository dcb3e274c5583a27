// The connections that have read last keep the small block that they read into, for they are likely
// to read again; all others, idle by the thousand, keep none. JS thread only.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace framepipe::posix {

class RecentReaders {
 public:
  class Reader {
   public:
    // Gives its memory back.
    virtual void rest() = 0;

   protected:
    ~Reader() = default;

   private:
    friend class RecentReaders;
    bool recent_ = false;
  };

  void add(Reader& reader) {
    if (reader.recent_) return;
    Reader*& place = readers_[next_++ % readers_.size()];
    if (place) {
      place->recent_ = false;
      place->rest();
    }
    place = &reader;
    reader.recent_ = true;
  }

  // Its memory goes with it.
  void remove(Reader& reader) {
    if (!std::exchange(reader.recent_, false)) return;
    std::replace(readers_.begin(), readers_.end(), &reader, static_cast<Reader*>(nullptr));
  }

 private:
  std::array<Reader*, 64> readers_{};
  size_t next_ = 0;
};

}  // namespace framepipe::posix
