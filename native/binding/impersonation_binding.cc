#include "binding/impersonation_binding.h"

#include <utility>

#include "binding/argument.h"
#include "binding/failure_value.h"
#include "binding/names.h"
#include "impersonation/client.h"
#include "impersonation/fail_fast.h"
#include "impersonation/file_access.h"
#include "impersonation/operations.h"

namespace framepipe {

namespace {

constexpr Failure kReleased{"ERR_PIPE_CLIENT_RELEASED", "impersonate", 0, "the client's identity was given back", {}};
constexpr Failure kEnded = connectionEnded("impersonate");

// Who waits for the system's user database waits for nobody's files.
constexpr const char* kUserDatabase = "user database";

using FormerClient = std::shared_ptr<Client>;

// A path, or contents: text or bytes.
template <class Container>
Container bytesAt(const Napi::CallbackInfo& info, size_t index) {
  if (info[index].IsTypedArray()) {
    const auto array = info[index].As<Napi::Uint8Array>();
    return Container(array.Data(), array.Data() + array.ByteLength());
  }
  if (!info[index].IsString()) return {};
  const std::string text = info[index].As<Napi::String>();
  return Container(text.begin(), text.end());
}

FileOperation operationFrom(const Napi::CallbackInfo& info, FileOperation::Kind kind) {
  FileOperation operation;
  operation.kind = kind;
  operation.path = bytesAt<std::string>(info, 3);
  const uint32_t flags = numberAt(info, 4);
  operation.flags = static_cast<int>(flags);
  operation.recursive = flags & kRecursive;
  operation.force = flags & kForce;
  if (kind == FileOperation::Kind::ReadFile)
    operation.max_length = numberAt(info, 5);
  else
    operation.mode = static_cast<int>(numberAt(info, 5));
  operation.special = info[7].ToBoolean();
  if (kind == FileOperation::Kind::Rename) operation.target = bytesAt<std::string>(info, 6);
  if (kind == FileOperation::Kind::WriteFile) operation.bytes = bytesAt<Bytes>(info, 6);
  return operation;
}

Outcome<Result> performAs(Identity& identity, const FileOperation& operation, const Cancelled& cancelled) {
  if (const Failure failure = identity.assume()) return failure;
  Outcome<Result> outcome = perform(operation, cancelled);
  identity.revert();
  return outcome;
}

Outcome<Result> userOf(Identity& identity) {
  Outcome<User> user = identity.user();
  if (!user) return user.failure;
  return Result(std::move(user.value));
}

template <Napi::Value (ImpersonationBinding::*method)(const Napi::CallbackInfo&)>
Napi::Value call(const Napi::CallbackInfo& info) {
  return (static_cast<ImpersonationBinding*>(info.Data())->*method)(info);
}

}  // namespace

void ImpersonationBinding::exportTo(Napi::Object loop) {
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    loop.Set(name, Napi::Function::New(loop.Env(), function, name, this));
  };
  add("keepClient", call<&ImpersonationBinding::keepClient>);
  add("forgetClient", call<&ImpersonationBinding::forgetClient>);
  add("takeIdentity", call<&ImpersonationBinding::takeIdentity>);
  add("releaseIdentity", call<&ImpersonationBinding::releaseIdentity>);
  add("callAs", call<&ImpersonationBinding::callAs>);
  add("callAsItself", call<&ImpersonationBinding::callAsItself>);
  add("secureThreads", call<&ImpersonationBinding::secureThreads>);
  add("checkAccess", call<&ImpersonationBinding::checkAccess>);
  add("perform", call<&ImpersonationBinding::perform>);
  add("cancelOperation", call<&ImpersonationBinding::cancelOperation>);
}

// keepClient(connection): an object that holds the client.
Napi::Value ImpersonationBinding::keepClient(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Connection> connection = loop_.connection(idAt(info, 0));
  std::shared_ptr<Client> client = connection ? connection->formerClient() : nullptr;
  if (!client) return info.Env().Undefined();
  const auto release = [](Napi::Env, FormerClient* held) { delete held; };
  return Napi::External<FormerClient>::New(info.Env(), new FormerClient(std::move(client)), release);
}

