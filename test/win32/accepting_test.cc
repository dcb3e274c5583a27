// Listening, connecting, accepting: races, limits, names.
#include <algorithm>
#include <atomic>
#include <thread>

#include "harness.h"

using namespace framepipe;
using namespace framepipe::test;

TEST(a_frame_each_way) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  const Id client = desk.connect(connecting(path));
  const Id server = desk.accept();
  desk.send(client, "hello");
  check(desk.until([&] { return desk.seen(server).frames.size() == 1; }), "the server receives");
  desk.send(server, "and back");
  check(desk.until([&] { return desk.seen(client).frames.size() == 1; }), "the client receives");
  check(desk.seen(server).frames[0] == "hello" && desk.seen(client).frames[0] == "and back", "what was sent");
  same(desk.at(server).peer().pid, int64_t{GetCurrentProcessId()}, "the client's process id");
  same(desk.at(client).peer().pid, int64_t{GetCurrentProcessId()}, "the server's process id");
  check(desk.at(client).peer().session >= 0, "a session");
  same(desk.at(client).traffic().bytes_out, uint64_t{9}, "bytes out");
  same(desk.at(server).traffic().frames_in, uint64_t{1}, "frames in");
}

TEST(nobody_serves_it) {
  Desk desk;
  const Outcome<Id> id = desk.loop().connect(connecting(uniquePath()), 1);
  sameCode(id.failure, "ENOENT");
  same(id.failure.os, ERROR_FILE_NOT_FOUND, "winerror");
}

TEST(all_instances_are_taken) {
  Desk desk;
  const std::string path = uniquePath();
  ListenOptions options = serving(path);
  options.max_instances = 2;
  desk.listen(options);
  const Id first = desk.connect(connecting(path));
  desk.accept();
  desk.connect(connecting(path));
  desk.accept();
  sameCode(desk.loop().connect(connecting(path), 1).failure, "EAGAIN");
  desk.at(first).destroy({});
  Outcome<Id> again = Failure{"EAGAIN"};
  check(desk.until([&] { return bool(again = desk.loop().connect(connecting(path), 1)); }), "a place becomes free");
  desk.accept();
}

TEST(the_only_instance_is_made_anew) {
  Desk desk;
  const std::string path = uniquePath();
  ListenOptions options = serving(path);
  options.max_instances = 1;
  desk.listen(options);
  for (int i = 0; i < 50; ++i) {
    const Id client = desk.connect(connecting(path));
    const Id server = desk.accept();
    desk.at(i % 2 ? client : server).close();
    check(desk.closes(client) && desk.closes(server), "both ends close");
  }
}

TEST(somebody_serves_it_already) {
  Desk desk, other;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  sameCode(other.loop().listen(serving(path)).failure, "EADDRINUSE");
  desk.connect(connecting(path));
  desk.accept();
}

TEST(a_name_is_shared_when_asked_for) {
  Desk desk, other;
  ListenOptions options = serving(uniquePath());
  options.exclusive = false;
  options.pending_instances = 1;
  desk.listen(options);
  other.listen(options);
  size_t connected = 0;
  for (int i = 0; i < 500 && desk.accepted.size() + other.accepted.size() < 10; ++i) {
    if (connected < 10 && desk.loop().connect(connecting(options.path), 1)) ++connected;
    desk.rest(2);
    other.pump();
  }
  same(desk.accepted.size() + other.accepted.size(), size_t{10}, "each client is accepted by one of them");
}

TEST(listening_again_right_after_closing) {
  Desk desk;
  const std::string path = uniquePath();
  for (size_t i = 0; i < 50; ++i) {
    const Id listener = desk.listen(serving(path));
    const Id client = desk.connect(connecting(path));
    desk.accept();
    desk.loop().listener(listener)->close();
    check(desk.until([&] { return desk.unlistened.size() == i + 1; }), "Unlistened");
    desk.at(client).destroy({});
    desk.closes(client);
    check(desk.until([&] { return desk.seen(desk.accepted.back()).closed; }), "the server's end closes");
  }
  same(desk.retained, 0, "nothing keeps the process alive");
}

