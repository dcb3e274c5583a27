// What JavaScript does with a connection.
#include <algorithm>
#include <array>
#include <cstring>

#include "frames.h"
#include "world.h"

namespace simulation {

using framepipe::Event;
using framepipe::Failure;
using framepipe::Id;

void World::javaScriptActs() {
  if (gone_) return;
  const As as(*this, Thread::JavaScript);
  if (!model_.taken_from_server && random_.chance(10)) return take();
  const size_t what = random_.below(100);
  if (what < 34) return send();
  if (what < 46) return flush();
  if (what < 62) return deliver();
  if (what < 76) return consume(random_.below(consumable_ + 1));
  if (what < 80) return endSending();
  if (what < 88) return waitForDrain();
  if (what < 91) return cancelDrain();
  if (what < 94) return close();
  if (what < 96) return destroy(random_.chance(25));
  if (what < 97) return askForIdentity();
  if (what < 98) {
    keeps_alive_ = random_.chance(50);
    verdict_.trace("  keepAlive %d", keeps_alive_);
    return connection_->keepAlive(keeps_alive_);
  }
  const size_t told = model_.framesTold();
  const framepipe::Traffic traffic = connection_->traffic();
  if (nested_) return;
  verdict_.require(traffic.frames_out == model_.framesAccepted(), "traffic counts what was accepted");
  if (scenario_.custom())
    verdict_.require(traffic.frames_in == model_.framesCut(), "traffic counts what was cut");
  else
    verdict_.require(traffic.frames_in >= told, "traffic counts what was told");
  verdict_.require(traffic.bytes_in <= peer_.read(), "traffic counts what was read");
}

void World::askForIdentity() {
  const framepipe::Failure failure = connection_->identity(/*to_act=*/true).failure;
  const char* expected = client_ ? "ERR_PIPE_NOT_SERVER" : ScriptedTransport::kNoIdentity;
  verdict_.require(failure && std::strcmp(failure.code, expected) == 0, "only a server has a client");
}

void World::send() {
  std::array<std::span<const uint8_t>, 3> frames;
  static std::array<std::array<uint8_t, 9001>, 3> bytes;  // one thread
  const size_t count = random_.between(1, 3), longest = scenario_.options.framing.max_frame_length;
  const bool raw = scenario_.options.framing.kind == framepipe::FramingKind::Raw;
  bool good = true;
  for (size_t i = 0; i < count; ++i) {
    const size_t size = random_.chance(3) ? longest + 1 : sizeOfFrame(random_, scenario_.options.framing);
    for (size_t at = 0; at < size; ++at) bytes[i][at] = byteOfFrame(model_.framesAccepted() + i, at);
    frames[i] = {bytes[i].data(), size};
    good = good && (raw || size <= longest) && (!scenario_.messages() || size <= ScriptedTransport::kGreatestMessage);
  }
  if (broadcasts_.chance(25)) {
    if (!offer({frames.data(), count}, good)) return;
  } else {
    sendFrames({frames.data(), count}, good);
  }
  unflushed_ = true;
  if (random_.chance(70)) flush();
}

void World::sendFrames(std::span<const std::span<const uint8_t>> frames, bool good) {
  // In the model first: on other threads it may be written before send() returns.
  const bool may = model_.maySend();
  if (may && good)
    for (const auto& frame : frames) model_.accepted(frame);
  const size_t queued = model_.outboundHeld();
  verdict_.trace("  send %zu frames, %s", frames.size(), !may ? "too late" : good ? "good" : "too long");
  const auto outcome = connection_->send(frames);
  verdict_.require(static_cast<bool>(outcome) == (may && good), "send() accepts what it can send, and nothing else");
  if (outcome)
    verdict_.require(outcome.value == queued, "send() returns what is queued");
  else if (!may)
    verdict_.require(std::strcmp(outcome.failure.code, "EPIPE") == 0, "send() of what is closed fails with EPIPE");
}

void World::flush() {
  unflushed_ = false;
  transport_->newTurn();
  connection_->flush();
}

void World::deliver() noexcept {
  std::vector<Event> events;
  std::swap(events, events_);
  for (const Event& event : events) {
    if (event.kind == Event::Kind::Frames) consumable_ += event.frames.cost();
    const bool of_connection =
        event.kind == Event::Kind::Frames || event.kind == Event::Kind::Closed || event.other == Model::kConnection;
    if (of_connection && !gone_) {
      connection_->delivered(event);
      if (event.kind == Event::Kind::Frames && scenario_.custom()) cut();
      if (event.kind != Event::Kind::Frames && model_.allTaken() && !nested_) finishes_ = false;
    }
    if (event.kind == Event::Kind::Closed) gone_ = true;
  }
  checkKeptAlive();
  if (!gone_ && random_.chance(scenario_.eagerness)) consume(consumable_);
}

// What lib/intake.ts does with bytes that it was given.
void World::cut() {
  const size_t frames = random_.below(3);
  incomplete_ = frames > 0 ? random_.below(20) : incomplete_ + 1;
  const bool stops = random_.chance(3);
  verdict_.trace("  cut into %zu frames%s", frames, stops ? ", and then it is refused" : "");
  model_.framed(frames);
  connection_->framed(frames, incomplete_);
  if (!stops) return;
  model_.readingStopped();
  connection_->stopReading();
}

void World::take() {
  verdict_.trace("  taken");
  model_.taken_from_server = true;
  connection_->taken();
}

void World::consume(size_t bytes) {
  verdict_.trace("  consumed %zu", bytes);
  consumable_ -= bytes;
  model_.consumed(bytes);
  connection_->consumed(bytes);
}

void World::endSending() {
  const bool again = model_.sending_ended;
  const Id request = model_.asked(Model::Wanted::Ending);
  verdict_.trace("  endSending %llu", static_cast<unsigned long long>(request));
  if (model_.open() && (!scenario_.sends() || model_.maySend())) model_.sending_ended = true;
  finishes_ = finishes_ || !model_.allTaken();
  unflushed_ = false;
  transport_->newTurn();
  connection_->endSending(request);
  verdict_.require(!again || !scenario_.sends() || model_.settled(request),
                   "endSending() fails at once the second time");
}

void World::waitForDrain() {
  const bool closed = !model_.open();
  const bool asked = transport_->drainUnanswered();
  const Id request = model_.asked(Model::Wanted::Drain);
  verdict_.trace("  waitForDrain %llu", static_cast<unsigned long long>(request));
  transport_->newTurn();
  connection_->waitForDrain(request);
  unflushed_ = false;
  verdict_.require(!closed || model_.settled(request), "a drain of what is closed fails at once");
  verdict_.require(!model_.mustDrainAtOnce(request) || asked || model_.settled(request),
                   "a drain is settled at once when the peer is known to have read everything");
}

void World::cancelDrain() {
  if (model_.requests() == 0) return;
  const size_t index = random_.below(model_.requests());
  if (!model_.drain(index)) return;
  verdict_.trace("  cancelDrain %llu", static_cast<unsigned long long>(model_.request(index)));
  model_.drainCancelled(model_.request(index));
  connection_->cancelDrain(model_.request(index));
  verdict_.require(nested_ || scenario_.completion || model_.drainsWait() || !transport_->drainAsked(),
                   "a drain that nobody waits for is forgotten");
}

void World::close() {
  verdict_.trace("  close");
  finishes_ = finishes_ || !model_.allTaken();
  unflushed_ = false;
  model_.close_called = true;
  transport_->newTurn();
  connection_->close();
}

void World::destroy(bool environment_ends) {
  const char* code = environment_ends ? "ECANCELED" : random_.chance(50) ? "EUSER" : nullptr;
  verdict_.trace("  %s %s", environment_ends ? "abandon" : "destroy", code ? code : "");
  // The first one counts, except that destroy() ends a close() that has not written everything.
  if (!model_.destroy_called) {
    model_.destroyed_first = model_.mayBeDestroyed();
    model_.destroy_code = code;
  }
  model_.destroy_called = true;
  const int cancellations = transport_->cancellations();
  if (environment_ends) {
    keeps_alive_ = false;
    connection_->abandon();
    verdict_.require(retained_ == 0, "an environment that ends is not kept alive");
  } else {
    connection_->destroy({code, "destroy"});
  }
  const bool waits = transport_->inFlight() || stage_.leases > 0;
  verdict_.require(nested_ || model_.released || !waits || transport_->cancellations() > cancellations,
                   "destroy() cancels what is in flight, each time");
}

void World::checkKeptAlive() {
  if (nested_) return;
  if (gone_) {
    verdict_.require(retained_ == 0, "what is closed does not keep the process alive");
    return;
  }
  const bool may = keeps_alive_ || finishes_;
  verdict_.require(retained_ == 0 || (retained_ == 1 && may), "the process is kept alive once, and for a reason");
  if (keeps_alive_) verdict_.require(retained_ == 1, "a connection keeps the process alive");
  const bool sends = (model_.close_called || model_.sending_ended) && !model_.allTaken() && !model_.destroy_called &&
                     !model_.failed && !model_.told_left;
  verdict_.require(!sends || retained_ == 1, "a connection that still has to send keeps the process alive");
}

}  // namespace simulation
