#include "model.h"

#include <algorithm>
#include <cstring>

#include "codec/encoder.h"

namespace simulation {

using framepipe::Id;

namespace {

bool same(const framepipe::Failure& failure, const char* code) {
  return failure.code && code && std::strcmp(failure.code, code) == 0;
}

}  // namespace

bool Model::mayBeDestroyed() const {
  if (read_failure || same({write_failure}, kWriteFailure)) return false;
  return !(close_called && (write_failed || allTaken())) &&
         !(told_left && (read_ended || !scenario_.receives() || ended_told_));
}

void Model::readFails(const char* code) {
  read_ended = true;
  if (decided()) return;
  failed = true;
  read_failure = code;
}

void Model::writeFails(const char* code) {
  write_failed = true;
  if (decided()) return;
  failed = true;
  write_failure = code;
}

// --- Sending -----------------------------------------------------------------------------------

bool Model::appendEncoded(const framepipe::Framing& framing, std::span<const std::span<const uint8_t>> frames,
                          std::vector<uint8_t>& wire) {
  bool good = true;
  for (const auto& frame : frames) {
    framepipe::Envelope envelope;
    good = !framepipe::encode(framing, frame, envelope) && good;
    wire.insert(wire.end(), envelope.bytes.data(), envelope.bytes.data() + envelope.header);
    wire.insert(wire.end(), frame.begin(), frame.end());
    wire.insert(wire.end(), envelope.trailer.begin(), envelope.trailer.end());
  }
  return good;
}

void Model::accepted(std::span<const uint8_t> frame) {
  if (allTaken()) clock.queued = clock.now;
  verdict_.require(appendEncoded(scenario_.options.framing, {&frame, 1}, wire_), "a frame that is too long is refused");
  if (scenario_.messages()) message_ends_.push_back(wire_.size());
  ++frames_accepted_;
  if (outboundHeld() > scenario_.options.high_water_mark) owes_drained_ = true;
}

void Model::offered(std::span<const std::span<const uint8_t>> stretches) {
  verdict_.require(!stretches.empty(), "a write has something to write");
  size_t at = taken_, message = taken_messages_;
  for (const auto& stretch : stretches) {
    if (!verdict_.require(stretch.size() <= wire_.size() - at, "no more is written than was accepted")) return;
    verdict_.require(stretch.empty() || std::memcmp(stretch.data(), wire_.data() + at, stretch.size()) == 0,
                     "what is written is what was accepted, in order");
    at += stretch.size();
    if (!scenario_.messages()) {
      verdict_.require(!stretch.empty(), "a stretch of a stream has bytes");
    } else if (verdict_.require(message < message_ends_.size(), "no more messages are written than were accepted")) {
      verdict_.require(message_ends_[message++] == at, "a stretch is one message");
    }
  }
}

void Model::taken(size_t bytes, size_t messages) {
  if (!destroy_called) clock.went = clock.now;
  taken_ += bytes;
  taken_messages_ += messages;
}

// --- Requests ----------------------------------------------------------------------------------

Id Model::asked(Wanted wanted) {
  const bool may = wanted == Wanted::Drain ? open() && !failed : scenario_.sends() ? maySend() : open() && !failed;
  requests_.push_back({.wanted = wanted, .may_succeed = may, .must = may && !told_left, .upto = acceptedPosition()});
  return kFirstRequest + static_cast<Id>(requests_.size() - 1);
}

void Model::drainCancelled(Id request) {
  Request& cancelled = requests_[request - kFirstRequest];
  if (!cancelled.settled) cancelled.cancelled = true;
}

bool Model::drainsWait() const {
  for (const Request& request : requests_)
    if (request.wanted == Wanted::Drain && !request.settled && !request.cancelled) return true;
  return false;
}

uint64_t Model::nextDrain() const {
  uint64_t next = UINT64_MAX;
  for (const Request& request : requests_) {
    if (request.wanted != Wanted::Drain || request.settled || request.cancelled) continue;
    if (request.upto <= position() && request.upto < next) next = request.upto;
  }
  return next;
}

// Nothing need be asked, or the answer comes at once.
bool Model::mustDrainAtOnce(Id id) const {
  const Request& request = requests_[id - kFirstRequest];
  return request.must && !write_failed && (told_read >= request.upto || (knownRead(request.upto) && allTaken()));
}

void Model::settledWith(const framepipe::Event& event) {
  const size_t index = event.id - kFirstRequest;
  if (!verdict_.require(index < requests_.size(), "only a request is settled")) return;
  Request& request = requests_[index];
  verdict_.require(!request.settled, "a request is settled once");
  verdict_.require(!request.cancelled, "a request that was cancelled is not settled");
  request.settled = true;
  if (request.wanted == Wanted::Ending) return endingSettled(request, event);
  drainSettled(request, event);
}

void Model::endingSettled(const Request& request, const framepipe::Event& event) {
  const bool failed_with_epipe = same(event.failure, "EPIPE");
  if (!event.failure) {
    verdict_.require(request.may_succeed, "endSending() of what can send no more fails");
    verdict_.require(allTaken(), "endSending() settles when all is written");
    verdict_.require(end_sent, "the transport is told that sending ends");
    verdict_.require(event.other == kConnection, "a settled endSending() names its connection");
    const int64_t* result = std::get_if<int64_t>(&event.result);
    verdict_.require(result && *result == (scenario_.half_close ? 1 : 0), "endSending() says whether the peer sees it");
    return;
  }
  verdict_.require(failed_with_epipe || same(event.failure, write_failure),
                   "endSending() fails with EPIPE, or as the write did");
  verdict_.require(!request.must || !allTaken(), "endSending() fails only if something was not written");
}

void Model::drainSettled(const Request& request, const framepipe::Event& event) {
  if (!event.failure) {
    verdict_.require(peer_read >= request.upto, "a drain succeeds when the peer has read all that was sent before");
    verdict_.require(request.may_succeed, "a drain of what is closed fails");
    return;
  }
  if (same(event.failure, drain_failure)) return;
  verdict_.require(same(event.failure, "EPIPE"), "a drain fails with EPIPE, or as the transport says");
  verdict_.require(close_called || destroy_called || told_left || failed, "a drain fails only with its connection");
  const bool told_too_late = write_failed;  // what was read before is not asked for any more
  verdict_.require(!request.must || told_too_late || !knownRead(request.upto),
                   "a drain does not fail when the peer is known to have read everything");
}

// Whether the transport says so.
bool Model::knownRead(uint64_t upto) const {
  return scenario_.tells_read && peer_read >= upto && (!peer_.left() || peer_read >= position());
}

// --- Receiving ---------------------------------------------------------------------------------

void Model::frames(const framepipe::Chunk& chunk) {
  verdict_.require(open() && (!ended_told_ || stopped_) && !closed_told_,
                   "frames come before the end, and before close()");
  verdict_.require(!chunk.frames.empty() && chunk.block, "frames come with memory");
  held_ += chunk.cost();
  if (!scenario_.custom()) clock.frame = clock.now;
  for (const auto& [begin, end] : chunk.frames) {
    const std::span<const uint8_t> is(chunk.data() + begin, end - begin);
    std::span<const uint8_t> should_be;
    if (scenario_.uncut()) {
      if (!verdict_.require(is.size() <= peer_.read() - bytes_told_, "no bytes come that were not read")) return;
      should_be = peer_.stream().subspan(bytes_told_, is.size());
      bytes_told_ += is.size();
    } else {
      if (!verdict_.require(frames_told_ < peer_.frames(), "no frames come that were not sent")) return;
      should_be = peer_.frame(frames_told_);
    }
    ++frames_told_;
    verdict_.require(
        is.size() == should_be.size() && (is.empty() || !std::memcmp(is.data(), should_be.data(), is.size())),
        "frames are those sent, in order, whole");
  }
}

void Model::framed(size_t frames) {
  if (frames > 0 && !destroy_called) clock.frame = clock.now;
  frames_cut_ += frames;
}

size_t Model::mostRoom() const {
  constexpr size_t kFew = 256, kLongestHeader = 64;
  const size_t mark = scenario_.options.high_water_mark;
  const size_t one = scenario_.options.framing.max_frame_length + kLongestHeader;
  return std::max(kFew, mark - std::min(mark, held_) + one);
}

bool Model::betweenFrames() const {
  if (!open() || peer_.wroteBad() || scenario_.uncut()) return false;
  return peer_.read() == (frames_told_ == 0 ? 0 : peer_.endOf(frames_told_ - 1));
}

// --- The end -----------------------------------------------------------------------------------

void Model::told(const framepipe::Event& event) {
  using Kind = framepipe::Event::Kind;
  if (event.kind == Kind::Settled) return settledWith(event);
  verdict_.require(event.id == kConnection, "an event names its connection");
  verdict_.require(!closed_told_, "Closed is last");
  switch (event.kind) {
    case Kind::Frames:
      return frames(event.frames);
    case Kind::Ended:
      return ended(event.failure);
    case Kind::Drained:
      verdict_.require(open(), "Drained is told while Open");
      verdict_.require(owes_drained_ && outboundHeld() <= scenario_.options.high_water_mark / 2,
                       "Drained comes once, when due");
      owes_drained_ = false;
      return;
    case Kind::Closed:
      return closed(event.failure);
    default:
      verdict_.require(false, "a connection tells of nothing else");
  }
}

void Model::ended(const framepipe::Failure& why) {
  verdict_.require(!ended_told_, "Ended at most once");
  if (ranOut(why)) {
    ended_told_ = true;
    return;
  }
  verdict_.require(open(), "Ended never after close() or destroy()");
  ended_told_ = true;
  const bool raw = scenario_.uncut();
  const bool all = raw ? bytes_told_ == peer_.read() : frames_told_ == peer_.wholeFrames();
  const bool cut = !raw && !scenario_.messages() && peer_.read() > (frames_told_ ? peer_.endOf(frames_told_ - 1) : 0);
  if (!why) {
    verdict_.require(read_ended || !scenario_.receives(), "Ended comes when the peer ends");
    verdict_.require(all && peer_.allRead() && !cut && !peer_.wroteBad(), "nothing is lost before Ended");
  } else if (same(why, read_failure)) {
    // A read failed: what came before it was told, or was not whole.
  } else if (same(why, "ERR_FRAME_TRUNCATED")) {
    verdict_.require(read_ended && all && cut, "an end within a frame is told when it is one");
  } else {
    verdict_.require(peer_.wroteBad() && frames_told_ == peer_.frames(), "a frame is refused if it is too long");
    verdict_.require(same(why, "ERR_FRAME_TOO_LARGE"), "a frame is refused with ERR_FRAME_TOO_LARGE");
  }
}

void Model::closed(const framepipe::Failure& why) {
  closed_told_ = true;
  verdict_.require(released, "Closed is told when the transport is released");
  ranOut(why);
  const auto is = [&](const char* code) { return same(why, code); };
  if (destroyed_first) {
    verdict_.require(destroy_code ? is(destroy_code) : !why, "Closed says why destroy() was called");
  } else if (!why) {
    verdict_.require(allTaken(), "Closed in good order: all that was accepted was written");
    verdict_.require(close_called || told_left, "a connection does not close by itself");
    verdict_.require(!failed || told_left, "a failure is told by Closed");
  } else {
    const bool unsent = is("EPIPE") && told_left && !allTaken();
    const bool cut_off = destroy_called && is(destroy_code);
    verdict_.require(unsent || cut_off || is(read_failure) || is(write_failure), "Closed says what went wrong");
  }
  verdict_.require(ended_told_ || close_called || destroy_called || write_failed, "Ended comes before Closed");
}

void Model::check() {
  const bool due = owes_drained_ && outboundHeld() <= scenario_.options.high_water_mark / 2;
  verdict_.require(!due || !open() || failed || told_left || closed_told_, "Drained is never missed while Open");
}

void Model::checkRest() {
  verdict_.require(!closed_told_, "a connection does not close by itself");
  verdict_.require(allTaken(), "what was accepted is written in the end");
  verdict_.require(!owes_drained_, "Drained comes in the end");
  for (const Request& request : requests_)
    verdict_.require(request.settled || request.cancelled, "requests are settled in the end");
  if (!scenario_.receives() || stopped_) return;
  const bool raw = scenario_.uncut();
  verdict_.require(raw ? bytes_told_ == peer_.written() : frames_told_ == peer_.wholeFrames(),
                   "all frames come in the end");
  if (peer_.stopped() || peer_.wroteAllBad()) verdict_.require(ended_told_, "Ended comes in the end");
}

void Model::checkEnd() {
  verdict_.require(closed_told_, "the connection reaches its end");
  for (const Request& request : requests_)
    verdict_.require(request.settled || request.cancelled, "each request is settled");
}

}  // namespace simulation
