#include "base/digest.h"

#include <sodium.h>

#include "base/check.h"

namespace fastest {

Digest Blake2b(std::string_view bytes, std::string_view key) {
  Digest digest;
  const int made =
      crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size(), reinterpret_cast<const unsigned char*>(key.data()), key.size());
  CHECK(made == 0, key.size());
  return digest;
}

namespace {

crypto_generichash_state* StateOf(std::array<unsigned char, 384>& bytes) {
  static_assert(sizeof(crypto_generichash_state) <= sizeof bytes && alignof(crypto_generichash_state) <= 64);
  return reinterpret_cast<crypto_generichash_state*>(bytes.data());
}

}  // namespace

Hasher::Hasher() { CHECK(crypto_generichash_init(StateOf(state_), nullptr, 0, std::tuple_size_v<Digest>) == 0); }

void Hasher::Add(std::string_view bytes) {
  crypto_generichash_update(StateOf(state_), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

Digest Hasher::Finish() {
  Digest digest;
  CHECK(crypto_generichash_final(StateOf(state_), digest.data(), digest.size()) == 0);
  return digest;
}

Digest RandomDigest() {
  CHECK(sodium_init() >= 0);
  Digest digest;
  randombytes_buf(digest.data(), digest.size());
  return digest;
}

std::string Hex(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<Digest> DigestFromHex(std::string_view text) {
  Digest digest;
  if (text.size() != 2 * digest.size()) return std::nullopt;
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = value(text[2 * i]), low = value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return digest;
}

Digest CurvePublicKey(const Digest& secret) {
  Digest key;
  CHECK(crypto_scalarmult_base(key.data(), secret.data()) == 0);
  return key;
}

}  // namespace fastest