// forgetClient(what keepClient() gave): at once, and not when it is collected.
Napi::Value ImpersonationBinding::forgetClient(const Napi::CallbackInfo& info) {
  if (info[0].IsExternal()) info[0].As<Napi::External<FormerClient>>().Data()->reset();
  return info.Env().Undefined();
}

// takeIdentity(connection or what keepClient() gave, toAct, request)
Napi::Value ImpersonationBinding::takeIdentity(const Napi::CallbackInfo& info) {
  const auto former = info[0].IsExternal() ? *info[0].As<Napi::External<FormerClient>>().Data() : nullptr;
  const std::shared_ptr<Connection> connection = info[0].IsExternal() ? nullptr : loop_.connection(idAt(info, 0));
  if (!former && !connection) return failureValue(info.Env(), kEnded);
  const bool to_act = info[1].ToBoolean();
  if (to_act) startPool(info.Env());
  const auto holder = std::make_shared<Holder>();
  const Id id = identities_.add(holder);
  if (!id) return failureValue(info.Env(), Loop::noNumberLeft("impersonate"));
  const auto take = [former, connection, holder, to_act, id](const Cancelled&) -> Outcome<Result> {
    Outcome<std::shared_ptr<Identity>> taken = former ? former->identity(to_act) : connection->identity(to_act);
    if (!taken) return taken.failure;
    holder->identity = std::move(taken.value);
    return Result(static_cast<int64_t>(id));
  };
  const Id request = idAt(info, 2);
  keep(request, {id, connection, {}});
  return begun(info.Env(), request, threads_.post({request, take}));
}

Napi::Value ImpersonationBinding::releaseIdentity(const Napi::CallbackInfo& info) {
  identities_.remove(idAt(info, 0));
  return info.Env().Undefined();
}

// callAs(identity, fn, argument). The failure is thrown as it is: the caller knows whether fn was called.
Napi::Value ImpersonationBinding::callAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<Identity> identity = find(idAt(info, 0));
  Identity* const before = acting_;
  if (const Failure failure = identity ? act(identity.get()) : kReleased) {
    napi_throw(env, failureValue(env, failure));
    return {};
  }
  const napi_value argument = info[2];
  napi_value result = nullptr;
  // Not a callback scope: its end would run microtasks, and they are not the client's.
  napi_call_function(env, env.Undefined(), info[1], 1, &argument, &result);
  if (act(before)) failFast("a thread cannot become the client again that it was before");
  return {env, result};  // none when an exception is on its way
}

// callAsItself(fn): inside of callAs()'s function.
Napi::Value ImpersonationBinding::callAsItself(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Identity* const before = acting_;
  act(nullptr);
  napi_value result = nullptr;
  napi_call_function(env, env.Undefined(), info[0], 0, nullptr, &result);
  if (act(before)) failFast("a thread cannot become the client again that it was before");
  return {env, result};
}

// Makes this thread the client, or itself, from whoever it is. After a failure it is who it was.
Failure ImpersonationBinding::act(Identity* identity) {
  Identity* const before = std::exchange(acting_, nullptr);
  if (before) before->revertAfterScript();
  const Failure failure = identity ? identity->assumeForScript() : Failure{};
  acting_ = failure ? before : identity;
  if (failure && before && before->assumeForScript())
    failFast("a thread cannot become the client again that it was before");
  return failure;
}

// A thread has just been made, maybe as the client.
Napi::Value ImpersonationBinding::secureThreads(const Napi::CallbackInfo& info) {
  if (Identity* const identity = acting_) {
    act(nullptr);
    if (act(identity)) failFast("a thread cannot go on acting as a client after making a thread");
  }
  return info.Env().Undefined();
}

