// Frames in parts: a frame that is larger than kPartBytes travels as several, each in an Envelope of its own. Pure.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codec.h"

namespace fastest {

// `frame` as it is, if it is small, else in parts, encoded. `session`: put into each part.
template <typename Message>
std::vector<std::string> SplitFrame(std::string frame, const std::string& session) {
  std::vector<std::string> frames;
  if (frame.size() <= kPartBytes) {
    frames.push_back(std::move(frame));
    return frames;
  }
  const auto count = static_cast<std::uint32_t>((frame.size() + kPartBytes - 1) / kPartBytes);
  for (std::uint32_t i = 0; i < count; ++i) {
    Envelope<Message> part;
    part.session = session;
    part.part = {frame.substr(i * kPartBytes, kPartBytes), i, count};
    frames.push_back(Encode(part));
  }
  return frames;
}

// Puts the parts of one connection together again. Parts that come without those before them (the connection broke in
// between) bring nothing: the frame will be sent again.
class PartJoiner {
 public:
  // The whole frame, when `part` was its last; "" else. An Error: the frame would be larger than allowed.
  Result<std::string> Add(const FramePart& part) {
    if (part.index == 0) {
      joined_.clear();
      next_ = 0;
    }
    if (part.index != next_) return std::string();
    if (joined_.size() + part.bytes.size() > kMaxFrame) {
      Reset();
      return Error{"frame in parts: larger than allowed"};
    }
    joined_ += part.bytes;
    ++next_;
    if (next_ < part.count) return std::string();
    std::string whole = std::move(joined_);
    Reset();
    return whole;
  }
  void Reset() {
    joined_ = {};
    next_ = kNone;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::string joined_;
  std::uint32_t next_ = kNone;  // The part that is expected; kNone: the first of a frame.
};

}  // namespace fastest
