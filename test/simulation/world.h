// One schedule: a connection, its scripted transport, its peer and its JavaScript, from a seed to the end. One thread.
#pragma once
#include <memory>
#include <vector>

#include "core/connection.h"
#include "locks.h"
#include "scripted_transport.h"

namespace simulation {

class World final : private Bystander, private framepipe::EventSink, private framepipe::Host {
 public:
  World(uint64_t seed, Verdict& verdict);
  ~World();

  void run();

 private:
  enum class Thread : uint8_t { JavaScript, Reading, Other };
  class As {  // who acts, for as long as it lives
   public:
    As(World& world, Thread thread) : world_(world), before_(world.thread_) { become(thread); }
    ~As() { become(before_); }
    As(const As&) = delete;
    As& operator=(const As&) = delete;

   private:
    void become(Thread thread) {
      world_.thread_ = thread;
      world_.stage_.reading_thread = thread == Thread::Reading || !world_.scenario_.completion;
    }
    World& world_;
    const Thread before_;
  };

  // Somebody does something.
  void step();
  void systemActs();
  void peerActs();
  void javaScriptActs();
  void othersAct();
  bool makeMove();
  void timePasses();
  void waitForTheEnd();

  // JavaScript, as lib/ and binding/ do.
  void askForIdentity();
  void send();
  void sendFrames(std::span<const std::span<const uint8_t>> frames, bool good);
  bool offer(std::span<const std::span<const uint8_t>> frames, bool good);
  bool offerWhatIsKnownToBeTaken(const framepipe::EncodedFrames& encoded,
                                 std::span<const std::span<const uint8_t>> frames);
  bool offerAndSee(const framepipe::EncodedFrames& encoded, std::span<const std::span<const uint8_t>> frames);
  bool offered(const framepipe::Outcome<std::optional<size_t>>& outcome, bool may, bool behind, size_t queued);
  void offerBeside(const framepipe::EncodedFrames& encoded, std::span<const std::span<const uint8_t>> frames);
  void forgetBeside();
  void flush();
  void consume(size_t bytes);
  void cut();
  void take();
  void endSending();
  void waitForDrain();
  void cancelDrain();
  void close();
  void destroy(bool environment_ends);
  void checkKeptAlive();
  void checkMemory(size_t blocks);

  // Both sides are willing: all that can happen does.
  void settle();
  bool settleOne();
  void finish();
  void end();
  void checkTraffic();

  void unlocked() noexcept override;
  void report(framepipe::Event&& event) noexcept override;
  void ring() noexcept override {}
  void deliver() noexcept override;  // all events, in order
  void retain() noexcept override { ++retained_; }
  void release() noexcept override { --retained_; }
  uv_loop_s* uvLoop() noexcept override { return nullptr; }

  Random random_;
  Random broadcasts_;  // apart, so that seeds that found something mean what they meant
  const bool client_ = random_.chance(50);
  const Scenario scenario_;
  Verdict& verdict_;
  Peer peer_;
  Model model_;
  ScriptedTransport::Stage stage_;
  ScriptedTransport* transport_;
  std::shared_ptr<framepipe::Connection> connection_;
  std::vector<framepipe::Connection::Lease> leases_;

  Thread thread_ = Thread::JavaScript;
  bool nested_ = false;
  std::vector<framepipe::Event> events_;  // told, and not delivered yet
  size_t consumable_ = 0;  // bytes that JavaScript has
  size_t incomplete_ = 0;  // of a frame that it cuts
  bool gone_ = false;      // Closed was delivered: its number is void
  bool keeps_alive_ = true;
  bool finishes_ = false;   // close() or endSending() left something to be sent
  bool unflushed_ = false;  // something was sent that nobody need write yet
  bool reader_stops_ = false;
  const bool takes_at_once_ = random_.chance(50);
  int retained_ = 0;
  framepipe::SendQueue beside_;  // somebody else's
  std::vector<uint8_t> wire_beside_;
};

}  // namespace simulation
