// Identities of clients, by number, and the JS thread's turns as one of them: the part of NativeLoop (lib/native.ts)
// that runAsClient() needs. JS thread only.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "core/loop.h"
#include "impersonation/identity.h"
#include "impersonation/threads.h"

namespace framepipe {

// FileOperation's switches, as NativeLoop.perform() takes them.
enum : uint32_t { kRecursive = 1, kForce = 2 };

class ImpersonationBinding {
 public:
  ImpersonationBinding(Loop& loop, Host& host) : loop_(loop), host_(host), threads_(loop.events(), host) {}

  void exportTo(Napi::Object loop);

  // See Loop::countFrom().
  void countFrom(uint64_t generation) { identities_.countFrom(generation); }

  // For every event, before it is given to JavaScript.
  void settle(const Event& event);

  // Joins the threads, or leaves those to themselves that do not come back; nothing is settled any more. Idempotent.
  void stop();

 private:
  // Filled in on the thread that takes identities, before JavaScript learns the number.
  struct Holder {
    std::shared_ptr<Identity> identity;
  };
  // What must be kept, and may only be released on this thread.
  struct Outstanding {
    Id identity = 0;  // to be void if this fails
    std::shared_ptr<Connection> connection;
    std::string queue = {};  // that an operation is in
  };

  Napi::Value keepClient(const Napi::CallbackInfo& info);
  Napi::Value forgetClient(const Napi::CallbackInfo& info);
  Napi::Value takeIdentity(const Napi::CallbackInfo& info);
  Napi::Value releaseIdentity(const Napi::CallbackInfo& info);
  Napi::Value callAs(const Napi::CallbackInfo& info);
  Napi::Value callAsItself(const Napi::CallbackInfo& info);
  Napi::Value secureThreads(const Napi::CallbackInfo& info);
  Napi::Value checkAccess(const Napi::CallbackInfo& info);
  Napi::Value perform(const Napi::CallbackInfo& info);
  Napi::Value cancelOperation(const Napi::CallbackInfo& info);

  void keep(Id request, Outstanding kept);
  Napi::Value begun(Napi::Env env, Id request, const Failure& failure);
  void drop(Id request, const Failure& failure);
  Failure act(Identity* identity);
  std::shared_ptr<Identity> find(Id id) const;
  void startPool(Napi::Env env);

  Loop& loop_;
  Host& host_;
  ImpersonationThreads threads_;
  HandleTable<Holder> identities_;
  std::unordered_map<Id, Outstanding> outstanding_;
  Identity* acting_ = nullptr;  // who this thread is
  bool pool_started_ = false;
};

}  // namespace framepipe
