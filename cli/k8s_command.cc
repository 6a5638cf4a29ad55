#include "cli/k8s_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>

#include "base/digest.h"
#include "cli/exit_code.h"
#include "cli/k8s_pod.h"
#include "cli/options.h"

namespace fastest {
namespace {

// An option's effect; its value is "" for a flag.
struct Setter {
  bool takes_value = true;
  std::function<Status(const std::string& value)> set;
};

Setter Text(std::string* to) {
  return {true, [to](const std::string& value) {
            *to = value;
            return value.empty() ? Status(Error{"its value is empty"}) : Ok();
          }};
}

Setter Flag(bool* to) {
  return {false, [to](const std::string&) {
            *to = true;
            return Ok();
          }};
}

Setter Number(std::function<void(std::uint32_t)> set, std::uint32_t least) {
  return {true, [set = std::move(set), least](const std::string& value) {
            std::uint32_t number = 0;
            const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
            if (failed != std::errc() || end != value.data() + value.size() || number < least)
              return Status(Error{fmt::format("allowed are whole numbers from {}", least)});
            set(number);
            return Ok();
          }};
}

Setter Span(std::chrono::seconds* to) {
  return Number([to](std::uint32_t number) { *to = std::chrono::seconds(number); }, 1);
}

std::map<std::string, Setter> Setters(K8sWords* words, bool runs) {
  KubernetesRun& run = words->run;
  std::map<std::string, Setter> setters = {
      {"--image", Text(&run.image)},
      {"--namespace", Text(&run.space)},
      {"--name", Text(&run.name)},
      {"--cpu", Text(&run.cpu)},
      {"--memory", Text(&run.memory)},
      {"--run-id", Text(&run.run_id)},
      {"--claim", Text(&run.claim)},
      {"--secret-name", Text(&run.secret_name)},
      {"--workdir", Text(&run.workdir)},
      {"--writable", Flag(&run.writable)},
      {"--any-egress", Flag(&run.any_egress)},
      {"--agents", Number([&run](std::uint32_t number) { run.agents = number; }, 1)},
      {"--user", Number([&run](std::uint32_t number) { run.user = number; }, 1)},
      {"--grace", Span(&run.grace)},
      {"--deadline", Span(&run.deadline)},
      {"--ttl", Span(&run.keep)},
  };
  if (runs) {
    setters["--kubectl"] = Text(&words->options.kubectl);
    setters["--context"] = Text(&words->options.context);
    setters["--keep"] = Flag(&words->options.keep);
  }
  return setters;
}

Error Unknown(const std::string& command, const std::string& word, const std::map<std::string, Setter>& setters) {
  std::vector<std::string> known;
  known.reserve(setters.size());
  for (const auto& [name, setter] : setters) known.push_back(name);
  if (!word.starts_with('-'))
    return Error{fmt::format("k8s {}: {}: pytest's arguments stand behind \"--\" (hint: fastest k8s {} -- {})", command,
                             word, command, word)};
  return Error{fmt::format("k8s {}: unknown option {}: allowed are {}; pytest's stand behind \"--\"", command, word,
                           fmt::join(known, ", "))};
}

// What the coordinator gets must be good: else a cluster is asked for pods that say so.
Status CheckPodWords(const std::vector<std::string>& words) {
  for (const char* own : {"--listen", "--connect", "--state-dir", "--join-secret", "--key-file", "--resume", "--shard"})
    for (const std::string& word : words)
      if (word == own || word.starts_with(std::string(own) + "="))
        return Error{fmt::format("{}: fastest k8s says this to its pods by itself", own)};
  Options options;
  return ScanOptions(words, true, &options);
}

int ManifestOrRun(const std::vector<std::string>& words, bool runs) {
  auto read = ReadK8sWords(words, runs);
  if (!read.ok()) return Fail(read.error());
  if (read->run.secret_name.empty()) read->run.join_secret = Hex(RandomDigest());
  if (!runs) {
    std::fputs(KubernetesManifest(read->run).c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : kInternal;
  }
  // Runs of one namespace are not to get in each other's way.
  if (!read->named) read->run.name += "-" + Hex(RandomDigest()).substr(0, 6);
  return K8sRun(std::move(read->run), std::move(read->reports), read->options).Run();
}

}  // namespace

Result<K8sWords> ReadK8sWords(const std::vector<std::string>& words, bool runs) {
  K8sWords read;
  const char* const command = runs ? "run" : "manifest";
  const auto setters = Setters(&read, runs);
  std::size_t i = 0;
  for (; i < words.size() && words[i] != "--"; ++i) {
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const auto setter = setters.find(name);
    if (setter == setters.end()) return Unknown(command, words[i], setters);
    std::string value;
    if (equals != std::string::npos) value = words[i].substr(equals + 1);
    if (!setter->second.takes_value && equals != std::string::npos)
      return Error{fmt::format("k8s {}: {} takes no value", command, name)};
    if (setter->second.takes_value && equals == std::string::npos) {
      if (++i == words.size()) return Error{fmt::format("k8s {}: {}: a value is missing", command, name)};
      value = words[i];
    }
    const Status set = setter->second.set(value);
    if (!set.ok()) return Error{fmt::format("k8s {}: {} {}: {}", command, name, value, set.error().message)};
    read.named |= name == "--name";
  }
  if (i < words.size()) read.run.words.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
  const Status good = CheckPodWords(read.run.words);
  if (!good.ok()) return Error{fmt::format("k8s {}: {}", command, good.error().message)};
  read.reports = PlaceReports(&read.run.words);
  const Status checked = CheckKubernetesRun(read.run);
  if (!checked.ok()) return Error{fmt::format("k8s {}: {}", command, checked.error().message)};
  return read;
}

int K8sCommand(const std::vector<std::string>& words) {
  const std::string first = words.empty() ? "" : words.front();
  const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (first == "manifest" || first == "run") return ManifestOrRun(rest, first == "run");
  if (first == "reports" && rest.empty()) return K8sReportsCommand();
  if (first == "pod") return K8sPodCommand(rest);
  return Fail(Error{fmt::format("k8s {}: allowed are manifest, run, reports (docs/manual/kubernetes.md)", first)});
}

}  // namespace fastest
