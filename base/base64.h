// Bytes as text and back (RFC 4648, with padding, without line breaks). Any thread.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fastest {

std::string Base64(std::string_view bytes);

// Nothing if `text` is anything else.
std::optional<std::string> BytesFromBase64(std::string_view text);

}  // namespace fastest
