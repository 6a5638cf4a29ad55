// ReportRecord: one report as the reporters look at it: pytest's category, letter and word, and what sections show of
// it.
//
// Made from an event's report and its envelope; a plain pass without an envelope costs no parsing. Values only.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event.h"

namespace fastest {

struct SkipPlace {
  std::string path;
  int line = -1;  // -1: none.
  std::string reason;
};

struct ReportRecord {
  ItemId item{kNoItem};
  std::string node_id;
  WorkerId worker{};
  std::string when;  // "setup", "call", "teardown", "collect"
  Outcome outcome = Outcome::kPassed;
  double duration = 0;
  // pytest_report_teststatus's answer: "failed", "error" … ("" counts for nothing), "F", "FAILED".
  std::string category;
  std::string letter;
  std::string word;
  std::optional<std::string> word_markup;  // Escape sequences that a plugin chose for the word.
  std::optional<std::string> xfail;        // `wasxfail`
  std::string head_line;                   // Of its banner.
  std::string location_path;               // "": the report did not say.
  std::string location_domain;
  std::string text;  // The failure, each line ended; may have colours.
  std::string crash_line;
  std::optional<std::string> message;  // The summary line's.
  std::optional<SkipPlace> skip;
  bool is_subtest = false;
  bool skip_by_mark = false;  // Marked skip, not by pytestmark: folded whatever the line.
  std::vector<std::pair<std::string, std::string>> sections;
};

ReportRecord MakeRecord(const TestReported& event);
ReportRecord MakeRecord(const CollectReport& report);

// The category that core pytest gives a report without looking at plugins.
std::string CoreCategory(const std::string& when, Outcome outcome, bool was_xfail);

}  // namespace fastest
