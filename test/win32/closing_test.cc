// Ends: graceful, at once, the peer's; at every moment.
#include <atomic>
#include <thread>

#include "harness.h"
#include "impersonation/identity.h"

using namespace framepipe;
using namespace framepipe::test;

namespace {

struct Foreign {
  explicit Foreign(Desk& desk, ListenOptions options = serving(uniquePath())) {
    desk.listen(options);
    pipe = openClient(options.path);
    check(pipe != nullptr, "the client connects");
    server = desk.accept();
  }
  ~Foreign() { leave(); }
  void leave() {
    if (pipe) CloseHandle(pipe);
    pipe = nullptr;
  }
  HANDLE pipe;
  Id server;
};

std::string readToEnd(HANDLE pipe, DWORD* error, DWORD pause = 0) {
  std::string all;
  do {
    Sleep(pause);
    all += readSome(pipe, error);
  } while (*error == ERROR_SUCCESS || *error == ERROR_MORE_DATA);
  return all;
}

Outcome<size_t> trySend(Desk& desk, Id id, const std::string& frame) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
  return desk.at(id).send({&bytes, 1});
}

}  // namespace

TEST(what_was_sent_is_readable_after_close) {
  for (const size_t size : {size_t{10}, size_t{60000}, size_t{1} << 20, size_t{5} << 20}) {
    Desk desk;
    Foreign foreign(desk);
    trySend(desk, foreign.server, std::string(size, 'w'));  // not even flushed
    desk.at(foreign.server).close();
    sameCode(trySend(desk, foreign.server, "more").failure, "EPIPE");
    if (size < 65000) check(desk.closes(foreign.server), "what fits the pipe's buffer needs no reader");
    DWORD error = 0;
    std::string all;
    std::thread reader([&] { all = readToEnd(foreign.pipe, &error, 5); });
    check(desk.closes(foreign.server), "Closed");
    check(!desk.seen(foreign.server).close, "in good order");
    reader.join();
    check(all == prefixed(std::string(size, 'w')), "all of it");
    same(error, DWORD{ERROR_BROKEN_PIPE}, "then the end");
  }
}

TEST(a_peer_that_writes_before_it_reads) {
  Desk desk;
  Foreign foreign(desk);
  const std::string reply(4 << 20, 'r');
  trySend(desk, foreign.server, reply);
  desk.at(foreign.server).close();
  DWORD error = 0;
  std::string all;
  std::thread peer([&] {
    check(writeAll(foreign.pipe, prefixed(std::string(2 << 20, 'q'))), "its writing is not left hanging");
    all = readToEnd(foreign.pipe, &error);
  });
  check(desk.closes(foreign.server), "Closed");
  peer.join();
  check(all == prefixed(reply), "all of it");
  check(desk.seen(foreign.server).frames.empty(), "nothing is received after close()");
}

TEST(a_peer_that_never_reads) {
  Desk desk;
  Foreign foreign(desk);
  desk.send(foreign.server, std::string(1 << 20, 'w'));
  desk.at(foreign.server).close();
  desk.rest(200);
  check(!desk.seen(foreign.server).closed, "close() waits for it");
  desk.at(foreign.server).keepAlive(false);
  desk.at(foreign.server).destroy({"ETIMEDOUT", "close"});
  check(desk.closes(foreign.server, 1000), "destroy() does not");
  sameCode(desk.seen(foreign.server).close, "ETIMEDOUT");
}

TEST(destroy_drops_what_is_queued) {
  Desk desk;
  Foreign foreign(desk);
  desk.send(foreign.server, std::string(8 << 20, 'w'));
  desk.at(foreign.server).destroy({});
  check(desk.closes(foreign.server, 1000), "at once");
  check(!desk.seen(foreign.server).close, "without a failure of its own");
  DWORD error = 0;
  check(readToEnd(foreign.pipe, &error).size() < 8u << 20, "not all came");
  same(error, DWORD{ERROR_BROKEN_PIPE}, "and that was the end");
}

