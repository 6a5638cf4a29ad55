// Frames of the worker wire (docs/protocol.md 1.2): u32 length, u8 kind, body.
//
// FrameReader takes bytes as they come and gives whole frames. What it is given may be anything: a test can write to
// the descriptor. After an error it gives no more frames.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fastest {

constexpr std::size_t kFrameLimit = 64u << 20;

struct Frame {
  std::uint8_t kind = 0;
  std::string body;
};

std::string EncodeFrame(std::uint8_t kind, std::string_view body);

class FrameReader {
 public:
  void Append(std::string_view bytes) { bytes_.append(bytes); }

  // The next whole frame; nothing when more bytes are needed; an error where no frame can begin like this.
  Result<std::optional<Frame>> Next();

 private:
  std::string bytes_;
  std::size_t taken_ = 0;  // Of bytes_: given out already.
};

}  // namespace fastest
