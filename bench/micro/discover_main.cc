// Static discovery alone, as a program: for benchmarks and for comparing it with pytest.
// discover_main [--parser ast|regex] [--no-cache] [--threads N] [--reasons] [--files] [paths]

#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/time.h"
#include "discovery/discovery.h"

namespace {

void PrintReasons(const fastest::Discovery& found) {
  for (const std::string& why : found.whole_reasons) std::fprintf(stderr, "whole: %s\n", why.c_str());
  for (const fastest::TestFile& file : found.files) {
    if (file.unparsable) std::fprintf(stderr, "unparsable: %s\n", file.path.c_str());
    if (!file.surprise.empty()) std::fprintf(stderr, "surprise: %s: %s\n", file.path.c_str(), file.surprise.c_str());
    if (!file.order_hint.empty()) std::fprintf(stderr, "order: %s: %s\n", file.path.c_str(), file.order_hint.c_str());
  }
}

// The options that discovery reads, out of addopts; others are passed over.
void ApplyAddopts(const std::vector<std::string>& words, fastest::DiscoveryRequest& request) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::string name = words[at].substr(0, words[at].find('='));
    const bool joined = name.size() < words[at].size();
    const auto value = [&] {
      return joined ? words[at].substr(name.size() + 1) : ++at < words.size() ? words[at] : "";
    };
    if (name == "--ignore") request.ignore.push_back(value());
    if (name == "--ignore-glob") request.ignore_glob.push_back(value());
    if (name == "--deselect") request.deselect.push_back(value());
    if (name == "--import-mode") request.import_mode = value();
    if (name == "--doctest-modules") request.doctest_modules = true;
    if (name == "--doctest-glob") request.doctest_glob.push_back(value());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const fastest::Time start = fastest::Now();
  fastest::DiscoveryRequest request;
  fastest::ConfigRequest wanted;
  bool reasons = false, only_summary = false;
  std::vector<std::string> options;
  for (int index = 1; index < argc; ++index) {
    const std::string word = argv[index];
    if (word == "--parser")
      request.parser =
          std::strcmp(argv[++index], "regex") == 0 ? fastest::ParserKind::kRegex : fastest::ParserKind::kAst;
    else if (word == "--no-cache")
      request.use_cache = false;
    else if (word == "--reasons")
      reasons = true;
    else if (word == "--summary")
      only_summary = true;
    else if (word == "--threads")
      request.threads = static_cast<unsigned>(std::atoi(argv[++index]));
    else if (word == "--pytest-version")
      wanted.pytest_version = request.pytest_version = std::atoi(argv[++index]);
    else if (word.starts_with("-"))
      options.push_back(word);
    else
      wanted.args.push_back(word);
  }
  char here[PATH_MAX];
  if (::getcwd(here, sizeof here) == nullptr) return 3;
  wanted.invocation_dir = request.invocation_dir = here;
  auto config = fastest::ReadPytestConfig(wanted);
  if (!config) {
    std::fprintf(stderr, "ERROR: %s\n", config.error().message.c_str());
    return 4;
  }
  request.config = *std::move(config);
  ApplyAddopts(request.config.addopts, request);
  ApplyAddopts(options, request);
  const auto found = fastest::Discover(request);
  if (!found) {
    std::fprintf(stderr, "ERROR: %s\n", found.error().message.c_str());
    return 3;
  }
  for (const std::string& warning : found->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  for (const std::string& word : found->missing)
    std::fprintf(stderr, "ERROR: file or directory not found: %s\n", word.c_str());
  if (reasons) PrintReasons(*found);
  const std::string text = fastest::ListDiscovered(*found, fastest::Now() - start);
  std::fputs(only_summary ? text.c_str() + text.rfind('\n', text.size() - 2) + 1 : text.c_str(), stdout);
  return 0;
}
