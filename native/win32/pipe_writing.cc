// PipeConnection's writing: one write is in flight, and what JavaScript sends meanwhile gathers for the
// next. Begun by JavaScript's flush, carried on by the port thread. All under the lock.
#include <algorithm>
#include <utility>

#include "win32/pipe_connection.h"
#include "win32/pipe_loop.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {
// Writes that are taken at once, before the thread has to turn to others.
constexpr int kRounds = 16;
// Windows copies what it does not hand over at once into memory that is never paged: so not any amount,
// but a frame of 1 MiB, with what surrounds it, goes whole.
constexpr size_t kLargestWrite = (1 << 20) + (64 << 10);
}  // namespace

Outcome<size_t> PipeConnection::send(std::span<const std::span<const uint8_t>> frames) {
  const Lock lock(mutex_);
  if (!canWrite()) return Failure{"EPIPE", "write", 0, "this end of the pipe only reads (direction)"};
  if (state_ != State::Open || write_failed_)
    return Failure{"EPIPE", "write", failure_.os,
                   write_failed_ ? "the peer has closed the pipe" : "the connection is closed"};
  if (sending_ended_) return Failure{"EPIPE", "write", 0, "sending was ended"};
  const size_t before = queue_.queued();
  if (const Failure failure = queue_.append(frames)) return failure;
  const size_t after = queue_.queued();
  accepted_ += after - before;
  frames_out_ += frames.size();
  if (after > options_.high_water_mark) over_mark_ = true;
  return after;
}

// A pipe of bytes has no way to tell the peer of it.
void PipeConnection::endSending(Id request) {
  Lock lock(mutex_);
  if (state_ != State::Open || write_failed_ || sending_ended_)
    return loop_.emit({.kind = Event::Kind::Settled,
                       .id = request,
                       .failure = {"EPIPE", "write", failure_.os, "the connection is closed"}});
  sending_ended_ = true;
  ending_ = request;
  write();
  if (queue_.empty()) settleEnding({});
  releaseIfDone(std::move(lock));
}

void PipeConnection::settleEnding(const Failure& failure) {
  const Id request = std::exchange(ending_, 0);
  if (request) loop_.emit({.kind = Event::Kind::Settled, .id = request, .failure = failure, .result = int64_t{0}});
}

void PipeConnection::flush() {
  Lock lock(mutex_);
  write();
  releaseIfDone(std::move(lock));
}

void PipeConnection::write() {
  for (int round = 0; !writing_ && !queue_.empty() && state_ <= State::Closing; ++round) {
    if (round == kRounds) return nudge();
    std::span<const uint8_t> next;
    queue_.gather({&next, 1});
    const size_t size = isMessage() ? next.size() : std::min(next.size(), kLargestWrite);
    writing_block_ = queue_.front();
    writing_ = true;
    Completion completion;
    const BOOL ok = WriteFile(handle_.get(), next.data(), static_cast<DWORD>(size), &completion.bytes, lend(write_));
    if (issued(write_, ok, completion.error) == Issued::Done) written(completion);
  }
}

void PipeConnection::written(const Completion& completion) {
  writing_ = false;
  writing_block_.reset();
  if (state_ >= State::Aborting) return queue_.clear();
  // A pipe takes all or fails; taking nothing for ever would be neither.
  const bool stuck = completion.bytes == 0 && !isMessage();
  if (completion.error || stuck) return writingFailed(completion.error ? completion.error : ERROR_NO_DATA);
  queue_.sent(completion.bytes);
  taken_ += completion.bytes;
  bytes_out_ += completion.bytes;
  tellIfDrained();
  flushIfDue();
  if (queue_.empty()) settleEnding({});
}

void PipeConnection::tellIfDrained() {
  if (!over_mark_ || queue_.queued() > options_.high_water_mark / 2) return;
  over_mark_ = false;
  if (state_ == State::Open) emit(Event::Kind::Drained);
}

void PipeConnection::writingFailed(DWORD error) {
  write_failed_ = true;
  Failure failure = win32Failure(error, "write");
  if (win32::isPeerGone(error)) failure.hint = "the peer left before everything was sent";
  queue_.clear();
  settleEnding(failure);
  // Reading first: what the peer had written before it left is still there, and then comes the end,
  // at once, for reading does not heed JavaScript's pace any more. Who waits for Drained gets Closed.
  if (state_ != State::Open || !win32::isPeerGone(error) || ended_) return cutShort(failure);
  failure_ = failure;
  failDrains({"EPIPE", "waitForDrain", static_cast<int32_t>(error), "the peer has closed the pipe"});
  read_rest_ = true;
  nudge();
}

}  // namespace framepipe::win32
