// Sizes in bytes as people write and read them.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace fastest {

// "512M", "2G", "100000": bytes.
Result<std::uint64_t> ParseSize(const std::string& text);
std::string SizeText(std::uint64_t bytes);

}  // namespace fastest
