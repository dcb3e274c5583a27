// Frames appended and taken in any order and amount: the bytes in between are those that encode() makes, all or nothing.
#include "core/send_queue.h"

#include <algorithm>
#include <deque>

#include "input.h"

namespace framepipe {
namespace {

// A queue of bytes, and of messages' lengths.
struct Model {
  std::string bytes;
  std::deque<size_t> messages;
};

void checkGathered(const SendQueue& queue, const Model& model, bool messages) {
  std::vector<std::span<const uint8_t>> spans(4096);
  spans.resize(queue.gather(spans));
  std::string bytes;
  for (size_t i = 0; i < spans.size(); ++i) {
    bytes.append(spans[i].begin(), spans[i].end());
    if (messages) must(spans[i].size() == model.messages[i], "a message");
    if (!messages) must(!spans[i].empty(), "something to write");
  }
  if (messages) must(spans.size() == std::min<size_t>(4096, model.messages.size()), "as many messages");
  must(model.bytes.compare(0, bytes.size(), bytes) == 0, "the bytes in order");
  must(spans.size() == 4096 || bytes.size() == model.bytes.size(), "all bytes");
  must(queue.queued() == model.bytes.size(), "their number");
  must(queue.empty() == spans.empty(), "whether there are any");
}

}  // namespace
}  // namespace framepipe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace framepipe;
  Input input(data, size);
  Framing framing = input.framing();
  const bool messages = input.byte() % 4 == 0;
  if (messages) framing = message();
  SendQueue queue(framing, std::make_shared<BlockPool>());
  Model model;
  for (int turns = 0; !input.empty() && turns < 2000; ++turns) {
    const uint8_t what = input.byte();
    if (what % 3 == 0) {
      const size_t taken = messages ? (model.messages.empty() ? 0 : model.messages.front())
                                    : std::min<size_t>(model.bytes.size(), what & 4 ? 50000 : what);
      const BlockRef in_flight = what & 8 ? queue.front() : nullptr;
      if (!messages || !model.messages.empty()) queue.sent(taken);
      model.bytes.erase(0, taken);
      if (!model.messages.empty()) model.messages.pop_front();
    } else {
      std::vector<std::string> frames(what % 5);
      for (std::string& frame : frames) {
        frame = input.take(input.byte());
        if (what & 32) frame.resize(frame.size() * 300, 'y');
      }
      std::vector<std::span<const uint8_t>> spans;
      std::string wire;
      bool refused = false;
      for (const std::string& frame : frames) {
        spans.push_back(bytesOf(frame));
        Envelope envelope;
        refused = refused || encode(framing, bytesOf(frame), envelope);
        if (!refused) wire += encoded(framing, frame);
      }
      const Failure failure = queue.append(spans);
      must(refused == static_cast<bool>(failure), "refused when one frame is");
      if (!refused) {
        model.bytes += wire;
        if (messages)
          for (const std::string& frame : frames) model.messages.push_back(frame.size());
      }
    }
    checkGathered(queue, model, messages);
    if (model.bytes.size() > 2u << 20) break;
  }
  return 0;
}
