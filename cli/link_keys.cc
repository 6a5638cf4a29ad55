#include "cli/link_keys.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file_system.h"

namespace fastest {
namespace {

// The variable's value, and its end: in the copy that /proc shows too.
std::string TakeSecret(const char* name) {
  char* value = ::getenv(name);
  if (value == nullptr) return "";
  std::string taken = value;
  ::explicit_bzero(value, taken.size());
  ::unsetenv(name);
  return taken;
}

std::string Variable(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

bool IsKubernetesSecret(const std::string& path) {
  char target[256];
  const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
  return size > 0 && std::string_view(target, static_cast<std::size_t>(size)).starts_with("..data/");
}

bool IsReadOnlyMount(const std::string& path) {
  struct statvfs mount {};
  return ::statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

// The join secret, or "".
Result<std::string> ReadJoinSecret(const NetworkWords& words) {
  std::string secret = Trimmed(TakeSecret("FASTEST_JOIN_SECRET"));
  std::string place = "FASTEST_JOIN_SECRET";
  const std::string path = words.join_secret.empty() ? Variable("FASTEST_JOIN_SECRET_FILE") : words.join_secret;
  if (!path.empty()) {
    auto text = ReadSecretFile(path);
    if (!text.ok()) return Error{fmt::format("--join-secret {}", text.error().message)};
    secret = Trimmed(*text);
    place = path;
    if (secret.empty()) return Error{path + ": the join secret is empty"};
  }
  if (!secret.empty() && secret.size() < kLeastJoinSecret)
    return Error{
        fmt::format("{}: the join secret has {} characters, at least {} are needed (hint: fastest keygen "
                    "--join-secret)",
                    place, secret.size(), kLeastJoinSecret)};
  return secret;
}

// The secret that was made for this run: nothing else counts, and what the environment holds is wiped all the same.
std::string RunSecret(const NetworkWords& words) {
  if (words.secret.empty()) return "";
  TakeSecret("FASTEST_JOIN_SECRET");
  TakeSecret("FASTEST_KEY");
  return words.secret;
}

// This side's own pair from a key file: a line "secret HEX".
Result<std::optional<CurvePair>> ReadOwnKey(const NetworkWords& words) {
  std::string hex = Trimmed(TakeSecret("FASTEST_KEY"));
  std::string place = "FASTEST_KEY";
  const std::string path = words.key_file.empty() ? Variable("FASTEST_KEY_FILE") : words.key_file;
  if (!path.empty()) {
    auto text = ReadSecretFile(path);
    if (!text.ok()) return Error{fmt::format("--key-file {}", text.error().message)};
    const auto at = ("\n" + *text).find("\nsecret ");
    if (at == std::string::npos) return Error{path + ": no line \"secret KEY\" (hint: fastest keygen makes one)"};
    hex = Trimmed(text->substr(at + 7, text->find('\n', at) - at - 7));
    place = path;
  }
  if (hex.empty()) return std::optional<CurvePair>();
  const auto secret = DigestFromHex(hex);
  if (!secret) return Error{place + ": a secret key is 64 hexadecimal digits in lower case"};
  return std::optional(PairOfSecret(*secret));
}

// Lines of "KEY NAME"; '#' begins a comment.
Result<std::set<Digest>> ReadAllowed(const std::string& path) {
  const auto file = ReadFile(path);
  if (!file.ok()) return file.error();
  std::set<Digest> allowed;
  int number = 0;
  for (std::size_t at = 0; at < file->text.size();) {
    const std::size_t end = std::min(file->text.find('\n', at), file->text.size());
    const std::string line = Trimmed(file->text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const auto key = DigestFromHex(line.substr(0, line.find_first_of(" \t")));
    if (!key)
      return Error{fmt::format("{}:{}: a line is a public key (64 hexadecimal digits) and a name", path, number)};
    allowed.insert(*key);
  }
  if (allowed.empty()) return Error{path + ": no key is allowed"};
  return allowed;
}

}  // namespace

Result<std::string> ReadSecretFile(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return Error{fmt::format("{}: {}", path, std::strerror(errno))};
  if (!S_ISREG(file.st_mode)) return Error{path + ": no file"};
  const bool mounted = IsKubernetesSecret(path) || IsReadOnlyMount(path);
  if (!mounted && (file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Error{fmt::format("{}: others can get at this secret (mode {:04o}); hint: chmod 600 {}", path,
                             file.st_mode & 07777, path)};
  if (!mounted && file.st_uid != ::geteuid() && file.st_uid != 0)
    return Error{fmt::format("{}: this secret belongs to another user", path)};
  auto contents = ReadFile(path);
  if (!contents.ok()) return contents.error();
  return std::move(contents->text);
}

Result<std::optional<CoordinatorKeys>> ReadCoordinatorKeys(const NetworkWords& words) {
  if (const std::string made = RunSecret(words); !made.empty()) return std::optional(CoordinatorKeysOfJoinSecret(made));
  auto secret = ReadJoinSecret(words);
  if (!secret.ok()) return secret.error();
  auto own = ReadOwnKey(words);
  if (!own.ok()) return own.error();
  const std::string path = words.allow_keys.empty() ? Variable("FASTEST_ALLOW_KEYS_FILE") : words.allow_keys;
  if (!secret->empty() && *own) return Error{"a join secret and a key file are given: one of them is enough"};
  if (!secret->empty()) return std::optional(CoordinatorKeysOfJoinSecret(*secret));
  if (!*own && path.empty()) return std::optional<CoordinatorKeys>();
  if (!*own) return Error{"--allow-keys needs the coordinator's own --key-file (hint: fastest keygen)"};
  if (path.empty()) return Error{"--key-file needs --allow-keys FILE: the agents' public keys (hint: fastest keygen)"};
  auto allowed = ReadAllowed(path);
  if (!allowed.ok()) return allowed.error();
  return std::optional(CoordinatorKeys{**own, std::move(*allowed)});
}

Result<std::optional<AgentKeys>> ReadAgentKeys(const NetworkWords& words) {
  if (const std::string made = RunSecret(words); !made.empty()) return std::optional(AgentKeysOfJoinSecret(made));
  auto secret = ReadJoinSecret(words);
  if (!secret.ok()) return secret.error();
  auto own = ReadOwnKey(words);
  if (!own.ok()) return own.error();
  std::string key = words.coordinator_key.empty() ? Variable("FASTEST_COORDINATOR_KEY") : words.coordinator_key;
  if (!secret->empty() && *own) return Error{"a join secret and a key file are given: one of them is enough"};
  if (!secret->empty()) return std::optional(AgentKeysOfJoinSecret(*secret));
  if (!*own && key.empty()) return std::optional<AgentKeys>();
  if (!*own) return Error{"--coordinator-key needs the agent's own --key-file (hint: fastest keygen)"};
  if (key.empty()) return Error{"--key-file needs --coordinator-key KEY: the coordinator's public key"};
  if (const auto file = ReadFile(key); file.ok()) key = Trimmed(file->text);
  const auto open = DigestFromHex(key);
  if (!open) return Error{"--coordinator-key: a public key is 64 hexadecimal digits, or a file that holds them"};
  return std::optional(AgentKeys{**own, *open});
}

}  // namespace fastest
