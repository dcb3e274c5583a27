// A served name: holds it, keeps instances waiting for clients and replaces each before its connection is
// announced, on the port thread, whatever JavaScript is doing. Its methods are called on both threads.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/loop.h"
#include "core/user_counts.h"
#include "win32/live_set.h"
#include "win32/mutex.h"
#include "win32/pipe_instance.h"
#include "win32/placeholder.h"
#include "win32/port.h"
#include "win32/security_descriptor.h"

namespace framepipe::win32 {

class PipeTransport;
class PipeLoop;

class PipeListener final : public Listener,
                           public Live,
                           public Watched,
                           public std::enable_shared_from_this<PipeListener> {
 public:
  PipeListener(PipeLoop& loop, Id id, std::wstring path, const ListenOptions& options, SecurityDescriptor descriptor)
      : loop_(loop),
        id_(id),
        path_(std::move(path)),
        options_(options),
        users_(options.max_per_user),
        descriptor_(std::move(descriptor)) {}

  // JS thread.
  Failure open();
  Failure setAccess(const Access& access) override;
  Outcome<std::string> descriptor() override;
  void close() override { abort(); }
  void keepAlive(bool on) override;
  Failure lastFailure() override;
  void taken() override;
  uint64_t refused() override { return users_.refused(); }

  // Port thread.
  void answered(PipeInstance& instance, DWORD error);
  bool onTick(ULONGLONG) noexcept override;

  // Any thread.
  UserCounts& users() { return users_; }
  void closeInstance(const PipeTransport* transport, UniqueHandle handle);
  void abort() noexcept override;

 private:
  // All of these: under the lock.
  bool hasInstances() const { return !waiting_.empty() || connected_ > 0; }
  bool hasRoom() const;
  DWORD addInstance();
  DWORD create(PipeInstance& instance);
  void topUp();
  void finishIfDone();
  DWORD withPipe(const std::function<DWORD(HANDLE)>& use);
  std::shared_ptr<Connection> announce(PipeInstance& instance);

  PipeLoop& loop_;
  const Id id_;
  const std::wstring path_;
  const ListenOptions options_;
  UserCounts users_;
  bool keeps_alive_ = false;  // JS thread only

  Mutex mutex_;
  Placeholder placeholder_;  // there while it listens, if the descriptor lets it
  SecurityDescriptor descriptor_;
  std::vector<std::shared_ptr<PipeInstance>> waiting_;
  size_t connected_ = 0;  // clients served, each of them by an instance
  size_t untaken_ = 0;    // connections that JavaScript was told of and nobody has taken
  std::unordered_map<const PipeTransport*, std::weak_ptr<PipeTransport>> connections_;
  Failure last_failure_;
  bool retrying_ = false;  // at every tick
  bool closing_ = false;
  bool finished_ = false;
};

}  // namespace framepipe::win32
