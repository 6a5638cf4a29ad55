#include "report/github_annotations.h"

#include <fmt/format.h>

#include "protocol/node_id.h"
#include "report/json_fields.h"
#include "report/report_record.h"

namespace fastest {
namespace {

constexpr std::size_t kMostAnnotations = 10;
// A step's summary may have 1 MiB.
constexpr std::size_t kMostInSummary = 50;
constexpr std::size_t kMostText = 8000;

// Without escape sequences: neither GitHub's annotations nor Markdown show colours.
std::string Plain(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[') {
      i += 2;
      while (i < text.size() && (text[i] < '@' || text[i] > '~')) ++i;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string EscapedHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool StartsWithFolder(const std::string& path, const std::string& folder) {
  return !folder.empty() && path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

std::string EscapedForGithub(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%') {
      escaped += "%25";
    } else if (c == '\r') {
      escaped += "%0D";
    } else if (c == '\n') {
      escaped += "%0A";
    } else if (property && c == ':') {
      escaped += "%3A";
    } else if (property && c == ',') {
      escaped += "%2C";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

GithubAnnotations::GithubAnnotations(GithubPlace place, TextSink commands, FileSink summary, bool annotates)
    : place_(std::move(place)), commands_(std::move(commands)), summary_(std::move(summary)), annotates_(annotates) {}

void GithubAnnotations::OnEvent(const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    rootdir_ = TextOf(Field(ParseJson(started->ready), "rootdir"));
  } else if (const auto* collected = std::get_if<UnitCollected>(&event)) {
    for (const CollectReport& report : collected->reports) {
      if (report.outcome == Outcome::kPassed) continue;
      const ReportRecord record = MakeRecord(report);
      tally_.Add(record.category);
      if (report.outcome == Outcome::kFailed)
        AddFailure(record.node_id, report.envelope, record.message.value_or("collection failed"), record.text);
    }
  } else if (const auto* counted = std::get_if<CollectionFinished>(&event)) {
    tally_.Add("deselected", static_cast<int>(counted->deselected));
  } else if (const auto* reported = std::get_if<TestReported>(&event)) {
    const ReportRecord record = MakeRecord(*reported);
    tally_.Add(record.category);
    if (reported->report.outcome != Outcome::kFailed || (record.category != "failed" && record.category != "error"))
      return;
    const std::string where = record.when == "call" ? "" : fmt::format("error at {}: ", record.when);
    AddFailure(record.node_id, reported->report.envelope, where + record.message.value_or("failed"), record.text);
  } else if (const auto* finished = std::get_if<RunFinished>(&event)) {
    if (annotates_) commands_(Commands(*finished));
    // A summary that can't be written is no reason to trouble the run.
    if (summary_) (void)summary_(Summary(*finished));
  }
}

// The line that failed, where it is the project's own; else the test's.
void GithubAnnotations::AddFailure(const std::string& node_id, const std::string& envelope, const std::string& message,
                                   const std::string& text) {
  const Json json = ParseJson(envelope);
  const Json& report = Field(json, "report");
  const Json& location = Field(report, "location");
  const Json& crash = Field(Field(report, "longrepr"), "reprcrash");
  Failure failure{node_id, TextOf(Element(location, 0), std::string(FileOf(node_id))), 0, Plain(message), Plain(text)};
  if (Element(location, 1).is_number()) failure.line = static_cast<int>(NumberOf(Element(location, 1))) + 1;
  const std::string crash_path = TextOf(Field(crash, "path"));
  if (StartsWithFolder(crash_path, rootdir_)) {
    failure.file = crash_path.substr(rootdir_.size() + 1);
    failure.line = static_cast<int>(NumberOf(Field(crash, "lineno")));
  }
  failure.file = InWorkspace(failure.file);
  failures_.push_back(std::move(failure));
}

std::string GithubAnnotations::InWorkspace(const std::string& file) const {
  if (!StartsWithFolder(rootdir_, place_.workspace)) return file;
  return rootdir_.substr(place_.workspace.size() + 1) + "/" + file;
}

std::string GithubAnnotations::Commands(const RunFinished& end) const {
  std::string text;
  for (std::size_t i = 0; i < failures_.size() && i < kMostAnnotations; ++i) {
    const Failure& failure = failures_[i];
    const std::string line = failure.line > 0 ? fmt::format(",line={}", failure.line) : "";
    text += fmt::format("::error file={}{},title={}::{}\n", EscapedForGithub(failure.file, true), line,
                        EscapedForGithub(failure.node_id, true), EscapedForGithub(failure.message, false));
  }
  for (std::size_t i = 0; i < end.flaky.size() && i < kMostAnnotations; ++i) {
    const FlakyTest& test = end.flaky[i];
    text += fmt::format("::warning file={},title={}::flaky: passed on attempt {}\n",
                        EscapedForGithub(InWorkspace(std::string(FileOf(test.node_id))), true),
                        EscapedForGithub(test.node_id, true), test.attempts);
  }
  return text;
}

std::string GithubAnnotations::Summary(const RunFinished& end) const {
  std::string counts;
  for (const auto& [category, count] : tally_.Counts())
    counts += (counts.empty() ? "" : ", ") + CountText(count, category);
  std::string text = fmt::format("### {}: {} in {}\n\n", place_.title, counts.empty() ? "no tests ran" : counts,
                                 SessionDuration(end.times.wall));
  if (!end.stop_reason.empty()) text += EscapedHtml(end.stop_reason) + "\n\n";
  for (std::size_t i = 0; i < failures_.size() && i < kMostInSummary; ++i) {
    const Failure& failure = failures_[i];
    const std::string shown = failure.text.empty() ? failure.message : failure.text.substr(0, kMostText);
    text += fmt::format("<details><summary><code>{}</code></summary>\n\n<pre>{}</pre>\n</details>\n",
                        EscapedHtml(failure.node_id), EscapedHtml(shown));
  }
  if (failures_.size() > kMostInSummary) text += fmt::format("\n… and {} more\n", failures_.size() - kMostInSummary);
  for (const AgentFigures& agent : end.agents)
    text += fmt::format("- agent <code>{}</code>: {}, busy {:.1f} s on {} worker{}{}{}\n", EscapedHtml(agent.name),
                        CountText(static_cast<int>(agent.tests), "test"), agent.busy, agent.workers,
                        agent.workers == 1 ? "" : "s", agent.end.empty() ? "" : ", ", agent.end);
  for (const FlakyTest& test : end.flaky)
    text += fmt::format("- flaky: <code>{}</code> passed on attempt {}\n", EscapedHtml(test.node_id), test.attempts);
  return text + "\n";
}

}  // namespace fastest
