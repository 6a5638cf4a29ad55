#include "agent/frame.h"

#include <fmt/format.h>

#include <cstring>

namespace fastest {
namespace {
constexpr std::size_t kLengthSize = 4;
}

std::string EncodeFrame(std::uint8_t kind, std::string_view body) {
  CHECK(body.size() < kFrameLimit, body.size());
  const auto length = static_cast<std::uint32_t>(body.size() + 1);
  std::string frame(kLengthSize + 1, '\0');
  std::memcpy(frame.data(), &length, kLengthSize);
  frame[kLengthSize] = static_cast<char>(kind);
  return frame.append(body);
}

Result<std::optional<Frame>> FrameReader::Next() {
  const std::string_view left = std::string_view(bytes_).substr(taken_);
  std::uint32_t length = 0;
  if (left.size() >= kLengthSize) std::memcpy(&length, left.data(), kLengthSize);
  if (left.size() > kLengthSize && (length == 0 || length > kFrameLimit)) {
    return Error{fmt::format("a frame of kind {} says that it has {} bytes (1 to {} are allowed)",
                             static_cast<unsigned char>(left[kLengthSize]), length, kFrameLimit)};
  }
  if (left.size() <= kLengthSize || left.size() < kLengthSize + length) {
    bytes_.erase(0, taken_);
    taken_ = 0;
    return std::optional<Frame>();
  }
  Frame frame{static_cast<std::uint8_t>(left[kLengthSize]), std::string(left.substr(kLengthSize + 1, length - 1))};
  taken_ += kLengthSize + length;
  return std::optional(std::move(frame));
}

}  // namespace fastest