TEST(the_peer_leaves) {
  Desk desk;
  Foreign foreign(desk);
  check(writeAll(foreign.pipe, prefixed("bye")), "write");
  foreign.leave();
  check(desk.closes(foreign.server, 2000), "Closed by itself");
  const Seen& seen = desk.seen(foreign.server);
  check(seen.frames.size() == 1 && seen.ended && !seen.end && !seen.close, "clean, with what it wrote");
  check(desk.loop().connection(foreign.server) == nullptr, "its number is void");
}

TEST(the_peer_leaves_with_something_unsent) {
  Desk desk;
  Foreign foreign(desk);
  check(writeAll(foreign.pipe, prefixed("last words")), "write");
  desk.send(foreign.server, std::string(4 << 20, 'w'));
  foreign.leave();
  check(desk.closes(foreign.server, 2000), "Closed by itself");
  const Seen& seen = desk.seen(foreign.server);
  check(seen.frames.size() == 1 && seen.ended && !seen.end, "what it wrote arrives");
  sameCode(seen.close, "EPIPE");
}

TEST(the_peer_leaves_while_nothing_is_read) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  options.high_water_mark = 1000;
  Foreign foreign(desk, options);
  desk.consumes = false;
  check(writeAll(foreign.pipe, prefixed(std::string(5000, 'a'))), "beyond the mark");
  check(desk.until([&] { return desk.seen(foreign.server).frames.size() == 1; }), "the first arrives");
  check(writeAll(foreign.pipe, prefixed(std::string(30000, 'b'))), "into the pipe's buffer");
  desk.rest(250);
  same(desk.seen(foreign.server).frames.size(), size_t{1}, "and stays there");
  foreign.leave();
  check(desk.closes(foreign.server, 2000), "its leaving is noticed all the same");
  same(desk.seen(foreign.server).frames.size(), size_t{2}, "nothing is lost");
  check(!desk.seen(foreign.server).end && !desk.seen(foreign.server).close, "clean");
}

TEST(our_client_sees_the_server_leave_while_nothing_is_read) {
  Desk desk;
  const std::string path = uniquePath();
  const HANDLE server = CreateNamedPipeA(path.c_str(), PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 65536, 65536, 0, nullptr);
  ConnectOptions options = connecting(path);
  options.high_water_mark = 1000;
  const Id client = desk.connect(options);
  desk.consumes = false;
  check(writeAll(server, prefixed(std::string(5000, 'a'))), "beyond the mark");
  check(desk.until([&] { return desk.seen(client).frames.size() == 1; }), "arrives");
  desk.rest(250);
  CloseHandle(server);
  check(desk.closes(client, 2000), "noticed");
}

TEST(sending_to_a_dead_peer) {
  Desk desk;
  ListenOptions options = serving(uniquePath());
  options.high_water_mark = 1000;
  Foreign foreign(desk, options);
  foreign.leave();
  for (int i = 0; i < 1000 && desk.loop().connection(foreign.server); ++i) {
    const Outcome<size_t> queued = trySend(desk, foreign.server, "anybody there?");
    if (!queued) sameCode(queued.failure, "EPIPE");
    if (desk.loop().connection(foreign.server)) desk.at(foreign.server).flush();
    desk.rest(1);
  }
  check(desk.seen(foreign.server).closed, "it ends");
}

