// PipeConnection's reading: one read into the receiver's room is always posted while JavaScript keeps
// up, so that what a peer writes goes straight there. Port thread, after the first read.
#include "win32/peer_state.h"
#include "win32/pipe_connection.h"
#include "win32/pipe_loop.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

namespace {
// Reads that are answered at once, before the other connections get their turn.
constexpr int kRounds = 16;
}  // namespace

void PipeConnection::read() {
  if (!canRead() && !ended_) end({});
  for (int round = 0; round < kRounds; ++round) {
    if (reading_) return;
    if (!mayRead()) {
      const Lock lock(mutex_);
      return watchPeer();
    }
    const std::optional<Completion> completion = issueRead();
    if (!completion || !arrived(*completion)) return;
  }
  const Lock lock(mutex_);
  nudge();
}

bool PipeConnection::mayRead() {
  if (!canRead()) return false;
  if (state_ != State::Open) return true;
  if (ended_) return false;
  const size_t mark = options_.high_water_mark;
  if (unconsumed_ < mark || read_rest_) return true;
  paused_ = true;
  // JavaScript may have consumed it between the two: then whoever finds the flag goes on.
  return unconsumed_ < mark && paused_.exchange(false);
}

void PipeConnection::consumed(size_t bytes) {
  const size_t left = unconsumed_.fetch_sub(bytes) - bytes;
  if (left >= options_.high_water_mark || !paused_ || !paused_.exchange(false)) return;
  const Lock lock(mutex_);
  nudge();
}

// Nothing when the answer comes by packet, or there is nothing to read for.
std::optional<Completion> PipeConnection::issueRead() {
  const std::span<uint8_t> room = receiver_.room();
  const Lock lock(mutex_);
  if (state_ >= State::Aborting) return std::nullopt;
  Completion completion;
  reading_ = true;  // first, for the packet may be handled before this returns
  const BOOL ok = ReadFile(handle_.get(), room.data(), static_cast<DWORD>(room.size()), &completion.bytes, lend(read_));
  if (issued(read_, ok, completion.error) == Issued::Pending) return std::nullopt;
  reading_ = false;
  return completion;
}

// Whether to go on reading.
bool PipeConnection::arrived(const Completion& completion) {
  const DWORD error = completion.error;
  if (state_ >= State::Aborting) return false;
  if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) return state_ == State::Closing || bytesArrived(completion);
  if (error == ERROR_OPERATION_ABORTED) return true;  // by nobody that we know of
  if (win32::isPeerGone(error)) {
    peerGone();
  } else {
    const Failure failure = win32Failure(error, "read");
    end(failure);
    const Lock lock(mutex_);
    cutShort(failure);
  }
  return false;
}

bool PipeConnection::bytesArrived(const Completion& completion) {
  // Nothing at all is no end on a pipe of bytes. On a pipe of messages it is an empty message, and
  // delivered as one: some peers (go-winio's CloseWrite) mean "I send no more" by it, which is
  // theirs to agree on; the end of the pipe itself comes as an error.
  if (completion.bytes == 0 && !isMessage()) return true;
  Chunk chunk;
  const Failure failure =
      receiver_.arrived(completion.bytes, chunk, isMessage() && completion.error != ERROR_MORE_DATA);
  bytes_in_ += completion.bytes;
  frames_in_ += chunk.frames.size();
  if (!chunk.frames.empty()) {
    unconsumed_ += chunk.length;
    loop_.emit({.kind = Event::Kind::Frames, .id = id_, .frames = std::move(chunk)});
  }
  if (failure) end(failure);
  return true;
}

void PipeConnection::end(const Failure& failure) {
  if (ended_.exchange(true) || state_ != State::Open) return;
  emit(Event::Kind::Ended, failure);
}

// Both ways are dead, and all that the peer left behind has been read.
void PipeConnection::peerGone() {
  end(receiver_.ended());
  const Lock lock(mutex_);
  const bool unsent = !queue_.empty() && !write_failed_;
  cutShort(unsent ? Failure{"EPIPE", "write", ERROR_BROKEN_PIPE, "the peer left before everything was sent"}
                  : failure_);
}

// While no read is posted (paused by JavaScript's pace, or a direction that has none), nothing reports
// that the peer left: then it is looked for.
void PipeConnection::watchPeer() {
  if (watched_ || state_ == State::Released) return;
  watched_ = true;
  loop_.port().watch(shared_from_this());
}

bool PipeConnection::beat() noexcept {
  Lock lock(mutex_);
  if (state_ == State::Aborting && flushing_) {
    flush_.cancel();
    return true;
  }
  watched_ = state_ == State::Open && !reading_;
  if (!watched_ || !isPeerGone()) return watched_;
  watched_ = false;
  if (canRead() && !ended_) {
    // No more than the pipe's buffer is left: taken at once, however slow JavaScript is.
    read_rest_ = true;
    nudge();
  } else {
    ++lent_;
    lock.unlock();
    peerGone();
    lock.lock();
    --lent_;
    releaseIfDone(std::move(lock));
  }
  return false;
}

bool PipeConnection::isPeerGone() {
  if (!server_) return serverLeft(handle_.get());
  // Connecting an instance that is connected fails, and says by its error whether it still is.
  DWORD error;
  const BOOL ok = ConnectNamedPipe(handle_.get(), lend(probe_));
  if (issued(probe_, ok, error) == Issued::Done) return error == ERROR_NO_DATA;
  CancelIoEx(handle_.get(), &probe_);  // it cannot be; but what is lent out must come home
  return false;
}

}  // namespace framepipe::win32
