// Threads that are made while another one acts as a client. They take root.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "loops/world.h"
#include "posix/as_root.h"
#include "posix/child.h"
#include "posix/clients.h"

namespace framepipe::test {

namespace {

// A thread that is made by whoever makes this, and looks at itself when it is told to.
class Made {
 public:
  template <class Prepare>
  explicit Made(Prepare prepare) {
    thread_ = std::thread([this, prepare] {
      prepare();
      readCredentials(first_);
      ready_ = true;
      while (!look_) std::this_thread::yield();
      readCredentials(last_);
    });
    while (!ready_) std::this_thread::yield();
  }
  Made() : Made([] {}) {}

  // What it is when it is made, and at the end.
  const Credentials& first() const { return first_; }
  const Credentials& last() {
    look_ = true;
    thread_.join();
    return last_;
  }

 private:
  std::atomic<bool> ready_{false}, look_{false};
  Credentials first_, last_;
  std::thread thread_;
};

void blockAllSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Not one descriptor is free while this is there.
class NoDescriptor {
 public:
  NoDescriptor() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{256, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int taken; (taken = ::dup(0)) >= 0;) taken_.push_back(taken);
  }
  ~NoDescriptor() {
    for (const int each : taken_) ::close(each);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_;
  std::vector<int> taken_;
};

// A root that may do very little.
Subject weakRoot() {
  return {0, 0, credentials().groups, {bit(CAP_CHOWN), 0}};
}

}  // namespace

TEST_AS_ROOT(threadsMadeMeanwhileAreTakenBack) {
  const Credentials before = credentials();
  const auto identity = identityOf(kOther);
  std::atomic<int> ready{0};
  std::atomic<bool> look{false};
  Credentials inner, outer;
  uid_t inherited = 0;
  const auto wait = [&](Credentials& into) {
    ++ready;
    while (!look) std::this_thread::yield();
    readCredentials(into);
  };
  CHECK(!identity->assumeForScript());
  std::thread thread([&] {
    Credentials own;
    readCredentials(own);
    inherited = own.users.effective;
    std::thread child([&] { wait(inner); });
    wait(outer);
    child.join();
  });
  while (ready != 2) std::this_thread::yield();
  identity->revertAfterScript();
  look = true;
  thread.join();
  CHECK(inherited == kOther.uid);  // or there would be nothing to take back
  CHECK(outer == before);
  CHECK(inner == before);
  CHECK(credentials() == before);
  CHECK(prctl(PR_GET_DUMPABLE) == 1);
}

TEST_AS_ROOT(threadsMadeWithoutAFreeDescriptorAreTakenBack) {
  const Credentials before = credentials();
  CHECK(startActing(kOther, posix::Until::Script) == 0);
  Made made;
  {
    const NoDescriptor none;
    posix::stopActing();
  }
  CHECK(made.first().users.effective == kOther.uid);
  CHECK(made.last() == before);
}

TEST_AS_ROOT(withoutADescriptorScriptDoesNotAct) {
  const Credentials before = credentials();
  const auto identity = identityOf(kOther);
  const NoDescriptor none;
  const Failure failure = identity->assumeForScript();
  CHECK(same(failure, "ERR_PIPE_CANNOT_IMPERSONATE") && failure.os == EMFILE && failure.hint);
  CHECK(credentials() == before);
}

TEST_AS_ROOT(takingThreadsBackWaitsForNobodyElseWhoActs) {
  const Credentials before = credentials();
  const Subject another{23456, 23456, {}};
  std::atomic<int> turn{0};
  Credentials acting, still;
  std::thread thread([&] {
    CHECK(startActing(another, posix::Until::SystemCalls) == 0);
    acting = credentials();
    turn = 1;
    while (turn != 2) std::this_thread::yield();
    still = credentials();
    posix::stopActing();
  });
  while (turn != 1) std::this_thread::yield();
  CHECK(startActing(kOther, posix::Until::Script) == 0);
  Made made;
  posix::stopActing();
  CHECK(made.last() == before);
  turn = 2;
  thread.join();
  CHECK(acting.users.effective == another.uid);
  CHECK(still == acting);
}

TEST_AS_ROOT(oneThatActsAsTheSameClientIsNotTakenBack) {
  std::atomic<int> turn{0};
  Credentials acting, still;
  std::thread thread([&] {
    while (turn != 1) std::this_thread::yield();
    // A thread that is made meanwhile, but not by this one: as those of others who act are.
    std::thread made([&] {
      CHECK(startActing(kOther, posix::Until::SystemCalls) == 0);
      acting = credentials();
      turn = 2;
      while (turn != 3) std::this_thread::yield();
      still = credentials();
      posix::stopActing();
    });
    made.join();
  });
  CHECK(startActing(kOther, posix::Until::Script) == 0);
  turn = 1;
  while (turn != 2) std::this_thread::yield();
  posix::stopActing();
  turn = 3;
  thread.join();
  CHECK(acting.users.effective == kOther.uid);
  CHECK(still == acting);
}

TEST_AS_ROOT(threadsMadeAsARootWithFewCapabilitiesHaveAllAgain) {
  const Credentials before = credentials();
  CHECK(startActing(weakRoot(), posix::Until::Script) == 0);
  Made made;
  posix::stopActing();
  CHECK((made.first().capabilities.effective == posix::CapabilitySet{bit(CAP_CHOWN), 0}));
  CHECK(made.last() == before);
  CHECK(credentials() == before);
}

TEST_AS_ROOT(aThreadThatHearsNoSignalIsTakenBackWithAllOthers) {
  const Credentials before = credentials();
  CHECK(startActing(kOther, posix::Until::Script) == 0);
  Made made(blockAllSignals);
  posix::stopActing();
  CHECK(made.first().users.effective == kOther.uid);
  CHECK(made.last() == before);
}

#ifndef __SANITIZE_THREAD__  // which allows no thread in a process that was forked
TEST_AS_ROOT(threadsOfAServerThatIsNotRootAreTakenBack) {
  const int code = inChild([] {
    becomeCapable();
    const Credentials before = credentials();
    if (startActing(kOther, posix::Until::Script)) return 1;
    Made made;
    posix::stopActing();
    return made.first().capabilities.effective == posix::CapabilitySet{} && made.last() == before ? 0 : 2;
  });
  CHECK(code == 0);
}

TEST_AS_ROOT(aThreadThatCannotBeTakenBackEndsTheProcess) {
  const int status = statusOf([] {
    becomeCapable();
    startActing(kOther, posix::Until::Script);
    Made made(blockAllSignals);
    posix::stopActing();
    return 0;
  });
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
#endif

}  // namespace framepipe::test
