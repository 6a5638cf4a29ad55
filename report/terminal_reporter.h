// TerminalReporter: what a person sees of a run, in pytest's own layout.
//
// With one worker the text is pytest's; with more, xdist's (letters or lines as reports come), followed by one line
// with the speed-up. On a live screen a StatusBlock stands below the text. All text leaves through the sink, whole
// lines at a time while a block is shown. Reads events only; one thread.

#pragma once

#include <memory>

#include "protocol/event.h"
#include "report/sink.h"
#include "report/terminal_options.h"

namespace fastest {

class TerminalReporter : public Reporter {
 public:
  TerminalReporter(const Screen& screen, TextSink sink);
  ~TerminalReporter() override;

  void OnEvent(const Event& event) override;
  void OnTick(double seconds_since_start) override;

  // The terminal was resized.
  void Resize(int columns);
  // Takes the live block off the screen (before a debugger or an error message writes there); the next tick redraws it.
  void Suspend();

 private:
  class Session;
  std::unique_ptr<Session> session_;
};

}  // namespace fastest
