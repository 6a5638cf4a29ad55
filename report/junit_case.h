// JUnitCases: the <testcase> elements of one test: one, or two where its call failed and its teardown too.
//
// Attempts that a retry made good stand in it as <flakyFailure>, those that none did as <rerunFailure> (Maven
// Surefire's words); without retries the text is pytest's. Fed with the test's reports in order; follows pytest's
// LogXML, whose older versions count and cut differently. Values only.

#pragma once

#include <string>
#include <vector>

#include "report/json_fields.h"
#include "report/xml_text.h"

namespace fastest {

struct JUnitOptions {
  std::string family = "xunit2";
  std::string suite_name = "pytest";
  std::string logging = "no";
  std::string duration_report = "total";
  std::string prefix;
  bool log_passing_tests = true;
  bool astral = true;             // pytest 9.1 and later.
  bool counts_elements = true;    // Likewise: `tests` is the number of elements.
  bool shortens_messages = true;  // pytest 9.2 and later.
  bool names_the_whole = true;    // pytest 8.4 and later: <testsuites> has a name.
  int columns = 80;               // That tracebacks are laid out for.
};

struct JUnitCounts {
  int passed = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  int doubled = 0;  // Counted twice above, but one test.
};

class JUnitCases {
 public:
  // `report`: pytest's serialised TestReport.
  void AddTest(const Json& report, const JUnitOptions& options, JUnitCounts* counts);
  // A failed attempt that --retries made room for another after.
  void AddRetried(const Json& report, const JUnitOptions& options);
  // A failed or skipped CollectReport.
  void AddCollector(const Json& report, const JUnitOptions& options, JUnitCounts* counts);

  // What the test said of its own element (record_xml_attribute), after all its reports.
  void SetAttribute(const std::string& name, const std::string& value, const JUnitOptions& options);

  std::vector<XmlElement> Elements() const;

 private:
  struct Case {
    std::vector<std::pair<std::string, std::string>> attributes;
    double duration = 0;
    std::vector<std::pair<std::string, std::string>> properties;
    std::vector<XmlElement> children;
  };

  Case& Open();
  void Name(const Json& report, const JUnitOptions& options);
  void Close(const Json& report, const JUnitOptions& options);
  void AddFailed(const Json& report, const JUnitOptions& options, JUnitCounts* counts);
  void AddSkip(const Json& report, const JUnitOptions& options, JUnitCounts* counts);
  void AddCaptured(const Json& report, const JUnitOptions& options);

  std::vector<Case> cases_;
  std::vector<XmlElement> reruns_;  // Named when the test's end is known; "setup", "call" or "teardown" until then.
  bool open_ = false;               // The last case still takes reports.
  std::vector<Json> failed_;        // Failed calls whose teardown has not come.
};

}  // namespace fastest
