// A process made for a test.
#pragma once
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace framepipe::test {

// What a child process does, as another user if uid is given; how it ended.
template <class Body>
int statusOf(Body body, uid_t uid = 0) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (uid && (::setgid(uid) || ::setuid(uid))) ::_exit(125);
    ::_exit(body());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

// The same; its exit code.
template <class Body>
int inChild(Body body, uid_t uid = 0) {
  const int status = statusOf(body, uid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace framepipe::test
