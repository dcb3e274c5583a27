#include "scripted_transport.h"

#include <algorithm>
#include <utility>

#include "blocks.h"
#include "locks.h"

namespace simulation {

using framepipe::ReadAnswer;

// What the core allows itself; one more read for the completion that begins a turn.
constexpr int kReadsInTurn = 8 + 1;

ScriptedTransport::ScriptedTransport(const Scenario& scenario, Stage& stage) : scenario_(scenario), stage_(stage) {
  stage_.transport_lives = true;
}

ScriptedTransport::~ScriptedTransport() {
  stage_.transport_lives = false;
}

void ScriptedTransport::called(const char* name) {
  stage_.verdict.trace("    %s", name);
  stage_.verdict.require(!was_released_, "the transport is not called after release()");
  stage_.verdict.require(stage_.mutex.held(), "the transport is called under the lock");
}

// --- Reading -----------------------------------------------------------------------------------

ReadAnswer ScriptedTransport::read(std::span<uint8_t> room, bool keep) {
  called("read");
  Verdict& verdict = stage_.verdict;
  verdict.require(stage_.reading_thread, "read() comes on the reading thread");
  verdict.require(!read_in_flight_, "one read at a time");
  verdict.require(!room.empty() && room.size() >= awaited_room_, "a read has room, and as much as was asked for");
  verdict.require(!stage_.model.read_ended && scenario_.receives(), "nothing is read after the end");
  verdict.require(keep == stage_.model.open(), "what arrives is kept while Open");
  const size_t mark = std::max<size_t>(scenario_.options.high_water_mark, 1);
  verdict.require(!keep || stage_.model.held() < mark || stage_.model.told_left, "nothing is read above the mark");
  verdict.require(!keep || stage_.model.told_left || room.size() <= stage_.model.mostRoom(),
                  "a read has no more room than the mark and one frame allow");
  verdict.require(
      !keep || stage_.model.taken_from_server || stage_.peer.read() + room.size() <= scenario_.options.untaken,
      "a connection that nobody has taken is read no further than its limit");
  verdict.require(++reads_ <= kReadsInTurn, "a turn of reading is limited");
  owes_readable_ = paused_ = last_read_empty_ = false;
  awaited_room_ = 0;
  if (!scenario_.completion || (inputWaits() && stage_.random.chance(50))) return answer(room, keep);
  read_in_flight_ = true;
  read_cancelled_ = false;
  room_ = room;
  keep_ = keep;
  return {.kind = ReadAnswer::Kind::InFlight};
}

ReadAnswer ScriptedTransport::answer(std::span<uint8_t> room, bool keep) {
  if (!scenario_.completion && fails()) return failedRead("EIO");
  Peer& peer = stage_.peer;
  const bool misses_it = !scenario_.completion && !stage_.settling && stage_.random.chance(5);  // it comes just now
  if (misses_it || (!peer.hasInput() && !peer.stopped())) {
    owes_readable_ = last_read_empty_ = true;
    return {};
  }
  if (!peer.hasInput()) {
    stage_.model.read_ended = true;
    if (peer.left()) stage_.model.told_left = knows_of_leaving_ = true;
    stage_.verdict.trace("      the end%s", peer.left() ? ", the peer has left" : "");
    return {.kind = ReadAnswer::Kind::Ended, .peer_left = peer.left()};
  }
  ReadAnswer answer{.kind = ReadAnswer::Kind::Bytes};
  if (scenario_.messages()) {
    answer = answerMessage(room, keep);
  } else {
    const size_t most = std::min({room.size(), peer.available(), scenario_.most_at_once});
    answer.bytes = stage_.random.chance(50) ? most : stage_.random.between(1, most);
    peer.take(room.first(answer.bytes));
  }
  const bool came = answer.kind == ReadAnswer::Kind::Bytes;  // a message that is too long for the room still waits
  if (came && !stage_.model.destroy_called) stage_.model.clock.came = stage_.model.clock.now;
  answer.was_all = came && !peer.hasInput() && stage_.random.chance(50);
  if (answer.was_all) owes_readable_ = true;
  stage_.verdict.trace("      %zu bytes%s%s%s", answer.bytes, answer.message_ends ? ", a message" : "",
                       answer.kind == ReadAnswer::Kind::TooSmall ? ": too small" : "", answer.was_all ? ", all" : "");
  return answer;
}

ReadAnswer ScriptedTransport::answerMessage(std::span<uint8_t> room, bool keep) {
  Peer& peer = stage_.peer;
  const size_t size = peer.messageSize();
  ReadAnswer answer{.kind = ReadAnswer::Kind::Bytes, .bytes = std::min(size, room.size())};
  if (size > room.size() && !scenario_.completion) {
    if (keep) {
      if (size <= scenario_.options.framing.max_frame_length) awaited_room_ = size;
      return {.kind = ReadAnswer::Kind::TooSmall, .bytes = size};
    }
    peer.skipMessage();
    answer.message_ends = true;
    return answer;
  }
  answer.message_ends = peer.take(room.first(answer.bytes));
  return answer;
}

ReadAnswer ScriptedTransport::failedRead(const char* code) {
  stage_.verdict.trace("      fails");
  stage_.model.readFails(code);
  return {.kind = ReadAnswer::Kind::Failed, .failure = {code, "read"}};
}

void ScriptedTransport::completeRead() {
  read_in_flight_ = false;
  ReadAnswer done;
  if (!stage_.verdict.require(inLiveBlock(room_), "the room is kept while a read is in flight")) return;
  if (fails()) {
    done = failedRead("EIO");
  } else if (read_cancelled_ || !inputWaits()) {
    done = {.kind = ReadAnswer::Kind::Bytes};
    stage_.verdict.trace("      nothing");
  } else {
    std::fill(room_.begin(), room_.end(), uint8_t{0xee});  // it was the system's all the time
    done = answer(room_, keep_);
  }
  connection_->readCompleted(done);
}

void ScriptedTransport::pause() {
  called("pause");
  stage_.verdict.require(!read_in_flight_, "nothing pauses while a read is in flight");
  owes_readable_ = false;
  paused_ = true;
}

void ScriptedTransport::readSoon() {
  called("readSoon");
  work_soon_ = true;
  if (scenario_.completion && !work_lease_) work_lease_.emplace(connection_->lease());
}

void ScriptedTransport::writeSoon() {
  called("writeSoon");
  write_soon_ = true;
  if (scenario_.completion && !work_lease_) work_lease_.emplace(connection_->lease());
}

// --- The end -----------------------------------------------------------------------------------

void ScriptedTransport::cancel() {
  called("cancel");
  ++cancellations_;
  if (!stage_.settling && scenario_.early_cancel && stage_.random.chance(60)) return;
  read_cancelled_ = write_cancelled_ = drain_forgotten_ = true;
}

void ScriptedTransport::release(bool in_order) {
  Verdict& verdict = stage_.verdict;
  verdict.trace("    release%s", in_order ? " in order" : "");
  verdict.require(!was_released_, "the transport is released once");
  verdict.require(!stage_.mutex.held(), "release() comes without the lock");
  verdict.require(!inFlight() && stage_.leases == 0, "the transport is released when nothing is in flight");
  verdict.require(!drain_asked_, "nothing is asked for when the transport is released");
  verdict.require(!stage_.model.closedTold(), "release() comes before Closed");
  const bool orderly = stage_.model.close_called && !stage_.model.destroyed_first && stage_.model.allTaken();
  const bool must = orderly && !stage_.model.failed && !stage_.model.told_left && !stage_.model.write_failed;
  verdict.require(in_order || !must, "in order is what close() ends in");
  verdict.require(!in_order || orderly, "in order means that this end closed, having written everything");
  was_released_ = stage_.model.released = true;
}

void ScriptedTransport::released() {
  Verdict& verdict = stage_.verdict;
  verdict.trace("    released");
  verdict.require(was_released_ && stage_.model.closedTold() && !was_told_, "released() comes once, and last");
  verdict.require(!stage_.mutex.held(), "released() comes without the lock");
  was_told_ = true;
}

// --- What happens next -------------------------------------------------------------------------

bool ScriptedTransport::can(Move move) const {
  if (was_released_) return false;
  switch (move) {
    case Move::Work:
      return write_soon_ || (work_soon_ && (!scenario_.waits_for_input || inputWaits()));
    case Move::Readable:
      return owes_readable_ && !read_in_flight_ && inputWaits();
    case Move::CompleteRead:
      return read_in_flight_ && (inputWaits() || read_cancelled_ || !stage_.settling);
    case Move::Writable:
      return owes_writable_ && takesMore();
    case Move::CompleteWrite:
      return write_in_flight_ && (takesMore() || write_cancelled_);
    case Move::TellLeft:
      // Readiness: the system tells in any case.
      return stage_.peer.left() && !knows_of_leaving_ && (paused_ || stage_.model.read_ended || !scenario_.completion);
    default:
      return drain_asked_ && (drain_forgotten_ || stage_.peer.left() || stage_.model.peer_read >= drain_upto_);
  }
}

void ScriptedTransport::make(Move move) {
  static constexpr const char* kNames[kMoves] = {"work",           "readable", "readCompleted", "writable",
                                                 "writeCompleted", "peerLeft", "drain's answer"};
  newTurn();
  stage_.verdict.trace("  %s", kNames[static_cast<int>(move)]);
  switch (move) {
    case Move::Work: {
      work_soon_ = write_soon_ = owes_writable_ = false;
      const std::optional<framepipe::Connection::Lease> lease = std::exchange(work_lease_, std::nullopt);
      return connection_->work();
    }
    case Move::Readable:
      owes_readable_ = owes_writable_ = false;
      return connection_->work();
    case Move::CompleteRead:
      return completeRead();
    case Move::Writable:
      owes_writable_ = false;
      return connection_->work();
    case Move::CompleteWrite:
      return completeWrite();
    case Move::TellLeft:
      stage_.model.told_left = knows_of_leaving_ = true;
      return connection_->peerLeft();
    default:
      return answerDrain();
  }
}

void ScriptedTransport::workForNothing() {
  newTurn();
  owes_readable_ = owes_writable_ = false;
  connection_->work();
}

}  // namespace simulation
