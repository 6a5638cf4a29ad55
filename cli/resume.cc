#include "cli/resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file_system.h"

namespace fastest {
namespace {

// Options that say where and with whom a run goes on -> whether they take a value.
const std::map<std::string, bool>& Placement() {
  static const std::map<std::string, bool> kPlacement = {
      {"--resume", true},         {"--run-id", true},        {"--journal", false},   {"--state-dir", true},
      {"--listen", true},         {"--expect-agents", true}, {"--min-agents", true}, {"--agents-timeout", true},
      {"--leave-on-term", false}, {"--with-agent", false},   {"--name", true},       {"--join-secret", true},
      {"--key-file", true},       {"--allow-keys", true},    {"--allow-skew", true}, {"--python", true},
  };
  return kPlacement;
}

// So many changed files are named.
constexpr std::size_t kMostChanges = 10;

// Splits words into those of Placement() and the others. --resume itself is neither.
void SplitPlacement(const std::vector<std::string>& words, std::vector<std::string>* placement,
                    std::vector<std::string>* others) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      others->insert(others->end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      return;
    }
    const auto equals = words[i].find('=');
    const auto known = Placement().find(words[i].substr(0, equals));
    std::vector<std::string>* const to = known == Placement().end() ? others : placement;
    const bool resume = known != Placement().end() && known->first == "--resume";
    if (!resume) to->push_back(words[i]);
    if (known == Placement().end() || !known->second || equals != std::string::npos || i + 1 == words.size()) continue;
    ++i;
    if (!resume) to->push_back(words[i]);
  }
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "none" : text;
}

}  // namespace

Result<Resumption> FindRun(const std::string& state, const std::string& resume, const std::string& run_id,
                           const std::vector<std::string>& words) {
  if (!IsRunId(resume))
    return Error{fmt::format("--resume {}: a run id has letters, digits, '.', '_' and '-'", resume)};
  Resumption found{words, std::nullopt, RunFolder(state, resume), ""};
  const bool begins = run_id == resume;
  if (!begins && !run_id.empty())
    return Error{fmt::format("--resume {} --run-id {}: the resumed run keeps its id", resume, run_id)};
  if (!found.folder->Exists()) {
    if (begins) return found;
    return Error{fmt::format("--resume {}: there is no such run in {}; there are: {}", resume, state + "/runs",
                             DescribeRuns(state))};
  }
  bool busy = false;
  const Status locked = found.folder->Lock(&busy);
  if (busy) return locked.error();
  const std::string path = found.folder->journal();
  if (!locked.ok()) found.folder.reset();
  auto file = ReadFile(path);
  if (!file.ok()) return Error{fmt::format("--resume {}: {}", resume, file.error().message)};
  auto contents = ReadJournal(file->text);
  if (!contents.ok()) {
    if (begins) return found;
    return Error{fmt::format("--resume {}: the journal {} can't be used: {}", resume, path, contents.error().message)};
  }
  std::vector<std::string> placement, given, placed_before;
  SplitPlacement(words, &placement, &given);
  found.words.clear();
  SplitPlacement(contents->opened.words, &placed_before, &found.words);
  if (!given.empty() && given != found.words)
    return Error{fmt::format("--resume {}: leave the arguments out, or give those that it was begun with: {}", resume,
                             Joined(found.words))};
  // Own options stand before "--"; of two the later one counts.
  placed_before.insert(placed_before.end(), placement.begin(), placement.end());
  found.words.insert(found.words.begin(), placed_before.begin(), placed_before.end());
  if (contents->finished) found.file = std::move(file->text);
  found.contents = *std::move(contents);
  return found;
}

Result<std::unique_ptr<Journal>> OpenJournal(const std::string& state, const JournalOpened& opened,
                                             Resumption* resumption,
                                             const std::function<void(const std::string&)>& warn) {
  if (!IsRunId(opened.run_id))
    return Error{
        fmt::format("--run-id {}: a run with a journal has an id of letters, digits, '.', '_' and '-'", opened.run_id)};
  const JournalContents* known = resumption != nullptr && resumption->contents ? &*resumption->contents : nullptr;
  RunFolder folder(state, opened.run_id);
  const bool locked = resumption != nullptr && resumption->folder && resumption->folder->locked();
  if (locked) folder = *std::move(resumption->folder);
  const bool unfinished = !locked && folder.IsUnfinished();
  bool busy = false;
  const Status taken = locked ? Ok() : folder.Lock(&busy);
  if (busy) return taken.error();
  if (!taken.ok()) {
    warn(fmt::format("no journal is kept, so that this run can't be resumed: {}", taken.error().message));
    return std::unique_ptr<Journal>();
  }
  if (known != nullptr && !known->problem.empty())
    warn(fmt::format("the journal of run {}: {}", opened.run_id, known->problem));
  if (known == nullptr && unfinished)
    warn(fmt::format("run {} was not finished and begins again (--resume {} goes on with one)", opened.run_id,
                     opened.run_id));
  auto journal = std::make_unique<Journal>(std::move(folder), known == nullptr ? 0 : known->readable, opened, warn);
  RemoveOldRuns(state, opened.wall_start);
  return journal;
}

std::string TakeChangedCode(const CodeManifest& now, JournalContents* known, JournalOpened* opened) {
  if (known->opened.code.empty()) return "";
  std::vector<std::string> lines;
  for (const CodeChange& one : CodeChanges(known->opened.code, now)) {
    opened->forgotten.push_back(one.path);
    lines.push_back(one.path + (one.what == CodeChange::What::kChanged ? " has changed"
                                : one.what == CodeChange::What::kGone  ? " is gone"
                                                                       : " is new"));
  }
  if (lines.empty()) return "";
  const std::size_t more = lines.size() - std::min(lines.size(), kMostChanges);
  lines.resize(lines.size() - more);
  Forget(opened->forgotten, &known->restored);
  DropForgotten(&known->restored);
  return fmt::format(
      "run {} goes on with other code than it was begun with: {}{}; test files that have changed run anew, and other "
      "results are kept (hint: start a new run where they could be others now)",
      known->opened.run_id, fmt::join(lines, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

Status CheckSameOptions(const JournalOpened& opened, const std::string& options_digest) {
  if (opened.options_digest == options_digest) return Ok();
  return Error{
      fmt::format("--resume {}: addopts, PYTEST_ADDOPTS or [tool.fastest] are not what they were when it was begun; "
                  "start a new run",
                  opened.run_id)};
}

}  // namespace fastest
