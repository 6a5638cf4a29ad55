// Codec: messages as values <-> Cap'n Proto bytes (protocol/messages.capnp).
//
// Decode trusts nothing: a frame that is too large, truncated, nested too deeply or of an unknown message is an Error,
// and never costs more memory than a small multiple of its size. Values out of range (phase, outcome, state) are Errors
// too. Frames may stand at any address: they are copied to aligned words first. Pure functions; any thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/message.h"

namespace fastest {

// The largest frame that is read, joined from its parts: any one record of a worker fits (docs/protocol.md 1.2).
constexpr std::size_t kMaxFrame = std::size_t{72} << 20;
// A larger frame travels in parts of this size, so that no frame keeps others, and the sign of life that each is,
// waiting for long.
constexpr std::size_t kPartBytes = std::size_t{256} << 10;
// More messages than this are no frame of ours.
constexpr std::size_t kMostMessages = 4096;

// A piece of a larger frame.
struct FramePart {
  std::string bytes;
  std::uint32_t index = 0;
  std::uint32_t count = 0;  // 0: the frame is whole.
};

template <typename Message>
struct Envelope {
  std::uint64_t sequence = 0;      // Of the first message; 0: no messages.
  std::uint64_t acknowledged = 0;  // The last message of the other direction taken in order.
  std::vector<Message> messages;
  std::string session = {};  // From an agent over the network: its session's name.
  bool expired = false;      // From the coordinator: it knows no such session.
  FramePart part = {};
  std::uint32_t version = kProtocolVersion;  // Of another version only `session` and a Refused are read.
};

std::string Encode(const Envelope<AgentMessage>& envelope);
std::string Encode(const Envelope<CoordinatorMessage>& envelope);
Result<Envelope<AgentMessage>> DecodeFromAgent(std::string_view frame);
Result<Envelope<CoordinatorMessage>> DecodeFromCoordinator(std::string_view frame);

// Roughly what the message takes in a frame, in bytes, so that senders can bound their frames.
std::size_t ApproximateSize(const AgentMessage& message);

}  // namespace fastest
