#include "agent/frame.h"

#include <fmt/format.h>

#include <cstring>

namespace fastest {
namespace {
constexpr std::size_t kFrameLengthSize = 4;
}

std::string EncodeFrame(std::uint8_t kind, std::string_view body) {
  CHECK(body.size() < kFrameLimit, body.size());
  const auto length = static_cast<std::uint32_t>(body.size() + 1);
  std::string frame(kFrameLengthSize + 1, '\0');
  std::memcpy(frame.data(), &length, kFrameLengthSize);
  frame[kFrameLengthSize] = static_cast<char>(kind);
  return frame.append(body);
}

Result<std::optional<Frame>> FrameReader::Next() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  std::uint32_t length = 0;
  if (left.size() >= kFrameLengthSize) std::memcpy(&length, left.data(), kFrameLengthSize);
  if (left.size() > kFrameLengthSize && (length == 0 || length > kFrameLimit)) {
    return Error{fmt::format("a frame of kind {} says that it has {} bytes (1 to {} are allowed)",
                             static_cast<unsigned char>(left[kFrameLengthSize]), length, kFrameLimit)};
  }
  if (left.size() <= kFrameLengthSize || left.size() < kFrameLengthSize + length) {
    bytes_.erase(0, taken_);
    taken_ = 0;
    return std::optional<Frame>();
  }
  Frame frame{static_cast<std::uint8_t>(left[kFrameLengthSize]),
              std::string(left.substr(kFrameLengthSize + 1, length - 1))};
  taken_ += kFrameLengthSize + length;
  return std::optional(std::move(frame));
}

}  // namespace fastest
