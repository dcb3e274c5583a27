// ScriptedTransport's writing, and its answers to who waits for the peer to read.
#include <algorithm>
#include <utility>

#include "blocks.h"
#include "scripted_transport.h"

namespace simulation {

using framepipe::Failure;
using framepipe::WriteAnswer;

// --- Writing -----------------------------------------------------------------------------------

WriteAnswer ScriptedTransport::write(std::span<const std::span<const uint8_t>> stretches) {
  called("write");
  Verdict& verdict = stage_.verdict;
  verdict.require(++writes_ <= kWritesInTurn, "a turn of writing is limited");
  verdict.require(!write_in_flight_, "one write at a time");
  verdict.require(!stage_.model.write_failed, "nothing is written after a failure");
  verdict.require(!owes_writable_, "nothing is written while the system takes no more");
  verdict.require(!stage_.model.end_sent, "nothing is written after the end of sending");
  stage_.model.offered(stretches);
  if (stretches.empty()) return {};
  if (scenario_.completion && (!takesMore() || stage_.random.chance(50))) {
    write_in_flight_ = true;
    write_cancelled_ = false;
    stretch_ = stretches.front();
    return {.kind = WriteAnswer::Kind::InFlight};
  }
  if (stage_.peer.left() || fails()) return failedWrite();
  if (!takesMore() || (!scenario_.completion && stage_.random.chance(stage_.settling ? 10 : 30))) {
    owes_writable_ = true;
    stage_.verdict.trace("      full");
    return {.kind = WriteAnswer::Kind::Full};
  }
  return take(stretches);
}

WriteAnswer ScriptedTransport::take(std::span<const std::span<const uint8_t>> stretches) {
  WriteAnswer answer;
  const size_t count = scenario_.completion ? 1 : stretches.size();
  if (scenario_.messages()) {
    answer.messages = stage_.random.between(1, count);
    for (size_t i = 0; i < answer.messages; ++i) answer.bytes += stretches[i].size();
  } else {
    for (size_t i = 0; i < count; ++i) answer.bytes += stretches[i].size();
    answer.bytes = std::min(answer.bytes, scenario_.most_at_once);
    if (stage_.random.chance(40)) answer.bytes = stage_.random.between(1, answer.bytes);
  }
  stage_.model.taken(answer.bytes, answer.messages);
  stage_.verdict.trace("      takes %zu", answer.bytes);
  return answer;
}

WriteAnswer ScriptedTransport::failedWrite() {
  Model& model = stage_.model;
  const bool left = stage_.peer.left() || stage_.random.chance(50);
  stage_.verdict.trace("      fails%s", left ? ", the peer has left" : "");
  if (left) {
    stage_.peer.leaves();
    model.told_left = knows_of_leaving_ = true;
  }
  const char* code = left ? "EPIPE" : Model::kWriteFailure;
  model.writeFails(code);
  return {.kind = WriteAnswer::Kind::Failed, .peer_left = left, .failure = {code, "write"}};
}

void ScriptedTransport::completeWrite() {
  write_in_flight_ = false;
  WriteAnswer done;
  if (stage_.peer.left() || write_cancelled_ || fails()) {
    done = failedWrite();
  } else {
    if (!stage_.verdict.require(stretch_.empty() || inLiveBlock(stretch_), "the stretch is kept while in flight"))
      return;
    stage_.model.offered({&stretch_, 1});  // it is still there
    done = take({&stretch_, 1});
  }
  connection_->writeCompleted(done);
}

Failure ScriptedTransport::admit(size_t message) {
  called("admit");
  return message <= kGreatestMessage ? Failure{} : Failure{"EMSGSIZE", "write"};
}

bool ScriptedTransport::endSending() {
  called("endSending");
  stage_.verdict.require(stage_.model.allTaken() && !write_in_flight_, "sending ends when all is written");
  stage_.verdict.require(!std::exchange(stage_.model.end_sent, true) || !scenario_.sends(), "sending ends once");
  return scenario_.half_close;
}

// --- Draining ----------------------------------------------------------------------------------

uint64_t ScriptedTransport::unread() {
  called("unread");
  const framepipe::Timeouts& timeouts = scenario_.options.timeouts;
  stage_.verdict.require(timeouts.idle + timeouts.write > 0, "what is unread is asked for only where it matters");
  return scenario_.tells_read && !stage_.peer.left() ? stage_.model.position() - stage_.model.peer_read : 0;
}

std::optional<uint64_t> ScriptedTransport::readByPeer() {
  called("readByPeer");
  if (!scenario_.tells_read || (stage_.peer.left() && stage_.model.peer_read < stage_.model.position()))
    return std::nullopt;
  return stage_.model.peer_read;
}

Failure ScriptedTransport::tellWhenRead(uint64_t upto) {
  called("tellWhenRead");
  stage_.verdict.require(!drain_asked_, "one drain at a time");
  stage_.verdict.require(upto == stage_.model.nextDrain(), "a drain is asked for up to the next who waits");
  if (scenario_.completion) drain_lease_.emplace(connection_->lease());
  if (fails()) {
    if (drain_lease_) connection_->endLease(std::move(*drain_lease_));
    drain_lease_.reset();
    stage_.model.drain_failure = "EAGAIN";
    return {"EAGAIN", "waitForDrain"};
  }
  drain_asked_ = true;
  drain_forgotten_ = false;
  drain_upto_ = upto;
  return {};
}

bool ScriptedTransport::forgetDrain() {
  called("forgetDrain");
  stage_.verdict.require(drain_asked_, "only a drain that was asked for is forgotten");
  drain_forgotten_ = true;
  if (scenario_.completion) return false;
  drain_asked_ = false;
  return true;
}

void ScriptedTransport::answerDrain() {
  Model& model = stage_.model;
  drain_asked_ = false;
  // Given back at the end, for the question that was asked and no later one.
  const std::optional<framepipe::Connection::Lease> lease = std::exchange(drain_lease_, std::nullopt);
  if (fails()) {
    model.drain_failure = "EAGAIN";
    connection_->drainFailed({"EAGAIN", "waitForDrain"});
  } else if (model.peer_read >= drain_upto_) {
    model.told_read = std::max(model.told_read, model.peer_read);
    connection_->peerHasRead(model.peer_read);
  } else if (drain_forgotten_) {
    connection_->peerHasRead(0);
  } else {
    model.drain_failure = "ENOTCONN";
    connection_->drainFailed({"ENOTCONN", "waitForDrain"});
  }
}

}  // namespace simulation