TEST(closing_the_listener_keeps_connections) {
  Desk desk;
  const std::string path = uniquePath();
  const Id listener = desk.listen(serving(path));
  const Id client = desk.connect(connecting(path));
  const Id server = desk.accept();
  desk.loop().listener(listener)->close();
  check(desk.until([&] { return !desk.unlistened.empty(); }), "Unlistened");
  check(desk.loop().listener(listener) == nullptr, "its number is void");
  sameCode(desk.loop().connect(connecting(path), 1).failure, "EAGAIN");
  desk.send(client, "still here");
  check(desk.until([&] { return desk.seen(server).frames.size() == 1; }), "the connection lives on");
}

TEST(closing_the_listener_while_clients_come) {
  for (int round = 0; round < 40; ++round) {
    Desk desk;
    const std::string path = uniquePath();
    ListenOptions options = serving(path);
    options.pending_instances = 8;
    const Id listener = desk.listen(options);
    std::atomic<bool> over{false};
    size_t came = 0;
    std::thread clients([&] {
      while (!over) {
        const HANDLE pipe = openClient(path);
        if (!pipe) continue;
        ++came;
        writeAll(pipe, prefixed("x"));
        CloseHandle(pipe);
      }
    });
    desk.until([&] { return desk.accepted.size() > static_cast<size_t>(round % 10); });
    desk.loop().listener(listener)->close();
    check(desk.until([&] { return !desk.unlistened.empty(); }), "Unlistened");
    over = true;
    clients.join();
    check(desk.until([&] {
      return std::all_of(desk.accepted.begin(), desk.accepted.end(), [&](Id id) { return desk.seen(id).closed; });
    }),
          "all that were accepted end");
    check(came >= desk.accepted.size(), "nobody was made up");
  }
}

TEST(bad_names) {
  Desk desk;
  for (const std::string& path :
       {std::string(), std::string("\\\\.\\pipe\\a\0b", 12), std::string("\\\\.\\pipe\\\xff\xfe"),
        std::string("C:\\framepipe-no-pipe"), std::string("framepipe"), std::string("\\\\.\\NUL"),
        std::string("\\\\.\\pipe\\"), std::string("\\\\?\\pipe\\x"),
        std::string("\\\\.\\pipe\\..\\UNC\\localhost\\pipe\\x"), std::string("//./pipe/../UNC/localhost/pipe/x"),
        std::string("\\\\.\\pipe\\..\\C:\\windows\\win.ini"), std::string("\\\\.\\pipe\\a\\..\\b"),
        std::string("\\\\.\\pipe\\x. "), std::string("\\\\.\\pipe\\x."), std::string("\\\\localhost\\c$\\pipe\\x"),
        std::string("\\\\localhost\\pipe\\..\\c$\\x"), std::string("\\\\localhost\\pipe\\")}) {
    if (!sameCode(desk.loop().listen(serving(path)).failure, "EINVAL")) std::printf("  %s\n", path.c_str());
    const Outcome<Id> connected = desk.loop().connect(connecting(path), 1);
    if (!sameCode(connected.failure, "EINVAL")) std::printf("  %s\n", path.c_str());
  }
  same(desk.retained, 0, "nothing is on its way");
}

TEST(slashes_are_understood) {
  Desk desk;
  std::string path = uniquePath();
  desk.listen(serving(path));
  std::replace(path.begin(), path.end(), '\\', '/');
  check(desk.connect(connecting(path)) != 0, "the same pipe, at once");
}

