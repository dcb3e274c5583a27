#include "binding/result_value.h"

#include <memory>
#include <utility>

namespace framepipe {

namespace {

// Below this, copying costs less than a finalizer.
constexpr size_t kCopyBelow = 16u << 10;

struct Conversion {
  Napi::Env env;

  Napi::Value operator()(std::monostate) const { return env.Undefined(); }
  Napi::Value operator()(int64_t number) const { return Napi::Number::New(env, static_cast<double>(number)); }
  Napi::Value operator()(const std::string& text) const { return Napi::String::New(env, text); }
  Napi::Value operator()(Descriptor& descriptor) const { return Napi::Number::New(env, descriptor.number()); }

  Napi::Value operator()(FileContents& contents) const {
    if (contents.length < kCopyBelow) return Napi::Buffer<uint8_t>::Copy(env, contents.bytes.get(), contents.length);
    uint8_t* bytes = contents.bytes.release();
    return Napi::Buffer<uint8_t>::NewOrCopy(env, bytes, contents.length, [](Napi::Env, uint8_t* own) { delete[] own; });
  }

  Napi::Value operator()(const FileStatus& s) const {
    Napi::Array array = Napi::Array::New(env);
    uint32_t i = 0;
    for (const uint64_t value : {s.dev, s.mode, s.nlink, s.uid, s.gid, s.rdev, s.ino, s.size, s.blksize, s.blocks})
      array.Set(i++, static_cast<double>(value));
    for (const double value : {s.atime_ms, s.mtime_ms, s.ctime_ms, s.birthtime_ms}) array.Set(i++, value);
    return array;
  }

  Napi::Value operator()(const std::vector<DirectoryEntry>& entries) const {
    Napi::Array array = Napi::Array::New(env, 2 * entries.size());
    uint32_t i = 0;
    for (const DirectoryEntry& entry : entries) {
      const Napi::HandleScope scope(env);
      array.Set(i++, entry.name);
      array.Set(i++, entry.type);
    }
    return array;
  }

  Napi::Value operator()(const User& user) const {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", user.name);
    if (!user.domain.empty()) object.Set("domain", user.domain);
    if (!user.sid.empty()) object.Set("sid", user.sid);
    if (user.uid >= 0) object.Set("uid", static_cast<double>(user.uid));
    if (user.gid >= 0) object.Set("gid", static_cast<double>(user.gid));
    Napi::Array groups = Napi::Array::New(env);
    for (const std::string& sid : user.group_sids) groups.Set(groups.Length(), sid);
    for (const int64_t id : user.group_ids) groups.Set(groups.Length(), static_cast<double>(id));
    object.Set("groups", groups);
    if (user.elevated) object.Set("elevated", *user.elevated);
    if (user.integrity) object.Set("integrity", user.integrity);
    return object;
  }
};

}  // namespace

Napi::Value toJs(Napi::Env env, Result& result) {
  return std::visit(Conversion{env}, result);
}

}  // namespace framepipe
