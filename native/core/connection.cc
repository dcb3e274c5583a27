#include "core/connection.h"

#include <utility>

namespace framepipe {

Connection::Connection(const Context& context, Id id, std::unique_ptr<Transport> transport,
                       const ChannelOptions& options, const Peer& peer, Side side)
    : context_(context),
      transport_(std::move(transport)),
      direction_(options.direction),
      peer_(peer),
      side_(side),
      busy_polls_(options.busy_poll),
      id_(id),
      mutex_(transport_->mutex()),
      in_(options.framing, context.pool, transport_->firstRoom(),
          {.high_water_mark = options.high_water_mark,
           .untaken = side == Side::Server ? options.untaken : SIZE_MAX,
           .told_later = transport_->mutex() != nullptr}),
      out_(options.framing, context.pool, options.high_water_mark),
      limits_(options.timeouts.any() ? std::make_unique<TimeLimits>(options.timeouts) : nullptr),
      active_(transport_->now()) {
  transport_->attach(*this);
}

void Connection::start() {
  Lock lock(mutex_);
  if (!receives()) {
    in_.exhaust();
    endReading({});
  }
  read(lock);
  conclude(lock);
}

Traffic Connection::traffic() {
  const Lock lock(mutex_);
  return {.bytes_in = in_.bytes(),
          .bytes_out = out_.bytes(),
          .frames_in = in_.frames(),
          .frames_out = out_.frames(),
          .queued = out_.queued(),
          .incomplete = in_.incomplete(),
          .paused = !in_.ended() && !in_.mayRead(),
          .idle = transport_->now() - active_};
}

void Connection::report(Event::Kind kind, const Failure& failure) {
  context_.events.report({.kind = kind, .id = id_, .failure = failure});
}

void Connection::settle(Id request, const Failure& failure) {
  context_.events.report({.kind = Event::Kind::Settled, .id = request, .failure = failure});
}

// --- Ending ------------------------------------------------------------------------------------

void Connection::close() {
  {
    Lock lock(mutex_);
    if (phase_ != Phase::Open) return;
    phase_ = Phase::Closing;
    ended_here_ = true;
    in_.discard();
    write();
    finishing_ = !out_.empty();
    // What the peer writes is read and thrown away: it may have to write before it reads.
    if (finishing_) transport_->readSoon();
    conclude(lock);
  }
  retain();
}

void Connection::destroy(const Failure& failure) {
  Lock lock(mutex_);
  ended_here_ = true;
  abortWith(failure, /*in_order=*/false);
  conclude(lock);
}

// What the system has taken is not with the peer yet: it may take that bit by bit for a long time.
uint64_t Connection::stillUnread() {
  if (!limits_->needsProgress()) return 0;
  const bool nothing_new = std::exchange(looked_at_, out_.position()) == out_.position();
  if (unread_ > 0 || !nothing_new) unread_ = transport_->unread();
  return unread_;
}

TimeLimits::Standing Connection::standing() {
  const bool open = phase_ == Phase::Open;
  return {.open = open,
          .reads = !open || in_.ended() || (in_.mayRead() && !in_.uncut()),
          .may_come = open && !in_.ended(),
          .frame_begun = open && in_.frameBegun(),
          .queued = !out_.empty(),
          .in = in_.bytes() + in_.frames(),  // a message may be empty
          .frames_in = in_.frames(),
          .out = out_.position(),
          .unread = stillUnread()};
}

bool Connection::look(uint64_t now, uint64_t usual) {
  Lock lock(mutex_);
  if (phase_ >= Phase::Aborting) return false;
  const Failure failure = limits_->look(now, usual, standing());
  if (!failure) return true;
  ended_here_ = true;
  endReading(failure);
  abortWith(failure, /*in_order=*/false);
  conclude(lock);
  return false;
}

void Connection::abortWith(const Failure& failure, bool in_order) {
  if (phase_ < Phase::Aborting) {
    const EndedBy us = failure && phase_ == Phase::Open ? EndedBy::AFailure : EndedBy::ThisSide;
    const EndedBy by = peer_left_ ? EndedBy::Peer : us;
    phase_ = Phase::Aborting;
    failure_ = failure;
    in_order_ = in_order;
    failDrains(unread(failure.os, by));
    settleEnding(unsent(failure.os, by));
    out_.clear();
  }
  // Once more if asked again: a cancellation may have come too early to find what it was meant for.
  if (phase_ == Phase::Aborting && (reading_ || out_.inFlight() || leases_ > 0)) transport_->cancel();
}

void Connection::abandon() {
  destroy(environmentEnding("close"));
  finishing_ = false;
  keepAlive(false);
}

// To whoever asks for something after the end: in the words of lib/ending.ts, which says it once it has been told.
Failure Connection::ended(const char* syscall) const {
  const char* by_us = failure_ ? "the connection has failed" : "this side closed the connection";
  return {"EPIPE", syscall, failure_.os, peer_left_ ? "the peer has left" : by_us};
}

// Whether this is the end.
void Connection::conclude(Lock& lock) {
  if (phase_ == Phase::Closing && out_.empty() && !out_.inFlight()) {
    abortWith(failure_, /*in_order=*/!failure_);
  } else if (phase_ < Phase::Aborting && in_.ended() && peer_left_) {
    abortWith(out_.empty() ? failure_ : unsent(0, EndedBy::Peer), /*in_order=*/false);
  }
  if (phase_ != Phase::Aborting || reading_ || out_.inFlight() || leases_ > 0) return;
  phase_ = Phase::Released;
  const bool in_order = in_order_;
  const Failure failure = failure_;
  lock.unlock();
  transport_->release(in_order);
  report(Event::Kind::Closed, failure);
  transport_->released();
}

Connection::Lease Connection::lease() {
  if (phase_ == Phase::Released) return {};
  ++leases_;
  return Lease(shared_from_this());
}

void Connection::endLease(Lease lease) {
  if (lease.connection_) --leases_;
  lease.connection_.reset();
}

Connection::Lease::Lease(Connection& connection) {
  const Lock lock(connection.mutex_);
  *this = connection.lease();
}

void Connection::Lease::giveBack() {
  const std::shared_ptr<Connection> connection = std::move(connection_);
  if (!connection) return;
  Lock lock(connection->mutex_);
  --connection->leases_;
  connection->conclude(lock);
}

// --- Keeping the process alive ------------------------------------------------------------------

void Connection::keepAlive(bool on) {
  keep_alive_ = on;
  retain();
}

void Connection::delivered(const Event& event) {
  if (event.kind == Event::Kind::Frames) {
    const Lock lock(mutex_);
    if (in_.delivered(event.frames.frames.size()) && phase_ == Phase::Open) transport_->readSoon();
    return;
  }
  const bool closed = event.kind == Event::Kind::Closed;
  if (closed) keep_alive_ = false;
  if (finishing_) {
    const Lock lock(mutex_);
    finishing_ = !closed && !out_.empty();
  }
  retain();
}

// What is decided to end keeps the process alive until its bytes are out, whether anybody cares for it or not.
void Connection::retain() {
  const bool on = keep_alive_ || finishing_;
  if (std::exchange(retained_, on) == on) return;
  on ? context_.host.retain() : context_.host.release();
}

Outcome<std::shared_ptr<Identity>> Connection::identity(bool to_act) {
  if (side_ == Side::Client)
    return Failure{"ERR_PIPE_NOT_SERVER", "impersonate", 0, "only the server of a connection has a client"};
  return transport_->identity(to_act);
}

}  // namespace framepipe
