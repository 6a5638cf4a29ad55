#include "report/report_record.h"

#include "protocol/node_id.h"
#include "report/json_fields.h"
#include "report/terminal_writer.h"
#include "report/traceback_text.h"

namespace fastest {
namespace {

struct StatusText {
  const char* letter;
  const char* word;
};

StatusText CoreText(const std::string& category) {
  if (category == "passed") return {".", "PASSED"};
  if (category == "failed") return {"F", "FAILED"};
  if (category == "error") return {"E", "ERROR"};
  if (category == "skipped") return {"s", "SKIPPED"};
  if (category == "xfailed") return {"x", "XFAIL"};
  if (category == "xpassed") return {"X", "XPASS"};
  return {"", ""};
}

// `status` of the envelope: [category, letter, word] where the word may be [word, {"yellow": true}].
void ReadStatus(const Json& status, ReportRecord* record) {
  record->category = TextOf(Element(status, 0));
  record->letter = TextOf(Element(status, 1));
  const Json& word = Element(status, 2);
  if (word.is_string()) {
    record->word = word.get<std::string>();
    return;
  }
  record->word = TextOf(Element(word, 0));
  std::string markup;
  for (const auto& [name, on] : Element(word, 1).items()) {
    if (on.is_boolean() && on.get<bool>()) markup += MarkupOf(name);
  }
  record->word_markup = markup;
}

std::string SubtestDescription(const Json& context) {
  std::string text;
  if (Field(context, "msg").is_string()) text = "[" + TextOf(Field(context, "msg")) + "]";
  std::string parameters;
  for (const auto& [name, value] : Field(context, "kwargs").items()) {
    parameters += (parameters.empty() ? "" : ", ") + name + "=" + (value.is_string() ? TextOf(value) : DumpJson(value));
  }
  if (!parameters.empty()) text += (text.empty() ? "(" : " (") + parameters + ")";
  return text.empty() ? "(<subtest>)" : text;
}

void ReadSkip(const Json& longrepr, const Json& keywords, ReportRecord* record) {
  if (!longrepr.is_array() || longrepr.size() != 3) return;
  record->skip = SkipPlace{TextOf(longrepr[0]), static_cast<int>(NumberOf(longrepr[1], -1)), TextOf(longrepr[2])};
  record->skip_by_mark = record->when == "setup" && keywords.contains("skip") && !keywords.contains("pytestmark");
}

void ReadMessage(const Json& envelope, const Json& longrepr, ReportRecord* record) {
  const Json& crash_message = Field(Field(longrepr, "reprcrash"), "message");
  if (envelope.contains("short")) {
    if (Field(envelope, "short").is_string()) record->message = TextOf(Field(envelope, "short"));
  } else if (crash_message.is_string()) {
    record->message = TextOf(crash_message);
  } else if (longrepr.is_string() && record->when != "collect") {
    record->message = TextOf(longrepr);
  }
}

void ReadReport(const Json& envelope, ReportRecord* record) {
  const Json& report = Field(envelope, "report");
  const Json& longrepr = Field(report, "longrepr");
  if (Field(report, "when").is_string()) record->when = TextOf(Field(report, "when"));
  if (Field(report, "wasxfail").is_string()) record->xfail = TextOf(Field(report, "wasxfail"));
  const Json& location = Field(report, "location");
  record->location_path = TextOf(Element(location, 0));
  record->location_domain = TextOf(Element(location, 2));
  record->head_line = record->location_domain;
  const Json& context = Field(report, "_subtest.context");
  record->is_subtest = context.is_object();
  if (record->is_subtest) record->head_line += " " + SubtestDescription(context);
  for (const Json& section : Field(report, "sections")) {
    record->sections.emplace_back(TextOf(Element(section, 0)), TextOf(Element(section, 1)));
  }
  ReadSkip(longrepr, Field(report, "keywords"), record);
  ReadMessage(envelope, longrepr, record);
  if (record->outcome == Outcome::kPassed) return;
  record->text = Field(envelope, "text").is_string() ? TextOf(Field(envelope, "text")) : TracebackText(longrepr);
  if (!record->text.empty() && record->text.back() != '\n') record->text += '\n';
  if (record->outcome == Outcome::kFailed) record->crash_line = CrashLine(longrepr);
}

void FillIn(const std::string& envelope_text, ReportRecord* record) {
  Json envelope;
  if (!envelope_text.empty()) {
    envelope = ParseJson(envelope_text);
    ReadReport(envelope, record);
  }
  if (Field(envelope, "status").is_array()) {
    ReadStatus(Field(envelope, "status"), record);
  } else {
    record->category = CoreCategory(record->when, record->outcome, record->xfail.has_value());
    const StatusText text = CoreText(record->category);
    record->letter = text.letter;
    record->word = text.word;
  }
}

}  // namespace

std::string CoreCategory(const std::string& when, Outcome outcome, bool was_xfail) {
  if (was_xfail && outcome == Outcome::kSkipped) return "xfailed";
  if (was_xfail && outcome == Outcome::kPassed) return "xpassed";
  switch (outcome) {
    case Outcome::kFailed:
      return when == "call" ? "failed" : "error";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kPassed:
      return when == "call" ? "passed" : "";
    case Outcome::kOther:
      break;
  }
  return "";
}

ReportRecord MakeRecord(const TestReported& event) {
  ReportRecord record;
  record.item = event.item;
  record.node_id = event.node_id;
  record.worker = event.worker;
  record.when = PhaseName(event.report.phase);
  record.outcome = event.report.outcome;
  record.duration = event.report.duration;
  FillIn(event.report.envelope, &record);
  if (record.head_line.empty()) {
    const auto separator = record.node_id.find("::");
    record.head_line = separator == std::string::npos ? record.node_id : record.node_id.substr(separator + 2);
  }
  return record;
}

ReportRecord MakeRecord(const CollectReport& report) {
  ReportRecord record;
  record.node_id = report.node_id;
  record.when = "collect";
  record.outcome = report.outcome;
  FillIn(report.envelope, &record);
  record.head_line = std::string(FileOf(record.node_id));
  if (record.outcome == Outcome::kPassed) record.category = "";
  return record;
}

}  // namespace fastest
