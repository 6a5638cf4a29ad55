#include "cli/sync.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/file_system.h"
#include "cli/own_code.h"
#include "deploy/source_tree.h"

namespace fastest {

namespace {

// What well-known plugins write where their options say.
std::vector<std::string> PluginOutputs(const std::vector<std::string>& words) {
  constexpr std::string_view kOptions[] = {"--html", "--log-file", "--csv", "--alluredir", "--basetemp"};
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    const std::string value = equals == std::string::npos ? next : words[i].substr(equals + 1);
    if (std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions)) outputs.push_back(value);
    if (name != "--cov-report") continue;  // "xml", "xml:out/cov.xml"
    const std::size_t colon = value.find(':');
    outputs.push_back(colon == std::string::npos ? "coverage." + value : value.substr(colon + 1));
  }
  return outputs;
}

}  // namespace

std::set<std::string> OutputsOf(const Invocation& invocation) {
  const std::vector<std::string> plugins = PluginOutputs(invocation.options.pytest_argv);
  std::set<std::string> outputs(plugins.begin(), plugins.end());
  std::error_code failed;  // Output into a file of the tree (a batch job's) is no code, and grows.
  outputs.insert({invocation.options.report_log, invocation.options.json, invocation.guess.junit_xml,
                  invocation.options.shard_report, std::filesystem::read_symlink("/proc/self/fd/1", failed).string(),
                  std::filesystem::read_symlink("/proc/self/fd/2", failed).string()});
  return outputs;
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
