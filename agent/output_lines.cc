#include "agent/output_lines.h"

#include "base/pipe.h"

namespace fastest {

OutputLines::OutputLines(EventLoop& loop, UniqueFd pipe, std::size_t cap, OnText on_text)
    : loop_(loop), pipe_(std::move(pipe)), left_(cap), on_text_(std::move(on_text)) {
  SetNonBlocking(pipe_.get());
  loop_.WatchRead(pipe_.get(), [this] { ReadAll(); });
}

OutputLines::~OutputLines() { loop_.UnwatchRead(pipe_.get()); }

void OutputLines::ReadAll() {
  if (!open_) return;
  std::string bytes;
  open_ = ReadAvailable(pipe_.get(), bytes) != ReadEnd::kClosed;
  if (!open_) loop_.UnwatchRead(pipe_.get());
  partial_ += bytes;
  const std::size_t last = partial_.rfind('\n');
  if (last != std::string::npos) {
    std::string lines = partial_.substr(0, last + 1);
    partial_.erase(0, last + 1);
    HandOn(std::move(lines));
  }
  // A "line" this long is not one: it is not kept here.
  if (!open_ || partial_.size() > 65536) Flush();
}

void OutputLines::Flush() {
  if (!partial_.empty()) HandOn(std::exchange(partial_, {}));
}

void OutputLines::HandOn(std::string text) {
  if (left_ == 0) return;
  if (text.size() >= left_) {
    text.resize(left_);
    text += "\n[fastest: more output of this process was dropped]\n";
    left_ = 0;
  } else {
    left_ -= text.size();
  }
  on_text_(std::move(text));
}

}  // namespace fastest