// checkAccess(path, mode), as whoever this thread acts.
Napi::Value ImpersonationBinding::checkAccess(const Napi::CallbackInfo& info) {
  const std::string path = bytesAt<std::string>(info, 0);
  const Failure failure = framepipe::checkAccess(path.c_str(), static_cast<int>(numberAt(info, 1)));
  return failure ? failureValue(info.Env(), failure) : Napi::Number::New(info.Env(), 0);
}

// perform(identity, request, operation, path, flags, mode, more, special)
Napi::Value ImpersonationBinding::perform(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Identity> identity = find(idAt(info, 0));
  if (!identity) return failureValue(info.Env(), kReleased);
  const std::string name = info[2].As<Napi::String>();
  Job job{idAt(info, 1), nullptr};
  std::string queue = identity->account();
  if (name == "user") {
    queue = kUserDatabase;
    job.work = [identity](const Cancelled&) { return userOf(*identity); };
  } else if (const auto kind = valueOf<FileOperation::Kind>(name)) {
    job.work = [identity, operation = operationFrom(info, *kind)](const Cancelled& cancelled) {
      return performAs(*identity, operation, cancelled);
    };
  } else {
    return failureValue(info.Env(), {"EINVAL", "perform", 0, "no such operation", {}});
  }
  const Id request = job.request;
  keep(request, {0, nullptr, queue});
  return begun(info.Env(), request, threads_.post(queue, std::move(job)));
}

// cancelOperation(request)
Napi::Value ImpersonationBinding::cancelOperation(const Napi::CallbackInfo& info) {
  const Id request = idAt(info, 0);
  const auto found = outstanding_.find(request);
  if (found == outstanding_.end()) return info.Env().Undefined();
  threads_.cancel(found->second.queue, request);
  drop(request, {});
  return info.Env().Undefined();
}

void ImpersonationBinding::keep(Id request, Outstanding kept) {
  if (outstanding_.empty()) host_.retain();
  outstanding_[request] = std::move(kept);
}

// What JavaScript is told of a request that was posted.
Napi::Value ImpersonationBinding::begun(Napi::Env env, Id request, const Failure& failure) {
  if (!failure) return env.Undefined();
  drop(request, failure);
  return failureValue(env, failure);
}

void ImpersonationBinding::drop(Id request, const Failure& failure) {
  const auto found = outstanding_.find(request);
  if (found == outstanding_.end()) return;
  if (failure && found->second.identity) identities_.remove(found->second.identity);
  outstanding_.erase(found);
  if (outstanding_.empty()) host_.release();
}

void ImpersonationBinding::settle(const Event& event) {
  if (event.kind == Event::Kind::Settled) drop(event.id, event.failure);
}

void ImpersonationBinding::stop() {
  if (Identity* const identity = std::exchange(acting_, nullptr)) identity->revertAfterScript();
  threads_.stop();
  if (!outstanding_.empty()) host_.release();
  outstanding_.clear();
}

std::shared_ptr<Identity> ImpersonationBinding::find(Id id) const {
  const std::shared_ptr<Holder> holder = identities_.find(id);
  return holder ? holder->identity : nullptr;
}

// Threads inherit who makes them, and libuv's are made when they are first needed, which might be while this thread is
// a client: so they are needed now.
void ImpersonationBinding::startPool(Napi::Env env) {
  if (std::exchange(pool_started_, true)) return;
  auto* work = new napi_async_work;
  const auto nothing = [](napi_env, void*) {};
  const auto done = [](napi_env e, napi_status, void* own) {
    napi_delete_async_work(e, *static_cast<napi_async_work*>(own));
    delete static_cast<napi_async_work*>(own);
  };
  const Napi::String name = Napi::String::New(env, "framepipe");
  if (napi_create_async_work(env, nullptr, name, nothing, done, work, work) == napi_ok)
    napi_queue_async_work(env, *work);
  else
    delete work;
}

}  // namespace framepipe