TEST(close_within_every_state) {
  // 0: just accepted; 1: data unread; 2: a write in flight; 3: the peer has left; 4: a drain awaited.
  for (int state = 0; state < 5; ++state) {
    for (int how = 0; how < 4; ++how) {
      Desk desk;
      Foreign foreign(desk);
      if (state == 1) writeAll(foreign.pipe, prefixed("unread"));
      if (state == 2) desk.send(foreign.server, std::string(1 << 20, 'w'));
      if (state == 3) foreign.leave();
      if (state == 4) {
        desk.send(foreign.server, "x");
        desk.at(foreign.server).waitForDrain(3);
      }
      Connection& connection = desk.at(foreign.server);
      if (how == 0) connection.close();
      if (how == 1) connection.destroy({});
      if (how == 2) {
        connection.close();
        connection.close();
        connection.destroy({});
        connection.destroy({"EIO", "late"});
      }
      if (how == 3) {
        connection.destroy({"EIO", "first"});
        connection.close();
      }
      const bool waits = how == 0 && state == 2;
      if (waits) {
        desk.rest(20);
        check(!desk.seen(foreign.server).closed, "close() waits for the write");
        foreign.leave();
      }
      const std::string where = " state " + std::to_string(state) + " how " + std::to_string(how);
      if (!check(desk.closes(foreign.server, 3000), "Closed:" + where)) continue;
      if (waits) sameCode(desk.seen(foreign.server).close, "EPIPE");
      if (how == 3 && state != 3) sameCode(desk.seen(foreign.server).close, "EIO");
      if (how == 1 || how == 2) check(!desk.seen(foreign.server).close, "clean:" + where);
      if (state == 4) check(desk.until([&] { return desk.settled.count(3) == 1; }), "the drain is settled:" + where);
    }
  }
}

TEST(both_ends_close_at_once) {
  Desk desk;
  const std::string path = uniquePath();
  desk.listen(serving(path));
  for (int i = 0; i < 400; ++i) {
    const Id client = desk.connect(connecting(path));
    if (i & 1) desk.send(client, std::string(i * 500, 'x'));
    const Id server = desk.accept();
    if (i & 2) desk.send(server, std::string(i * 300, 'y'));
    i & 4 ? desk.at(client).close() : desk.at(client).destroy({});
    if (desk.loop().connection(server)) i & 8 ? desk.at(server).close() : desk.at(server).destroy({});
    if (!check(desk.closes(client) && desk.closes(server), "round " + std::to_string(i))) return;
  }
}

// What the impersonation thread is doing with the handle must be over before it is closed.
TEST(asking_who_the_client_is_while_it_ends) {
  Desk desk;
  for (int round = 0; round < 60; ++round) {
    Foreign foreign(desk);
    const std::shared_ptr<Connection> connection = desk.loop().connection(foreign.server);
    std::atomic<bool> asked{false};
    std::thread asks([&] {
      for (int i = 0; i < 40; ++i) {
        const auto identity = connection->identity(/*to_act=*/false);
        // Before it ends: the client has written nothing, and is nobody yet.
        if (!identity && identity.failure.os != ERROR_CANNOT_IMPERSONATE) sameCode(identity.failure, "EPIPE");
        asked = true;
      }
    });
    while (!asked) Sleep(0);
    if (round % 3 == 0) foreign.leave();
    if (round % 3 == 1) connection->close();
    if (round % 3 == 2) connection->destroy({});
    check(desk.closes(foreign.server), "Closed");
    asks.join();
  }
}

TEST(traffic_is_cut_at_random) {
  const DWORD before = handles();
  {
    Desk desk;
    const std::string path = uniquePath();
    desk.listen(serving(path));
    desk.keeps = false;
    uint32_t random = 12345;
    for (int i = 0; i < 150; ++i) {
      random = random * 1664525 + 1013904223;
      const Id client = desk.connect(connecting(path));
      const Id server = desk.accept();
      for (int n = 0; n < 20; ++n) {
        for (const Id id : {client, server})
          if (desk.loop().connection(id)) {
            trySend(desk, id, std::string((random >> 12) % 70000, 'z'));
            desk.at(id).flush();
          }
        if (n == static_cast<int>(random >> 8 & 15) && desk.loop().connection(random & 1 ? client : server))
          desk.at(random & 1 ? client : server).destroy({});
        desk.pump();
      }
      for (const Id id : {client, server})
        if (desk.loop().connection(id)) desk.at(id).close();
      if (!check(desk.closes(client) && desk.closes(server), "round " + std::to_string(i))) return;
    }
  }
  check(handles() <= before + 4,
        "handles: " + std::to_string(before) + " before, " + std::to_string(handles()) + " after");
}

int main(int argc, char** argv) {
  return run(argc, argv);
}
