// A transport without an operating system: what it answers, and when, is the seed's choice. It checks that it is
// called as core/transport.h says. One thread, which plays several.
#pragma once
#include <optional>

#include "core/connection.h"
#include "locks.h"
#include "model.h"

namespace simulation {

class ScriptedTransport final : public framepipe::Transport {
 public:
  // What it plays on, and which thread acts right now.
  struct Stage {
    Random& random;
    Verdict& verdict;
    Peer& peer;
    Model& model;
    bool reading_thread = false;
    int leases = 0;      // that "other threads" hold
    bool settling = false;  // no new faults: everything comes to its end
    bool transport_lives = false;
    CheckedMutex mutex = {};
  };
  ScriptedTransport(const Scenario& scenario, Stage& stage);
  ~ScriptedTransport() override;

  void attach(framepipe::Connection& connection) override { connection_ = &connection; }
  framepipe::Mutex* mutex() override { return &stage_.mutex; }
  uint64_t now() const override { return 0; }
  size_t firstRoom() const override { return scenario_.first_room; }
  framepipe::ReadAnswer read(std::span<uint8_t> room, bool keep) override;
  void pause() override;
  void readSoon() override;
  void writeSoon() override;
  size_t stretchesAtOnce() const override { return 1; }
  framepipe::WriteAnswer write(std::span<const std::span<const uint8_t>> stretches) override;
  framepipe::Failure admit(size_t message) override;
  bool endSending() override;
  uint64_t unread() override;
  std::optional<uint64_t> readByPeer() override;
  framepipe::Failure tellWhenRead(uint64_t upto) override;
  bool forgetDrain() override;
  void cancel() override;
  void release(bool in_order) override;
  void released() override;
  framepipe::Outcome<std::shared_ptr<framepipe::Identity>> identity(bool) override {
    return framepipe::Failure{kNoIdentity, "runAsClient"};
  }
  static constexpr const char* kNoIdentity = "EACCES";

  // What may happen next. Each is one call of the connection, not under its lock.
  enum class Move : uint8_t { Work, Readable, CompleteRead, Writable, CompleteWrite, TellLeft, AnswerDrain };
  static constexpr int kMoves = 7;
  bool can(Move move) const;
  void make(Move move);
  void workForNothing();

  bool inFlight() const { return read_in_flight_ || write_in_flight_ || drain_lease_ || work_lease_; }
  int cancellations() const { return cancellations_; }
  static constexpr int kWritesInTurn = 32;  // what the core allows itself
  void newTurn() { reads_ = writes_ = 0; }
  bool turnIsOver() const { return writes_ >= kWritesInTurn; }
  bool drainAsked() const { return drain_asked_ && !drain_forgotten_; }
  // Asked for and not answered; no other can be asked for meanwhile.
  bool drainUnanswered() const { return drain_asked_; }
  bool readsInFlight() const { return read_in_flight_; }
  bool toldReleased() const { return was_told_; }
  bool lastReadEmpty() const { return last_read_empty_; }
  static constexpr size_t kGreatestMessage = 4000;

 private:
  void called(const char* name);
  bool takesMore() const { return !scenario_.writes_first || stage_.peer.left() || !peerWaits(); }
  bool peerWaits() const { return stage_.peer.hasInput() || stage_.peer.hasMore(); }
  bool inputWaits() const { return stage_.peer.hasInput() || stage_.peer.stopped(); }
  framepipe::ReadAnswer answer(std::span<uint8_t> room, bool keep);
  framepipe::ReadAnswer answerMessage(std::span<uint8_t> room, bool keep);
  framepipe::ReadAnswer failedRead(const char* code);
  framepipe::WriteAnswer take(std::span<const std::span<const uint8_t>> stretches);
  framepipe::WriteAnswer failedWrite();
  bool fails() { return !stage_.settling && stage_.random.chance(scenario_.failures); }
  void completeRead();
  void completeWrite();
  void answerDrain();

  const Scenario& scenario_;
  Stage& stage_;
  framepipe::Connection* connection_ = nullptr;

  bool work_soon_ = false, write_soon_ = false;
  bool owes_readable_ = false, owes_writable_ = false;
  bool paused_ = false, last_read_empty_ = false;
  bool knows_of_leaving_ = false;
  bool read_in_flight_ = false, read_cancelled_ = false, keep_ = true;
  std::span<uint8_t> room_;
  bool write_in_flight_ = false, write_cancelled_ = false;
  std::span<const uint8_t> stretch_;
  bool drain_asked_ = false, drain_forgotten_ = false;
  uint64_t drain_upto_ = 0;
  std::optional<framepipe::Connection::Lease> drain_lease_, work_lease_;  // completion: both keep the connection
  size_t awaited_room_ = 0;  // after TooSmall
  int cancellations_ = 0;
  int reads_ = 0, writes_ = 0;  // in this move
  bool was_released_ = false, was_told_ = false;
};

}  // namespace simulation
