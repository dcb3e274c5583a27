#include "win32/pipe_listener.h"

#include <algorithm>
#include <mutex>

#include "win32/current_user.h"
#include "win32/peer_state.h"
#include "win32/pipe_loop.h"
#include "win32/pipe_transport.h"
#include "win32/win32_failure.h"

namespace framepipe::win32 {

Failure PipeListener::open() {
  const std::lock_guard lock(mutex_);
  DWORD error = placeholder_.take(path_, options_, descriptor_);
  if (!error) error = addInstance();
  if (error) {
    placeholder_.letGo();
    return listenFailure(error);
  }
  topUp();
  return {};
}

bool PipeListener::hasRoom() const {
  return waiting_.size() < std::max(options_.pending_instances, 1u) &&
         waiting_.size() + untaken_ < std::max(options_.backlog, 1u) &&
         (options_.max_instances == 0 || waiting_.size() + connected_ < options_.max_instances);
}

DWORD PipeListener::addInstance() {
  auto instance = std::make_shared<PipeInstance>(shared_from_this());
  DWORD error = create(*instance);
  // A descriptor that does not let even us make an instance beside another one: they are made one after the other.
  if (error == ERROR_ACCESS_DENIED && placeholder_ && !hasInstances()) {
    placeholder_.letGo();
    error = create(*instance);
  }
  if (!error) error = instance->waitForClient(loop_.port());
  if (error) return error;
  waiting_.push_back(std::move(instance));
  if (!placeholder_) placeholder_.join(path_, options_, descriptor_);
  return ERROR_SUCCESS;
}

DWORD PipeListener::create(PipeInstance& instance) {
  const bool first = !placeholder_ && !hasInstances();
  if (const DWORD error = instance.create(path_, options_, descriptor_, first && options_.exclusive)) return error;
  return first && !options_.exclusive && !isOwnPipe(instance.handle()) ? ERROR_ACCESS_DENIED : ERROR_SUCCESS;
}

void PipeListener::topUp() {
  while (!closing_ && hasRoom()) {
    const DWORD error = addInstance();
    if (error == ERROR_SUCCESS) continue;
    last_failure_ = acceptFailure(error);
    // While one waits, the next client will bring us here again; otherwise nobody would.
    if (waiting_.empty() && !retrying_) {
      retrying_ = true;
      loop_.port().watch(shared_from_this());
    }
    return;
  }
}

bool PipeListener::onTick(ULONGLONG) noexcept {
  const std::lock_guard lock(mutex_);
  topUp();
  retrying_ = !closing_ && waiting_.empty() && hasRoom();
  return retrying_;
}

void PipeListener::answered(PipeInstance& instance, DWORD error) {
  std::unique_lock lock(mutex_);
  std::erase_if(waiting_, [&](const auto& waiting) { return waiting.get() == &instance; });
  // Until its handle is closed a client can still get in, also where close() has cancelled the wait for one.
  if (error != ERROR_SUCCESS && !(closing_ && hasClient(instance.handle()))) {
    instance.takeHandle();  // closed before Unlistened is told
    topUp();                // one client's misfortune ends nothing
    return finishIfDone();
  }
  ++connected_;
  ++untaken_;
  topUp();
  const auto connection = announce(instance);
  finishIfDone();
  lock.unlock();
  if (connection) connection->start();
}

// Entered before JavaScript learns of it, which may close it at once, or change who may connect.
std::shared_ptr<Connection> PipeListener::announce(PipeInstance& instance) {
  const Peer client = peerOf(instance.handle(), /*server=*/true);
  auto connection = loop_.adopt({.handle = instance.takeHandle(),
                                 .peer = client,
                                 .options = options_,
                                 .server = true,
                                 .remote = client.pid < 0,
                                 .listener = shared_from_this()});
  if (connection) {
    auto& transport = static_cast<PipeTransport&>(connection->transport());
    connections_.emplace(&transport, std::shared_ptr<PipeTransport>(connection, &transport));
    loop_.report({.kind = Event::Kind::Accepted, .id = id_, .other = connection->id(), .opened = connection});
  } else {
    --connected_;
    --untaken_;
    last_failure_ = Loop::noNumberLeft("accept");
  }
  return connection;
}

// Under the lock: who sees `connected_` knows whose the name is.
void PipeListener::closeInstance(const PipeTransport* transport, UniqueHandle handle) {
  const std::lock_guard lock(mutex_);
  handle.reset();
  --connected_;
  connections_.erase(transport);
  topUp();
}

void PipeListener::taken() {
  const std::lock_guard lock(mutex_);
  if (untaken_ > 0) --untaken_;
  topUp();
}

// What concerns the pipe as a whole can be done with any instance's handle; that of the placeholder has the most rights.
DWORD PipeListener::withPipe(const std::function<DWORD(HANDLE)>& use) {
  if (placeholder_) return use(placeholder_.handle());
  if (!waiting_.empty()) return use(waiting_.front()->handle());
  DWORD error = ERROR_SUCCESS;
  for (const auto& [key, weak] : connections_) {
    const auto transport = weak.lock();
    if (!transport) continue;
    const DWORD attempt = transport->withHandle(use);
    if (attempt == ERROR_SUCCESS) return ERROR_SUCCESS;
    error = attempt;
  }
  return error;  // none at all: the next instance will be the first, and bring the descriptor with it
}

Failure PipeListener::setAccess(const Access& access) {
  Outcome<SecurityDescriptor> descriptor = SecurityDescriptor::of(access, "setAccess");
  if (!descriptor) return descriptor.failure;
  const std::lock_guard lock(mutex_);
  if (closing_) return serverClosed("setAccess");
  const DWORD error = withPipe([&](HANDLE pipe) { return descriptor.value.applyTo(pipe, descriptor_); });
  if (error) return win32Failure(error, "setAccess");
  descriptor_ = std::move(descriptor.value);
  // The old one may have kept us from both.
  if (!placeholder_ && hasInstances()) placeholder_.join(path_, options_, descriptor_);
  topUp();
  return {};
}

Outcome<std::string> PipeListener::descriptor() {
  const std::lock_guard lock(mutex_);
  if (closing_) return serverClosed("access");
  Outcome<std::string> found{Failure{"EINVAL", "access", 0, "nobody has the pipe at this moment"}};
  withPipe([&](HANDLE pipe) {
    found = SecurityDescriptor::ofPipe(pipe);
    return static_cast<DWORD>(found.failure.os);
  });
  return found;
}

void PipeListener::abort() noexcept {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  placeholder_.letGo();
  for (const auto& instance : waiting_) instance->cancel();
  finishIfDone();
}

void PipeListener::finishIfDone() {
  if (!closing_ || finished_ || !waiting_.empty()) return;
  finished_ = true;
  loop_.report({.kind = Event::Kind::Unlistened, .id = id_});
  loop_.live().leave(this);
}

Failure PipeListener::lastFailure() {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

void PipeListener::keepAlive(bool on) {
  if (on == keeps_alive_) return;
  keeps_alive_ = on;
  on ? loop_.host().retain() : loop_.host().release();
}

}  // namespace framepipe::win32
