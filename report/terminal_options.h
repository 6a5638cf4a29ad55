// What the terminal report depends on: the screen (the cli knows it) and the options (READY of docs/protocol.md says
// them).
//
// Plain values; made once, at the RunStarted event.

#pragma once

#include <cstdint>
#include <string>

namespace fastest {

// What the cli knows about where the text goes.
struct Screen {
  bool is_tty = false;
  bool color = false;         // UseColor's answer.
  int columns = 80;           // COLUMNS, else the terminal's, else 80.
  bool live = false;          // A block may be drawn: MayDrawLive's answer (and --progress).
  bool ci = false;            // CI or BUILD_NUMBER is set (not empty): pytest then cuts no summary line.
  bool ci_is_named = false;   // Likewise, perhaps empty: before pytest 9 that was enough.
  std::string report_log;     // --report-log as given; "": none.
  bool worker_shows = false;  // The one worker has it, and pytest writes header and progress, between what tests write.
};

// A live block needs a real terminal that is nobody's log file.
struct LiveEnvironment {
  bool is_tty = false;
  bool ci = false;
  std::string term;
  bool color_forced = false;  // FORCE_COLOR, PY_COLORS=1 or --color=yes beat CI detection.
};
bool MayDrawLive(const LiveEnvironment& environment);

// The options of pytest that its terminal reporter reads, with their defaults.
struct TerminalOptions {
  int verbosity = 0;            // -v less -q.
  int test_case_verbosity = 0;  // verbosity_test_cases (ini), else verbosity.
  std::string tb_style = "auto";
  bool xfail_tb = false;
  std::string report_chars = "wfE";  // As pytest's getreportopt makes them of -r and --disable-warnings.
  int durations = -1;                // --durations; -1: not asked for. 0: all.
  double durations_min = 0.005;
  bool durations_min_given = false;
  std::string show_capture = "all";
  bool no_header = false;
  bool no_summary = false;
  bool fold_skipped = true;
  bool force_short_summary = false;
  bool collect_only = false;
  std::string progress_style = "progress";  // Or "count", "times"; "": none (-s, --setup-show, classic).
  bool capture_off = false;                 // -s
  std::int64_t max_warnings = -1;           // -1: none.
  std::string junit_path;                   // --junitxml as given; "": none.
  std::string rootdir;
  std::string invocation_dir;
  std::string pytest_version;
};

// Whether lines of the short summary are as long as they are, not cut at the terminal's width.
bool KeepsSummaryLines(const TerminalOptions& options, const Screen& screen);

// Reads READY's JSON; what it does not say keeps its default.
TerminalOptions ReadTerminalOptions(const std::string& ready);

// pytest's getreportopt: aliases (F, S), a, A, N, and "w" unless warnings are disabled.
std::string ReportChars(const std::string& chars, bool disable_warnings);

}  // namespace fastest
