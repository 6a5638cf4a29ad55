#include "report/terminal_options.h"

#include "tests/catch.h"

namespace fastest {
namespace {

TEST_CASE("report characters are pytest's") {
  struct Case {
    const char* chars;
    bool disable_warnings;
    const char* result;
  };
  const auto c = GENERATE(values<Case>({{"fE", false, "wfE"},
                                        {"fE", true, "fE"},
                                        {"a", false, "wsxXEf"},
                                        {"A", true, "PpsxXEf"},
                                        {"fEN", false, "w"},
                                        {"FSs", true, "fs"},
                                        {"wf", true, "f"}}));
  CHECK(ReportChars(c.chars, c.disable_warnings) == c.result);
}

TEST_CASE("options that READY does not say keep pytest's defaults") {
  const TerminalOptions options = ReadTerminalOptions("{}");
  CHECK(options.report_chars == "wfE");
  CHECK(options.durations == -1);
  CHECK(options.progress_style == "progress");
}

TEST_CASE("without capture no progress is shown, unless the project wants it even so") {
  CHECK(ReadTerminalOptions(R"({"options": {"capture": "no"}})").progress_style.empty());
  CHECK(ReadTerminalOptions(
            R"({"options": {"capture": "no"}, "ini": {"console_output_style": "progress-even-when-capture-no"}})")
            .progress_style == "progress");
  const auto style = [](const std::string& word, const std::string& pytest) {
    return ReadTerminalOptions(R"({"pytest": ")" + pytest + R"(", "ini": {"console_output_style": ")" + word + "\"}}")
        .progress_style;
  };
  CHECK(style("classic", "9.2.0").empty());
  CHECK(style("count", "7.4.0") == "count");
  CHECK(style("times", "8.4.0") == "times");
  CHECK(style("times", "8.3.5").empty());
}

TEST_CASE("the verbosity of test cases can differ from the rest") {
  const TerminalOptions options =
      ReadTerminalOptions(R"({"options": {"verbose": 0}, "ini": {"verbosity_test_cases": "2"}})");
  CHECK(options.verbosity == 0);
  CHECK(options.test_case_verbosity == 2);
}

TEST_CASE("a live block needs a terminal that is not CI's, unless colour is forced") {
  CHECK(MayDrawLive({true, false, "xterm", false}));
  CHECK_FALSE(MayDrawLive({false, false, "xterm", true}));
  CHECK_FALSE(MayDrawLive({true, true, "xterm", false}));
  CHECK(MayDrawLive({true, true, "xterm", true}));
  CHECK_FALSE(MayDrawLive({true, false, "dumb", true}));
}

TEST_CASE("lines of the short summary are cut as the version of pytest cuts them") {
  struct Case {
    const char* version;
    int verbosity;
    bool ci;
    bool ci_is_named;
    bool keeps;
  };
  const auto c = GENERATE(values<Case>({{"7.4.4", 2, false, false, false},
                                        {"8.1.2", 2, false, false, false},
                                        {"8.2.0", 2, false, false, true},
                                        {"9.2.0", 1, false, false, false},
                                        {"8.4.2", 0, false, true, true},
                                        {"9.0.0", 0, false, true, false},
                                        {"9.0.0", 0, true, true, true}}));
  TerminalOptions options;
  options.pytest_version = c.version;
  options.verbosity = c.verbosity;
  Screen screen;
  screen.ci = c.ci;
  screen.ci_is_named = c.ci_is_named;
  CHECK(KeepsSummaryLines(options, screen) == c.keeps);
  options.force_short_summary = true;
  CHECK_FALSE(KeepsSummaryLines(options, screen));
}

}  // namespace
}  // namespace fastest
