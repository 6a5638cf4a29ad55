#include "cli/keygen_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/exit_code.h"
#include "protocol/curve_keys.h"

namespace fastest {
namespace {

struct NewFile {
  std::string name;
  std::string text;
  bool secret = false;
};

// Never over a file that is there: somebody uses that key.
Status WriteNew(const std::string& folder, const NewFile& file) {
  const std::string path = folder + "/" + file.name;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.secret ? 0600 : 0644));
  if (!fd.valid()) return Error{fmt::format("keygen: cannot make {}: {}", path, std::strerror(errno))};
  if (::write(fd.get(), file.text.data(), file.text.size()) != static_cast<ssize_t>(file.text.size()))
    return Error{fmt::format("keygen: cannot write {}: {}", path, std::strerror(errno))};
  return Ok();
}

std::vector<NewFile> KeyPairs() {
  const CurvePair coordinator = NewCurvePair(), agent = NewCurvePair();
  return {
      {"coordinator.key", "# fastest: the coordinator's key. Keep it secret.\nsecret " + Hex(coordinator.secret) + "\n",
       true},
      {"coordinator.pub", Hex(coordinator.open) + "\n", false},
      {"agent.key", "# fastest: an agent's key. Keep it secret.\nsecret " + Hex(agent.secret) + "\n", true},
      {"agents.allow",
       "# fastest: public keys of agents that may join, one a line, each with a name.\n" + Hex(agent.open) + " agent\n",
       false}};
}

}  // namespace

int KeygenCommand(const std::vector<std::string>& words) {
  std::string folder = "fastest-keys";
  bool join = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--join-secret") {
      join = true;
    } else if (words[i] == "--out" && i + 1 < words.size()) {
      folder = words[++i];
    } else {
      return Fail(Error{fmt::format("keygen: {}: allowed are --out DIR and --join-secret", words[i])});
    }
  }
  if (folder.empty()) return Fail(Error{"keygen: --out: the value is empty (hint: is a variable not set?)"});
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed)) ::chmod(folder.c_str(), 0700);
  const std::vector<NewFile> files =
      join ? std::vector<NewFile>{{"join.secret", Hex(RandomDigest()) + "\n", true}} : KeyPairs();
  for (const NewFile& file : files) {
    if (const Status written = WriteNew(folder, file); !written.ok()) return Fail(written.error());
    std::printf("%s/%s\n", folder.c_str(), file.name.c_str());
  }
  if (join) {
    std::printf("both sides: --join-secret %s/join.secret\n", folder.c_str());
  } else {
    std::printf("coordinator: --key-file %s/coordinator.key --allow-keys %s/agents.allow\n", folder.c_str(),
                folder.c_str());
    std::printf("agent: --key-file %s/agent.key --coordinator-key %s/coordinator.pub\n", folder.c_str(),
                folder.c_str());
  }
  return 0;
}

}  // namespace fastest