// What may take long to open is opened on another thread.
TEST(on_another_machine) {
  Desk desk;
  const auto outcome = [&](const std::string& path, Id request) {
    const Outcome<Id> id = desk.loop().connect(connecting(path), request);
    check(id && id.value == 0, "it is settled later");
    same(desk.retained, 1, "until then the process lives");
    check(desk.until([&] { return desk.settled.count(request) == 1; }), "it is settled");
    same(desk.retained, 0, "then it need not");
    return desk.settled[request];
  };
  check(bool(outcome("\\\\localhost\\pipe\\framepipe-nobody-serves-this", 6)), "nobody serves it");
  check(bool(desk.loop().connect(connecting("\\\\localhost\\pipe\\framepipe-too-late"), 7)), "one that is cut off");
  desk.stop();
}

// While the server's thread is held up, clients come before ConnectNamedPipe is called, and leave again.
TEST(a_client_that_writes_and_leaves_at_once) {
  Desk desk;
  const std::string path = uniquePath();
  ListenOptions options = serving(path);
  options.pending_instances = 1;
  desk.listen(options);
  constexpr size_t kClients = 300;
  std::thread clients([&] {
    for (size_t i = 0; i < kClients; ++i) {
      HANDLE pipe;
      while (!(pipe = openClient(path))) {
        check(GetLastError() == ERROR_PIPE_BUSY, "the name is always there: " + std::to_string(GetLastError()));
        Sleep(0);
      }
      check(writeAll(pipe, prefixed("left " + std::to_string(i))), "write");
      CloseHandle(pipe);
    }
  });
  check(desk.until(
            [&] {
              return desk.accepted.size() == kClients && std::all_of(desk.accepted.begin(), desk.accepted.end(),
                                                                     [&](Id id) { return desk.seen(id).closed; });
            },
            30000),
        "all are accepted, read and released");
  clients.join();
  for (size_t i = 0; i < std::min(kClients, desk.accepted.size()); ++i) {
    const Seen& seen = desk.seen(desk.accepted[i]);
    check(seen.frames.size() == 1 && seen.frames[0] == "left " + std::to_string(i), "in order, with what it wrote");
    check(seen.ended && !seen.end && !seen.close, "a clean end");
  }
}

TEST(two_hundred_clients_at_once) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  std::vector<Id> clients;
  while (clients.size() < 200) {
    const Outcome<Id> id = desk.loop().connect(connecting(path), 1);
    if (id) {
      clients.push_back(id.value);
      desk.send(id.value, std::to_string(clients.size()));
    } else {
      sameCode(id.failure, "EAGAIN");
      Sleep(1);
    }
  }
  check(desk.until([&] { return desk.accepted.size() == 200; }), "all accepted");
  check(desk.until([&] {
    return std::all_of(desk.accepted.begin(), desk.accepted.end(),
                       [&](Id id) { return desk.seen(id).frames.size() == 1; });
  }),
        "all heard");
  for (const Id id : desk.accepted) desk.send(id, "answer to " + desk.seen(id).frames[0]);
  for (size_t i = 0; i < clients.size(); ++i) {
    check(desk.until([&] { return desk.seen(clients[i]).frames.size() == 1; }), "answered");
    check(desk.seen(clients[i]).frames[0] == "answer to " + std::to_string(i + 1), "to the one who asked");
  }
}

TEST(a_thousand_connections_leave_nothing_behind) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  const auto cycle = [&](int i) {
    const Id client = desk.connect(connecting(path));
    const Id server = desk.accept();
    desk.send(client, "x");
    if (i % 3 == 0) desk.at(server).close();
    if (i % 3 == 1) desk.at(client).close();
    if (i % 3 == 2) desk.at(client).destroy({});
    check(desk.closes(client) && desk.closes(server), "both close");
  };
  for (int i = 0; i < 20; ++i) cycle(i);
  const DWORD before = handles();
  for (int i = 0; i < 1000; ++i) cycle(i);
  check(handles() <= before + 4,
        "handles: " + std::to_string(before) + " before, " + std::to_string(handles()) + " after");
  same(desk.retained, 1, "only the listener keeps the process alive");
}

