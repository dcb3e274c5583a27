// Becoming a client on one thread, and nothing else. Most of it takes root: without, what remains is that one may be
// oneself, and nobody else.
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>

#include "loops/world.h"
#include "posix/as_root.h"
#include "posix/child.h"
#include "posix/clients.h"

namespace framepipe::test {

TEST(ownClientsNeedNoPrivilege) {
  const Credentials before = credentials();
  const Sockets sockets;
  const auto taken = take(sockets.ends[0], /*to_act=*/true);
  CHECK(static_cast<bool>(taken));
  CHECK(!taken.value->assumeForScript());
  CHECK(credentials() == before);
  taken.value->revertAfterScript();
  const Outcome<User> user = taken.value->user();
  CHECK(user && user.value.uid == geteuid() && user.value.gid == getegid() && !user.value.name.empty());
}

TEST(othersNeedPrivilege) {
  const Sockets sockets;
  const int code = inChild(
      [&] {
        const Credentials before = credentials();
        // Root is somebody else for this user; and who is not root has no way to be anybody else.
        if (startActing(kOther, posix::Until::Script) != EPERM || !(credentials() == before)) return 1;
        if (!isRoot() && getuid() != 1000) return 0;
        const auto taken = take(sockets.ends[0], /*to_act=*/true);
        if (!same(taken.failure, "ERR_PIPE_CANNOT_IMPERSONATE") || !taken.failure.hint) return 2;
        const auto known = take(sockets.ends[0], /*to_act=*/false);
        return known && known.value->user().value.uid == 0 ? 0 : 3;
      },
      isRoot() ? 1000 : 0);
  CHECK(code == 0);
}

TEST(whatIsNoSocketHasNoClient) {
  CHECK(same(take(STDIN_FILENO, false).failure, "ENOTSOCK"));
}

TEST_AS_ROOT(onlyThisThreadChangesAndOnlyItsEffectiveIds) {
  const Credentials before = credentials();
  const auto identity = identityOf(kOther);
  std::atomic<int> turn{0};
  Credentials beside;
  std::thread thread([&] {
    while (turn != 1) std::this_thread::yield();
    readCredentials(beside);
    turn = 2;
  });
  CHECK(!identity->assume());
  const Credentials acting = credentials();
  turn = 1;
  while (turn != 2) std::this_thread::yield();
  identity->revert();
  thread.join();
  CHECK(beside == before);
  CHECK(credentials() == before);
  CHECK((acting.users == Credentials::Ids{before.users.real, kOther.uid, before.users.saved}));
  CHECK((acting.group_ids == Credentials::Ids{before.group_ids.real, kOther.gid, before.group_ids.saved}));
  CHECK(acting.groups == kOther.groups);
  CHECK(acting.capabilities.effective == decltype(acting.capabilities.effective){});
  CHECK(acting.capabilities.permitted == before.capabilities.permitted);
}

TEST_AS_ROOT(theProcessStaysDumpable) {
  const auto identity = identityOf(kOther);
  CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
  CHECK(!identity->assume());
  CHECK(prctl(PR_GET_DUMPABLE) != 1);  // the kernel's doing, and right while it lasts
  identity->revert();
  CHECK(prctl(PR_GET_DUMPABLE) == 1);
  CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
  CHECK(!identity->assume());
  identity->revert();
  CHECK(prctl(PR_GET_DUMPABLE) == 0);  // as the program wanted it
  CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
}

TEST_AS_ROOT(twoThreadsActAtOnce) {
  const Credentials before = credentials();
  const auto first = identityOf(kOther);
  const auto second = identityOf({23456, 23456, {}});
  std::atomic<bool> wrong{false};
  const auto act = [&](Identity& identity, uid_t uid) {
    for (int i = 0; i < 2000; ++i) {
      if (identity.assume()) wrong = true;
      if (credentials().users.effective != uid) wrong = true;
      identity.revert();
      if (!(credentials() == before)) wrong = true;
    }
  };
  std::thread thread([&] { act(*second, 23456); });
  act(*first, kOther.uid);
  thread.join();
  CHECK(!wrong);
  CHECK(prctl(PR_GET_DUMPABLE) == 1);
}

TEST_AS_ROOT(oneThreadActsAsOneClientAtATime) {
  const auto identity = identityOf(kOther);
  CHECK(!identity->assume());
  CHECK(same(identity->assume(), "ERR_PIPE_CANNOT_IMPERSONATE"));
  CHECK(credentials().users.effective == kOther.uid);
  identity->revert();
  identity->revert();
  CHECK(credentials().users.effective == 0);
}

TEST_AS_ROOT(aProcessMadeMeanwhileIsTheServers) {
  const Credentials before = credentials();
  const auto identity = identityOf(kOther);
  CHECK(!identity->assumeForScript());
  const int status = statusOf([&] {
    Credentials own;
    return readCredentials(own) == 0 && own == before ? 0 : 1;
  });
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(credentials().users.effective == kOther.uid);
  identity->revertAfterScript();
  CHECK(credentials() == before);
}

TEST_AS_ROOT(aThreadThatCannotBecomeItselfEndsTheProcess) {
  Sockets output;
  const int status = statusOf([&] {
    dup2(output.ends[1], STDERR_FILENO);
    startActing(kOther, posix::Until::SystemCalls);
    // Without this there is no way back to the server's groups.
    setCapabilities(0, credentials().capabilities.permitted[0] & ~bit(CAP_SETGID));
    posix::stopActing();
    return 0;
  });
  CHECK(shutdown(output.ends[1], SHUT_WR) == 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  const RawPeer reader(dup(output.ends[0]));
  CHECK(reader.readToEnd().bytes.find("cannot become itself again") != std::string::npos);
}

TEST_AS_ROOT(idsThatWereChangedWhileScriptRanEndTheProcess) {
  const int status = statusOf([] {
    startActing(kOther, posix::Until::Script);
    syscall(SYS_setresgid, -1, 0, -1);  // what glibc has every thread do for setegid(0)
    posix::stopActing();
    return 0;
  });
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#ifndef __SANITIZE_THREAD__  // which allows no thread in a process that was forked
TEST_AS_ROOT(settingTheIdsOfAllThreadsWaitsForOneThatActs) {
  const int code = inChild([] {
    std::atomic<bool> acts{false};
    std::atomic<int> wrong{0};
    std::thread actor([&] {
      if (startActing(kOther, posix::Until::SystemCalls)) ++wrong;
      const Credentials acting = credentials();
      acts = true;
      for (int i = 0; i < 50; ++i) {
        if (credentials() != acting) ++wrong;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      posix::stopActing();
    });
    while (!acts) std::this_thread::yield();
    if (setegid(4321) || setgroups(0, nullptr)) return 1;  // glibc ends the process if one thread cannot
    actor.join();
    const Credentials now = credentials();
    if (now.group_ids.effective != 4321 || !now.groups.empty()) return 2;
    return wrong ? 3 : 0;
  });
  CHECK(code == 0);
}

#endif

}  // namespace framepipe::test
