// What is asked of a connected socket, and never waited for. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace framepipe::posix {

// The bytes received, 0 at the end, or a negative errno. `was_reset`: becomes true when the kernel tells that the peer
// left without having read all that was sent to it.
int64_t receive(int socket, std::span<uint8_t> room, int flags, bool& was_reset);

// Takes the next message if it is empty; false: it is the end, which looks the same.
bool takeEmptyMessage(int socket);

// The bytes sent, or a negative errno.
int64_t send(int socket, std::span<const std::span<const uint8_t>> stretches);

// Each stretch as one message: how many were sent, or a negative errno.
int sendMessages(int socket, std::span<const std::span<const uint8_t>> stretches);

// The largest message that can be sent, once the buffer has been raised for one of `wanted` bytes.
size_t messageLimit(int socket, size_t wanted);

// Raises the buffer in the kernel to this; the kernel's limit is net.core.wmem_max. Never lowers it.
void raiseSendBuffer(int socket, size_t bytes);

// At most this many sent bytes are unread: the kernel counts a message's whole memory until its last byte is read.
uint64_t unreadBound(int socket);

struct PeerState {
  bool left = false;    // and not only half-closed
  bool broken = false;  // it left something unread
};
PeerState peerState(int socket);

}  // namespace framepipe::posix
