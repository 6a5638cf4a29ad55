// GithubAnnotations: what GitHub Actions shows of a run: workflow commands ("::error file=…") for the first failures,
// and a summary of the step in Markdown.
//
// Commands leave when the run has ended, after all other output. GitHub shows ten errors and ten warnings a step, so no
// more are written; the summary has the rest, up to its size. Reads events only; one thread.

#pragma once

#include <string>
#include <vector>

#include "protocol/event.h"
#include "report/sink.h"
#include "report/tally.h"

namespace fastest {

struct GithubPlace {
  std::string workspace;  // GITHUB_WORKSPACE: file names are told relative to it.
  std::string title;      // Of the summary: "fastest", "fastest, shard 2/8".
};

class GithubAnnotations : public Reporter {
 public:
  // `commands`: standard output, at the start of a line. `summary`: appends to GITHUB_STEP_SUMMARY; may be empty.
  // `annotates`: false where only the summary is wanted.
  GithubAnnotations(GithubPlace place, TextSink commands, FileSink summary, bool annotates);

  void OnEvent(const Event& event) override;

 private:
  struct Failure {
    std::string node_id;
    std::string file;
    int line = 0;  // 0: unknown.
    std::string message;
    std::string text;
  };

  void AddFailure(const std::string& node_id, const std::string& envelope, const std::string& message,
                  const std::string& text);
  // Relative to the workspace, from relative to rootdir.
  std::string InWorkspace(const std::string& file) const;
  std::string Commands(const RunFinished& end) const;
  std::string Summary(const RunFinished& end) const;

  GithubPlace place_;
  TextSink commands_;
  FileSink summary_;
  bool annotates_;
  std::string rootdir_;
  Tally tally_;
  std::vector<Failure> failures_;
};

// Text as a workflow command's message; `property`: as the value of one of its properties.
std::string EscapedForGithub(std::string_view text, bool property);

}  // namespace fastest