TEST(accepting_while_javascript_is_busy) {
  Desk desk;
  const std::string path = uniquePath();
  ListenOptions options = serving(path);
  options.pending_instances = 2;
  desk.listen(options);
  std::vector<HANDLE> pipes;
  const ULONGLONG end = GetTickCount64() + 10000;
  while (pipes.size() < 50 && GetTickCount64() < end)
    if (HANDLE pipe = openClient(path)) pipes.push_back(pipe);
  same(pipes.size(), size_t{50}, "all connect without an event being handled");
  check(desk.until([&] { return desk.accepted.size() == 50; }), "and are known afterwards");
  for (HANDLE pipe : pipes) CloseHandle(pipe);
}

TEST(directions) {
  for (const Direction direction : {Direction::In, Direction::Out}) {
    Desk desk;
    ListenOptions options = serving(uniquePath());
    options.direction = direction;
    desk.listen(options);
    sameCode(desk.loop().connect(connecting(options.path), 1).failure, "EACCES");
    ConnectOptions opposite = connecting(options.path);
    opposite.direction = direction == Direction::In ? Direction::Out : Direction::In;
    const Id client = desk.connect(opposite);
    const Id server = desk.accept();
    const Id from = direction == Direction::In ? client : server;
    const Id to = direction == Direction::In ? server : client;
    desk.send(from, "one way");
    check(desk.until([&] { return desk.seen(to).frames.size() == 1; }), "it arrives");
    check(desk.until([&] { return desk.seen(from).ended; }), "the writing end has nothing to read");
    const uint8_t byte = 0;
    const std::span<const uint8_t> frame(&byte, 1);
    sameCode(desk.at(to).send({&frame, 1}).failure, "EPIPE");
    desk.at(to).close();
    check(desk.closes(to), "the reader closes");
    check(desk.closes(from, 1000), "the writer learns of it without writing");
    check(!desk.seen(from).close, "and ends in good order");
  }
}

TEST(keeping_the_process_alive) {
  Desk desk;
  const std::string path = uniquePath();
  const Id listener = desk.listen(serving(path));
  same(desk.retained, 1, "the listener");
  const Id client = desk.connect(connecting(path));
  const Id server = desk.accept();
  same(desk.retained, 3, "and both ends");
  desk.loop().listener(listener)->keepAlive(false);
  desk.at(client).keepAlive(false);
  desk.at(client).keepAlive(false);
  same(desk.retained, 1, "the other end");
  desk.at(client).keepAlive(true);
  desk.at(client).close();
  desk.closes(client);
  desk.closes(server);
  same(desk.retained, 0, "closed connections do not count");
}

TEST(stopping_at_any_moment) {
  const DWORD before = [] {
    Desk warm;
    warm.listen(serving(uniquePath()));
    warm.stop();
    return handles();
  }();
  for (int i = 0; i < 60; ++i) {
    Desk desk;
    const std::string path = uniquePath();
    ListenOptions options = serving(path);
    options.pending_instances = 8;
    desk.listen(options);
    std::vector<HANDLE> pipes;
    for (int n = 0; n < i % 5; ++n) pipes.push_back(openClient(path));
    if (i % 7 > 1) {
      const Id client = desk.connect(connecting(path));
      if (i % 7 > 2) desk.send(client, std::string(i % 7 == 3 ? 10 : 1 << 20, 'x'));
      if (i % 7 > 4) desk.pump();
      if (i % 7 == 6) desk.at(client).waitForDrain(5);
    }
    desk.stop();
    for (HANDLE pipe : pipes)
      if (pipe) CloseHandle(pipe);
  }
  check(handles() <= before + 4,
        "handles: " + std::to_string(before) + " before, " + std::to_string(handles()) + " after");
}

TEST(a_loop_that_never_began) {
  Desk desk;
  desk.stop();
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
