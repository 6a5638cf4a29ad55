// Console: standard output and error of this program. Text is gathered and leaves once a turn of the loop, so that a
// burst of events costs one write.

#pragma once

#include <string>
#include <string_view>

namespace fastest {

class Console {
 public:
  ~Console() { Flush(); }
  void Write(std::string_view text) { text_ += text; }
  // Writes everything; waits where the reader is slow. A closed output is not our error: the exit code tells.
  void Flush();
  // One line to standard error: "fastest: error: …".
  void Complain(std::string_view text);
  // Likewise: "fastest: warning: …".
  void Warn(std::string_view text);

 private:
  std::string text_;
};

}  // namespace fastest
