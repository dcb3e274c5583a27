#include "binding/accounts_binding.h"

#include <string>
#include <utility>

#include "binding/failure_value.h"
#include "core/accounts.h"

namespace framepipe {

namespace {

// On a thread of libuv's pool, as Node's own look-ups of names.
class LookUp final : public Napi::AsyncWorker {
 public:
  LookUp(Napi::Env env, AccountKind kind, std::string name)
      : AsyncWorker(env, "framepipe"),
        kind_(kind),
        name_(std::move(name)),
        answer_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return answer_.Promise(); }

 protected:
  void Execute() override { found_ = accountOf(kind_, name_); }

  void OnOK() override {
    const Napi::Env env = Env();
    if (!found_) return answer_.Resolve(failureValue(env, found_.failure));
    const Principal& principal = found_.value;
    if (!principal.sid.empty()) return answer_.Resolve(Napi::String::New(env, principal.sid));
    answer_.Resolve(Napi::Number::New(env, static_cast<double>(principal.id)));
  }

 private:
  const AccountKind kind_;
  const std::string name_;
  const Napi::Promise::Deferred answer_;
  Outcome<Principal> found_{Principal{}};
};

// lookUp(group, name)
Napi::Value lookUp(const Napi::CallbackInfo& info) {
  const auto kind = info[0].ToBoolean() ? AccountKind::Group : AccountKind::User;
  auto* work = new LookUp(info.Env(), kind, info[1].ToString());  // deletes itself
  const Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

}  // namespace

void exportAccounts(Napi::Env env, Napi::Object exports) {
  exports.Set("lookUp", Napi::Function::New<lookUp>(env, "lookUp"));
}

}  // namespace framepipe
