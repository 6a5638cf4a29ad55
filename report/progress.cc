#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "protocol/node_id.h"
#include "report/node_path.h"
#include "report/text_width.h"

namespace fastest {
namespace {

Markup LetterMarkup(const ReportRecord& record) {
  if (record.word_markup) return *record.word_markup;
  if (record.outcome == Outcome::kFailed) return kRed;
  if (record.outcome == Outcome::kPassed && !record.xfail) return kGreen;
  return record.outcome == Outcome::kOther ? kPlain : kYellow;
}

// The user's own words of a skip or an expected failure.
std::string RawReason(const ReportRecord& record) {
  const auto without = [](const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0 ? text.substr(prefix.size()) : text;
  };
  if (record.xfail) return without(*record.xfail, "reason: ");
  if (!record.skip || record.skip->reason == "Skipped") return "";
  return without(record.skip->reason, "Skipped: ");
}

// As pytest's format_node_duration: " 12.3ms", at most 8 characters below 100 hours.
std::string NodeDuration(double seconds) {
  struct Scale {
    double factor;
    const char* unit;
    int precision;
    double limit;
  };
  for (const Scale& scale :
       {Scale{1e6, "us", 3, 10}, Scale{1e6, "us", 2, 100}, Scale{1e6, "us", 1, 1000}, Scale{1e3, "ms", 3, 10},
        Scale{1e3, "ms", 2, 100}, Scale{1e3, "ms", 1, 1000}, Scale{1, "s", 3, 60}}) {
    const std::string text = fmt::format("{:.{}f}", seconds * scale.factor, scale.precision);
    if (std::stod(text) < scale.limit) return " " + text + scale.unit;
  }
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format(" {}m {}s", whole / 60, whole % 60);
  return fmt::format(" {}h {}m", whole / 3600, whole % 3600 / 60);
}

// Breaks `text` at spaces so that no line is wider than `width`; the first begins at column `begin`.
std::string Wrapped(const std::string& text, int begin, int width) {
  std::string result;
  int column = begin;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = text.find_first_not_of(' ', at);
    const std::size_t end = std::min(text.find(' ', std::min(space, text.size())), text.size());
    const std::string chunk = text.substr(at, end - at);
    if (column > 0 && column + VisibleWidth(chunk) > width && space < text.size()) {
      result += "\n" + text.substr(space, end - space);
      column = VisibleWidth(text.substr(space, end - space));
    } else {
      result += chunk;
      column += VisibleWidth(chunk);
    }
    at = end;
  }
  return result;
}

}  // namespace

void Progress::Start(const std::string& node_id, const Tally& tally) {
  if (many_workers_) return;
  if (options_.test_case_verbosity > 0) {
    StartTest(node_id);
  } else if (options_.test_case_verbosity == 0) {
    StartFile(node_id, tally);
  }
}

void Progress::Report(const ReportRecord& record, const Tally& tally, const std::string& short_line) {
  AddSeconds(record);
  if (record.letter.empty() && record.word.empty()) return;
  if (record.item != ItemId{kNoItem}) CountReported(record.item);
  if (many_workers_ && !std::exchange(begun_, true) && options_.verbosity >= 0) out_->Line();
  if (options_.test_case_verbosity > 0) {
    many_workers_ ? ReportWorkerLine(record) : ReportLine(record, tally);
  } else if (many_workers_ && live_) {
    if (record.outcome == Outcome::kFailed) out_->Line(short_line);
  } else {
    ReportLetter(record, tally);
  }
}

void Progress::CountReported(ItemId item) {
  const std::size_t number = Number(item);
  if (number >= reported_.size()) reported_.resize(std::max<std::size_t>(number + 1, total_));
  if (reported_[number]) return;
  reported_[number] = true;
  ++reported_count_;
}

void Progress::AddSeconds(const ReportRecord& record) {
  if (record.is_subtest) return;  // Its test's own time has it.
  if (record.when == "setup" && options_.test_case_verbosity > 0) seconds_ = 0;
  seconds_ += record.duration;
}

