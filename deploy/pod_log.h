// Files that travel in a pod's log: it is all that is left of a pod that has ended, and reading it needs no rights but
// those of `kubectl logs`. Pure text; any thread.
//
//   fastest-report begin NAME BYTES DIGEST
//   fastest-report data BASE64            (any number)
//   fastest-report end NAME

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace fastest {

// The lines of one file.
std::string LogLinesOf(const std::string& name, std::string_view bytes);

// Takes a log apart as it comes: files, and the text between them.
class PodLogReader {
 public:
  struct Heard {
    // Whole lines as they stand there, and what a log without a last line end leaves.
    std::function<void(std::string_view)> text;
    std::function<void(const std::string& name, const std::string& bytes)> file;
    // A file that is not what was sent: cut, or with lines between.
    std::function<void(const std::string& name)> damaged;
  };
  explicit PodLogReader(Heard heard) : heard_(std::move(heard)) {}

  void Add(std::string_view bytes);
  // The log's end: a file that is not complete is damaged.
  void Close();

 private:
  struct File {
    std::string name;
    std::uint64_t size = 0;
    Digest digest{};
    std::string bytes;
    bool damaged = false;
  };
  void TakeLine(std::string_view line);
  void Begin(std::string_view line, std::string_view rest);
  void End();

  Heard heard_;
  std::string partial_;
  std::optional<File> open_;
};

// Whether it is a plain file name: no path, not hidden, nothing that moves a terminal.
bool IsReportName(std::string_view name);

}  // namespace fastest
