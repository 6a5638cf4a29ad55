// OutputLines: reads what a process writes to its standard output and error, and hands it on in whole lines.
//
// A line without an end is handed on with Flush. Past the cap the text is dropped, said once; the pipe is read on, so
// that no writer waits.

#pragma once

#include <functional>
#include <string>

#include "base/event_loop.h"
#include "base/unique_fd.h"

namespace fastest {

class OutputLines {
 public:
  using OnText = std::function<void(std::string text)>;

  OutputLines(EventLoop& loop, UniqueFd pipe, std::size_t cap, OnText on_text);
  OutputLines(const OutputLines&) = delete;
  OutputLines& operator=(const OutputLines&) = delete;
  ~OutputLines();

  // Takes all that has been written.
  void ReadAll();
  // Hands on what has no line's end yet.
  void Flush();

 private:
  void HandOn(std::string text);

  EventLoop& loop_;
  UniqueFd pipe_;
  std::size_t left_;  // Of the cap.
  OnText on_text_;
  std::string partial_;
  bool open_ = true;
};

}  // namespace fastest
