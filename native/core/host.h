// What a loop needs of the JavaScript environment that it belongs to.
#pragma once

struct uv_loop_s;

namespace framepipe {

class Host {
 public:
  // Any thread: have the event queue drained on the JS thread, soon. Many rings may become one.
  virtual void ring() noexcept = 0;

  // JS thread, outside JavaScript (in a callback of Node's loop): drain the event queue now.
  virtual void deliver() noexcept = 0;

  // JS thread: while more retains than releases were called, the process does not end by itself.
  virtual void retain() noexcept = 0;
  virtual void release() noexcept = 0;

  // Node's own loop, for platforms that wait on it.
  virtual uv_loop_s* uvLoop() noexcept = 0;

 protected:
  ~Host() = default;
};

}  // namespace framepipe