void Progress::ReportLetter(const ReportRecord& record, const Tally& tally) {
  if (many_workers_) {
    line_ = Line::kWritten;
  } else if (options_.test_case_verbosity >= 0) {
    StartFile(record.node_id, tally);
  }
  out_->Write(record.letter, LetterMarkup(record));
  if (!ShowsProgress() || AllReported()) return;
  const std::string total = std::to_string(total_);
  const std::size_t size = options_.progress_style == "count" ? 4 + 2 * total.size()
                           : SaysTimes()                      ? std::string(" 99h 59m").size()
                                                              : std::string(" [100%]").size();
  if (out_->LineWidth() + static_cast<int>(size) + 1 >= out_->width()) {
    // A file's time is said when it is over.
    out_->Write((SaysTimes() ? "" : Message()) + "\n", tally.MainColor(AllReported()));
  }
}

void Progress::StartFile(const std::string& node_id, const Tally& tally) {
  const std::string path(FileOf(node_id));
  if (line_ == Line::kFile && line_of_ == path) return;
  if (line_ == Line::kFile && ShowsProgress()) WriteMessage(tally);
  line_ = Line::kFile;
  line_of_ = path;
  seconds_ = 0;
  out_->Line();
  out_->Write(RelativePath(path, options_.rootdir, options_.invocation_dir) + " ");
}

void Progress::StartTest(const std::string& node_id) {
  if (line_ == Line::kTest && line_of_ == node_id) return;
  line_ = Line::kTest;
  line_of_ = node_id;
  out_->Line();
  out_->Write(RelativeNodeId(node_id, options_.rootdir, options_.invocation_dir) + " ");
}

void Progress::ReportLine(const ReportRecord& record, const Tally& tally) {
  StartTest(record.node_id);
  out_->Write(record.word, LetterMarkup(record));
  line_ = Line::kWritten;
  if (record.outcome == Outcome::kSkipped || record.xfail) WriteReason(record);
  if (ShowsProgress()) WriteMessage(tally);
}

void Progress::WriteReason(const ReportRecord& record) {
  const std::string reason = RawReason(record);
  if (reason.empty()) return;
  const int room = out_->width() - out_->LineWidth() - 8;  // " [100%]" and one.
  const std::string text =
      options_.test_case_verbosity < 2 ? TrimmedMessage(" (", reason, ")", room) : " (" + reason + ")";
  out_->Write(Wrapped(text, out_->LineWidth(), out_->width() - 8));
}

void Progress::ReportWorkerLine(const ReportRecord& record) {
  BreakLine();
  out_->Write(fmt::format("[gw{}]", Number(record.worker)));
  out_->Write(ShowsProgress() ? Message() + " " : " ", kCyan);
  out_->Write(record.word, LetterMarkup(record));
  out_->Line(" " + RelativeNodeId(record.node_id, options_.rootdir, options_.invocation_dir));
}

std::string Progress::Message() const {
  if (options_.progress_style == "count") {
    const std::string total = std::to_string(total_);
    return fmt::format(" [{:>{}}/{}]", reported(), total.size(), total);
  }
  if (SaysTimes()) return NodeDuration(seconds_);
  if (total_ == 0) return " [100%]";
  const std::uint32_t percent = static_cast<std::uint32_t>(std::uint64_t{100} * reported() / total_);
  return fmt::format(" [{:3}%]", std::min(percent, total_is_final_ ? 100U : 99U));
}

// The message at the right edge.
void Progress::WriteMessage(const Tally& tally) {
  const int fill = out_->width() - out_->LineWidth() - 1;
  out_->Write(fmt::format("{:>{}}", Message(), std::max(fill, 0)), tally.MainColor(AllReported()));
}

void Progress::Finish(const Tally& tally, bool stopped) {
  const bool letters = options_.test_case_verbosity <= 0 && !(many_workers_ && (live_ || SaysTimes()));
  if (letters && !stopped && ShowsProgress() && reported() > 0) WriteMessage(tally);
}

void Progress::EnsureNewline() {
  if (line_ != Line::kFresh) out_->Line();
  line_ = Line::kFresh;
}

void Progress::BreakLine() {
  if (out_->LineWidth() > 0) out_->Line();
  line_ = Line::kFresh;
}

}  // namespace fastest
