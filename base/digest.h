// Digest: 32 bytes that stand for a content (BLAKE2b-256) or are a key. Any thread.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace fastest {

using Digest = std::array<unsigned char, 32>;

// BLAKE2b-256 of `bytes`; with a `key` (1 to 64 bytes) a message authentication code, as a key derivation needs it.
Digest Blake2b(std::string_view bytes, std::string_view key = {});

// Blake2b() of bytes that come one after the other.
class Hasher {
 public:
  Hasher();
  void Add(std::string_view bytes);
  // Once, at the end.
  Digest Finish();

 private:
  alignas(64) std::array<unsigned char, 384> state_;  // libsodium's; its size is checked where that is known.
};

// Unpredictable bytes from the system.
Digest RandomDigest();

// Lower-case hexadecimal, 64 characters, and back; nothing if `text` is anything else.
std::string Hex(const Digest& digest);
std::optional<Digest> DigestFromHex(std::string_view text);

// The Curve25519 public key that belongs to `secret`.
Digest CurvePublicKey(const Digest& secret);

}  // namespace fastest
