#include "win32/pipe_loop.h"

#include "win32/instance_wait.h"
#include "win32/pipe_connect.h"
#include "win32/pipe_listener.h"
#include "win32/pipe_path.h"
#include "win32/pipe_transport.h"
#include "win32/thread_token.h"
#include "win32/time_limited.h"
#include "win32/win32_failure.h"

namespace framepipe {

namespace win32 {

PipeLoop::~PipeLoop() = default;

void PipeLoop::report(Event&& event) noexcept {
  if (stopping_) return;
  if (events_.push(std::move(event))) host_.ring();
}

Outcome<Id> PipeLoop::listen(const ListenOptions& options) {
  Outcome<std::wstring> path = pipePath(options.path, "listen");
  if (!path) return path.failure;
  Outcome<SecurityDescriptor> descriptor = SecurityDescriptor::of(options.access, "listen");
  if (!descriptor) return descriptor.failure;
  if (const Failure failure = port_.open()) return failure;

  const Id id = listeners_.reserve();
  if (!id) return noNumberLeft("listen");
  auto listener =
      std::make_shared<PipeListener>(*this, id, std::move(path.value), options, std::move(descriptor.value));
  listeners_.put(id, listener);
  Failure failure = live_.enter(listener) ? listener->open() : environmentEnding("listen");
  if (!failure) {
    listener->keepAlive(true);
    return id;
  }
  live_.leave(listener.get());
  listeners_.remove(id);
  return failure;
}

Outcome<Id> PipeLoop::connect(const ConnectOptions& options, Id request) {
  if (stopping_) return environmentEnding("connect");
  const Outcome<std::wstring> path = pipePath(options.path, "connect");
  if (!path) return path.failure;
  if (isOnThisMachine(path.value)) return connectHere(path.value, options);
  return connectElsewhere(path.value, options, request);
}

Outcome<Id> PipeLoop::connectHere(const std::wstring& path, const ConnectOptions& options) {
  Outcome<PipeEnd> pipe = openPipe(path, options);
  if (!pipe) return pipe.failure;
  if (const Failure failure = port_.open()) return failure;
  if (const DWORD error = port_.associate(pipe.value.handle.get())) return win32Failure(error, "connect");
  const auto connection = adopt(std::move(pipe.value));
  if (!connection) return stopping_ ? environmentEnding("connect") : noNumberLeft("connect");
  connections_.put(connection->id(), connection);
  connection->keepAlive(true);
  connection->start();
  return connection->id();
}

Outcome<Id> PipeLoop::connectElsewhere(const std::wstring& path, const ConnectOptions& options, Id request) {
  if (!isItself())
    return Failure{"ERR_PIPE_ASYNC_WITHOUT_CLIENT", "connect", 0,
                   "another thread connects to other machines, as the server: not inside runAsClient"};
  if (const Failure failure = port_.open()) return failure;
  const auto attempt = std::make_shared<RemoteConnect>(*this, path, options, request);
  if (!live_.enter(attempt)) return environmentEnding("connect");
  if (!attempt->start()) {
    live_.leave(attempt.get());
    return Failure{"EAGAIN", "connect", 0, "no thread could be started"};
  }
  connecting_.insert(request);
  host_.retain();
  return Id{0};
}

bool PipeLoop::waitForInstance(const std::string& path, double milliseconds, Id request) {
  const Outcome<std::wstring> wide = pipePath(path, "connect");
  if (stopping_ || !wide || !isOnThisMachine(wide.value) || !openPipeFolder(*this, folder_)) return false;
  const auto wait = std::make_shared<InstanceWait>(*this, folder_.get(), request);
  if (!live_.enter(wait)) return false;
  if (!wait->start(wide.value, milliseconds)) {
    live_.leave(wait.get());
    return false;
  }
  waits_.emplace(request, wait);
  host_.retain();
  return true;
}

void PipeLoop::cancelWait(Id request) {
  if (const auto found = waits_.find(request); found != waits_.end()) found->second->abort();
}

std::shared_ptr<Connection> PipeLoop::adopt(PipeEnd&& end) {
  const Id id = connections_.reserve();
  if (!id) return nullptr;
  const ChannelOptions options = end.options;
  const Peer peer = end.peer;
  const auto side = end.server ? Connection::Side::Server : Connection::Side::Client;
  auto connection =
      std::make_shared<Connection>(Connection::Context{host_, *this, pool_}, id,
                                   std::make_unique<PipeTransport>(*this, std::move(end)), options, peer, side);
  auto& transport = static_cast<PipeTransport&>(connection->transport());
  if (!live_.enter(std::shared_ptr<Live>(connection, &transport))) return nullptr;
  if (options.timeouts.any()) port_.watch(std::make_shared<TimeLimited>(connection, host_, events_));
  return connection;
}

void PipeLoop::admit(const Event& event) {
  Loop::admit(event);
  if (event.kind != Event::Kind::Settled) return;
  if (connecting_.erase(event.id) + waits_.erase(event.id) > 0) host_.release();
}

void PipeLoop::forget(const Event& event) {
  if (event.kind == Event::Kind::Unlistened)
    if (const auto listener = listeners_.find(event.id)) listener->keepAlive(false);
  Loop::forget(event);
}

void PipeLoop::stop(void (*done)(void*), void* argument) {
  stopping_ = true;
  live_.end();
  waits_.clear();
  folder_.reset();
  port_.close();
  done(argument);
}

}  // namespace win32

std::unique_ptr<Loop> makeLoop(Host& host) {
  return std::make_unique<win32::PipeLoop>(host);
}

}  // namespace framepipe
