// LiveScreen: text that scrolls, and below it a block of lines that is redrawn in place.
//
// While a block is shown, text is gathered and goes out at the next Show() together with the block, in one write, so
// that nothing flickers; an unfinished line of text stands as the block's first line. Without a block text passes
// through at once.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/sink.h"

namespace fastest {

class LiveScreen {
 public:
  LiveScreen(TextSink sink, int columns, bool live) : sink_(std::move(sink)), columns_(columns), live_(live) {}

  void Write(std::string_view text);
  // Draws the block, cut to the screen, in place of the last one. Does nothing if nothing changed or there is no live
  // screen.
  void Show(const std::vector<std::string>& block);
  // Takes the block away and writes all text; Show brings a block back.
  void Clear();

  // From now on text passes through.
  void Disable() {
    Clear();
    live_ = false;
  }

  void Resize(int columns) { columns_ = columns; }
  bool live() const { return live_; }

 private:
  std::string EraseSequence() const;

  TextSink sink_;
  int columns_;
  bool live_;
  std::string text_;                // Not yet written.
  std::vector<std::string> drawn_;  // The block's lines as they stand on the screen.
};

}  // namespace fastest
