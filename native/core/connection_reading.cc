// Connection's reading: while JavaScript keeps up a read is always tried, so that what the peer writes goes straight
// into the receiver's room.
#include <utility>

#include "core/connection.h"

namespace framepipe {

void Connection::work() {
  Lock lock(mutex_);
  out_.unblock();
  write();
  read(lock);
  conclude(lock);
}

void Connection::readCompleted(const ReadAnswer& answer) {
  Lock lock(mutex_);
  take(answer, lock);
  reading_ = false;
  read(lock);
  conclude(lock);
}

void Connection::peerLeft() {
  Lock lock(mutex_);
  peer_left_ = true;
  in_.readRest();
  read(lock);
  conclude(lock);
}

void Connection::taken() {
  const Lock lock(mutex_);
  if (in_.take() && phase_ == Phase::Open) transport_->readSoon();
}

void Connection::consumed(size_t cost) {
  const Lock lock(mutex_);
  if (in_.consumed(cost) && phase_ == Phase::Open) transport_->readSoon();
}

void Connection::framed(uint64_t frames, uint64_t incomplete) {
  const Lock lock(mutex_);
  in_.framed(frames, incomplete);
}

void Connection::stopReading() {
  Lock lock(mutex_);
  in_.end();
  if (!reading_ && phase_ == Phase::Open) transport_->pause();
  conclude(lock);
}

void Connection::rest() {
  const Lock lock(mutex_);
  if (!reading_) in_.rest();
}

void Connection::read(Lock& lock) {
  if (reading_) return;
  for (Inbound::Turn turn; mayRead();) {
    if (turn.over()) return transport_->readSoon();
    const std::span<uint8_t> room = in_.room();
    if (room.empty()) return readingFailed(noMemoryToRead());
    reading_ = true;
    const ReadAnswer answer = transport_->read(room, phase_ == Phase::Open);
    if (answer.kind == ReadAnswer::Kind::InFlight) return;
    const uint64_t frames = in_.frames();
    const bool more = take(answer, lock);
    turn.count(answer.bytes, in_.frames() - frames);
    reading_ = false;
    if (!more) break;
  }
  if (phase_ <= Phase::Closing && !mayRead()) transport_->pause();
}

bool Connection::mayRead() {
  if (phase_ == Phase::Closing) return !in_.exhausted() && !out_.empty();
  if (phase_ != Phase::Open || in_.ended()) return false;
  const bool may = in_.mayRead();
  if (!may) in_.pause();
  return may;
}

// Whether there may be more to read at once.
bool Connection::take(const ReadAnswer& answer, Lock& lock) {
  switch (answer.kind) {
    case ReadAnswer::Kind::Bytes:
      if (phase_ == Phase::Open) takeBytes(answer, lock);
      return !answer.was_all;
    case ReadAnswer::Kind::TooSmall:
      if (!in_.admits(answer.bytes)) {
        endReading(in_.refuse(answer.bytes));
        return false;
      }
      in_.makeRoomFor(answer.bytes);
      return true;
    case ReadAnswer::Kind::Ended:
      peer_left_ = peer_left_ || answer.peer_left;
      in_.exhaust();
      finishReading();
      return false;
    case ReadAnswer::Kind::Failed:
      readingFailed(answer.failure);
      return false;
    default:
      in_.rest();
      return false;
  }
}

// Decoding takes its time, and JavaScript's thread may want to send meanwhile; `reading_` keeps the inbound half ours.
void Connection::takeBytes(const ReadAnswer& answer, Lock& lock) {
  Chunk chunk;
  lock.unlock();
  const Failure failure = in_.decode(answer, chunk);
  lock.lock();
  in_.arrived(answer.bytes, chunk);
  active_ = transport_->now();
  if (phase_ != Phase::Open) return;
  reportFrames(std::move(chunk));
  if (failure) endReading(failure);
}

void Connection::finishReading() {
  Chunk chunk;
  const Failure failure = in_.finish(chunk);
  if (phase_ == Phase::Open && !in_.ended() && !chunk.frames.empty()) {
    in_.arrived(0, chunk);
    reportFrames(std::move(chunk));
  }
  endReading(failure);
}

void Connection::reportFrames(Chunk chunk) {
  if (chunk.frames.empty()) return;
  context_.events.report({.kind = Event::Kind::Frames, .id = id_, .frames = std::move(chunk)});
}

void Connection::readingFailed(const Failure& failure) {
  endReading(failure);
  abortWith(failure, /*in_order=*/false);
}

void Connection::endReading(const Failure& failure) {
  if (in_.end() && phase_ == Phase::Open) report(Event::Kind::Ended, failure);
}

}  // namespace framepipe
