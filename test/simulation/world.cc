#include "world.h"

#include <utility>

#include "blocks.h"

namespace simulation {

using framepipe::Connection;
using framepipe::Event;
using Move = ScriptedTransport::Move;

World::World(uint64_t seed, Verdict& verdict)
    : random_(seed),
      broadcasts_(seed + 21),
      scenario_(random_),
      verdict_(verdict),
      peer_(scenario_, random_),
      model_(scenario_, peer_, client_, verdict),
      stage_{random_, verdict_, peer_, model_},
      beside_(scenario_.options.framing) {
  auto transport = std::make_unique<ScriptedTransport>(scenario_, stage_);
  transport_ = transport.get();
  connection_ = std::make_shared<Connection>(Connection::Context{*this, *this, nullptr}, Model::kConnection,
                                             std::move(transport), scenario_.options, framepipe::Peer{},
                                             client_ ? Connection::Side::Client : Connection::Side::Server);
  stage_.mutex.bystander = this;
  forgetBlocks();
}

World::~World() {
  stage_.mutex.bystander = nullptr;
  leases_.clear();  // the last one may release the connection, which tells of it
}

void World::run() {
  verdict_.trace("%s, framing %d, direction %d, mark %zu, half-close %d",
                 scenario_.completion ? "completion" : "readiness", static_cast<int>(scenario_.options.framing.kind),
                 static_cast<int>(scenario_.options.direction), scenario_.options.high_water_mark,
                 scenario_.half_close);
  connection_->keepAlive(true);
  while (random_.chance(15)) peerActs();  // while it was accepted
  {
    const As as(*this, Thread::Reading);
    connection_->start();
  }
  if (takes_at_once_) take();
  for (size_t i = 0; i < scenario_.steps && !gone_ && !verdict_.broken(); ++i) {
    step();
    model_.check();
    checkKeptAlive();
  }
  if (!verdict_.broken()) finish();
  verdict_.require(!stage_.mutex.broken(), "no lock is taken twice");
  if (verdict_.broken()) return;
  verdict_.require(retained_ == 0, "what keeps the process alive is given back");
  events_.clear();
  std::weak_ptr<Connection> connection = connection_;
  connection_.reset();
  verdict_.require(connection.expired() && !stage_.transport_lives, "nothing holds what has ended");
}

// --- What happens ------------------------------------------------------------------------------

void World::step() {
  if (scenario_.options.timeouts.any() && random_.chance(25)) return timePasses();
  const size_t who = random_.below(100);
  if (who < 45) return systemActs();
  if (who < 65) return peerActs();
  if (who < 96) return javaScriptActs();
  othersAct();
}

void World::systemActs() {
  const As as(*this, Thread::Reading);
  const size_t what = random_.below(100);
  if (what < 4 && !model_.released) {
    verdict_.trace("  rest");
    connection_->rest();
    if (!transport_->readsInFlight() && model_.betweenFrames()) checkMemory(0);
  } else if (what < 6 && !model_.released) {
    verdict_.trace("  work, for nothing");
    transport_->workForNothing();
  } else {
    makeMove();
  }
}

// One of those that are possible.
bool World::makeMove() {
  const size_t first = random_.below(ScriptedTransport::kMoves);
  for (size_t i = 0; i < ScriptedTransport::kMoves; ++i) {
    const auto move = static_cast<Move>((first + i) % ScriptedTransport::kMoves);
    if (!transport_->can(move)) continue;
    const As as(*this, Thread::Reading);
    transport_->make(move);
    return true;
  }
  return false;
}

void World::peerActs() {
  const size_t what = random_.below(100);
  if (what < 60) {
    if (!peer_.hasMore()) return;
    peer_.writes(random_);
    verdict_.trace("  the peer has written %zu", peer_.written());
  } else if (what < 92) {
    if (peer_.left()) return;
    const uint64_t more = random_.below(model_.position() - model_.peer_read + 1);
    model_.peer_read += more;
    if (more > 0 && !model_.destroy_called) model_.clock.read = model_.clock.now;
    verdict_.trace("  the peer has read %zu", static_cast<size_t>(model_.peer_read));
  } else if (what < 96) {
    if (!scenario_.half_close || peer_.stopped()) return;
    verdict_.trace("  the peer ends sending");
    peer_.endsSending();
  } else if (!peer_.left()) {
    verdict_.trace("  the peer leaves");
    peer_.leaves();
  }
}

void World::othersAct() {
  const As as(*this, Thread::Other);
  if (leases_.empty() || (leases_.size() < 3 && random_.chance(50))) {
    Connection::Lease lease(*connection_);
    verdict_.trace("  a lease: %d", static_cast<bool>(lease));
    verdict_.require(lease || model_.released || nested_ || model_.closedTold(), "there are leases until the release");
    verdict_.require(!lease || !model_.released, "there are no leases after the release");
    if (!lease) return;
    leases_.push_back(std::move(lease));
    stage_.leases = static_cast<int>(leases_.size());
    return;
  }
  verdict_.trace("  a lease is given back");
  const Connection::Lease lease = std::move(leases_.back());
  leases_.pop_back();
  stage_.leases = static_cast<int>(leases_.size());
}

// Where a real lock is given back, another thread may be next: completions come while JavaScript calls, and JavaScript
// calls while what was read is decoded, or while the transport is released.
void World::unlocked() noexcept {
  if (!scenario_.completion || nested_ || stage_.settling || verdict_.broken() || !random_.chance(20)) return;
  nested_ = true;
  verdict_.trace("  meanwhile:");
  if (thread_ != Thread::Other && random_.chance(15))
    othersAct();
  else if (thread_ == Thread::Reading)
    javaScriptActs();
  else
    systemActs();
  nested_ = false;
}

void World::report(Event&& event) noexcept {
  static constexpr const char* kNames[] = {"Frames", "Ended",    "Unsent",     "Drained",
                                           "Closed", "Accepted", "Unlistened", "Settled"};
  verdict_.trace("    -> %s %llu %s", kNames[static_cast<int>(event.kind)], static_cast<unsigned long long>(event.id),
                 event.failure ? event.failure.code : "");
  model_.told(event);
  events_.push_back(std::move(event));
}

// --- To the end --------------------------------------------------------------------------------

bool World::settleOne() {
  const As as(*this, Thread::JavaScript);
  if (random_.chance(60) && makeMove()) return true;
  if (peer_.hasMore()) {
    peer_.writes(random_);
  } else if (!peer_.left() && model_.peer_read < model_.position()) {
    model_.peer_read = model_.position();
  } else if (!events_.empty()) {
    deliver();
  } else if (consumable_ > 0 && !gone_ && !reader_stops_) {
    consume(consumable_);
  } else {
    return makeMove();
  }
  return true;
}

void World::settle() {
  for (int i = 0; i < 100000; ++i)
    if (verdict_.broken() || !settleOne()) return;
  verdict_.require(false, "a schedule comes to rest");
}

void World::finish() {
  verdict_.trace("all are willing:");
  stage_.settling = true;
  while (!leases_.empty()) {
    const As as(*this, Thread::Other);
    const Connection::Lease lease = std::move(leases_.back());
    leases_.pop_back();
    stage_.leases = static_cast<int>(leases_.size());
  }
  if (!gone_ && unflushed_) flush();
  if (!model_.taken_from_server) take();
  if (random_.chance(70)) {
    settle();
    if (verdict_.broken()) return;
    // A peer that reads only after all that it wrote was read waits for ever once a frame of it was refused, here or there.
    const bool stuck = scenario_.writes_first && (peer_.wroteBad() || model_.stopped());
    if (model_.open() && !model_.failed && !model_.told_left && !stuck) {
      model_.checkRest();
      checkTraffic();
      if (transport_->lastReadEmpty() && model_.betweenFrames()) checkMemory(0);
    }
  }
  if (!gone_) end();
  settle();
  // A cancellation may have come too early; who wants to be sure asks again.
  if (!verdict_.broken() && !gone_ && scenario_.early_cancel) {
    destroy(/*environment_ends=*/false);
    settle();
  }
  if (verdict_.broken()) return;
  model_.checkEnd();
  verdict_.require(gone_, "Closed is delivered");
  verdict_.require(!transport_->inFlight(), "nothing stays in flight");
  verdict_.require(transport_->toldReleased(), "the transport is told when Closed was");
  checkMemory(model_.betweenFrames() ? 1 : 2);
}

// Something ends it, unless it has to end by itself.
void World::end() {
  if (model_.ends()) return;
  // How far the peer is, is not known until JavaScript has cut what it was told of.
  const bool yet_to_cut = scenario_.custom() && !events_.empty();
  const bool may_end = model_.open() && !model_.told_left && !model_.standsStill() && !yet_to_cut;
  if (scenario_.options.timeouts.idle > 0 && may_end && random_.chance(40)) return waitForTheEnd();
  const size_t how = random_.below(3);
  if (model_.destroy_called || (how == 0 && model_.open())) return destroy(/*environment_ends=*/false);
  if (how == 1 && model_.open()) {
    verdict_.trace("  the peer leaves, and nothing more is consumed");
    reader_stops_ = true;
    return peer_.leaves();
  }
  close();
}

// Blocks that are held: at most those, what is to be sent, and a small one for what is sent next.
void World::checkMemory(size_t blocks) {
  forgetBeside();
  if (events_.empty() && (model_.queued() == 0 || gone_) && !nested_)
    verdict_.require(liveBlocks() <= blocks + 1, "what is idle holds no memory");
}

void World::checkTraffic() {
  const framepipe::Traffic traffic = connection_->traffic();
  const size_t frames = scenario_.custom() ? model_.framesCut() : model_.framesTold();
  verdict_.require(traffic.bytes_in == peer_.read() && traffic.frames_in == frames, "traffic counts input");
  verdict_.require(traffic.bytes_out == model_.taken() && traffic.frames_out == model_.framesAccepted(),
                   "traffic counts output");
}

}  // namespace simulation
