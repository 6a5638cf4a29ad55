#include "cli/sync.h"

#include <filesystem>

#include "base/file_system.h"
#include "cli/own_code.h"
#include "deploy/source_tree.h"

namespace fastest {

std::set<std::string> OutputsOf(const Invocation& invocation) {
  std::error_code failed;  // Output into a file of the tree (a batch job's) is no code, and grows.
  return {invocation.options.report_log,
          invocation.options.json,
          invocation.guess.junit_xml,
          invocation.options.shard_report,
          std::filesystem::read_symlink("/proc/self/fd/1", failed).string(),
          std::filesystem::read_symlink("/proc/self/fd/2", failed).string()};
}

Status PrepareSync(Invocation* invocation, NetworkOptions* network) {
  const NetworkWords& words = invocation->options.network;
  if (words.allow_skew.contains("code"))
    return Error{
        "--sync gives agents the coordinator's code, --allow-skew code lets them have another: take one of them"};
  const auto root = OwnCodeRoot();
  if (!root.ok()) return root.error();
  if (*root == "/") return Error{"--sync: the root directory is / (hint: run it in the project's folder)"};
  std::set<std::string> skip;
  std::set<std::string> out = OutputsOf(*invocation);
  out.insert(
      {words.join_secret, words.key_file, words.allow_keys, words.coordinator_key, invocation->options.state_dir});
  for (const std::string& path : out)
    if (!path.empty()) skip.insert(AbsolutePath(invocation->directory, path));
  auto tree = ReadSourceTree(*root, skip, words.sync_limit.value_or(kMostSentCode));
  if (!tree.ok()) return tree.error();
  const std::string below = invocation->directory == *root ? "" : invocation->directory.substr(root->size() + 1);
  network->sync = std::make_unique<CodeServer>(std::move(*tree), *root, below);
  network->paths = std::make_unique<TreePaths>(*root, invocation->config.rootdir);
  invocation->options.pytest_argv =
      RelativeWords(std::move(invocation->options.pytest_argv), *root, invocation->directory);
  return Ok();
}

}  // namespace fastest
