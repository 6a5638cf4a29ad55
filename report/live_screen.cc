#include "report/live_screen.h"

#include <algorithm>

#include "report/text_width.h"

namespace fastest {

void LiveScreen::Write(std::string_view text) {
  if (!live_) return sink_(text);
  text_ += text;
}

// From the end of the block's last line to the beginning of its first, counting the rows that a narrowed screen wraps.
std::string LiveScreen::EraseSequence() const {
  if (drawn_.empty()) return "";
  int rows = 0;
  for (const std::string& line : drawn_) rows += std::max(1, (VisibleWidth(line) + columns_ - 1) / columns_);
  std::string erase = "\r";
  if (rows > 1) erase += "\x1b[" + std::to_string(rows - 1) + "A";
  return erase + "\x1b[J";
}

void LiveScreen::Show(const std::vector<std::string>& block) {
  if (!live_) return;
  const auto whole = text_.rfind('\n');
  const std::string finished = whole == std::string::npos ? "" : text_.substr(0, whole + 1);
  std::vector<std::string> lines;
  if (finished.size() < text_.size()) lines.push_back(text_.substr(finished.size()));
  // The last column stays free: terminals differ in where the cursor is after it.
  for (const std::string& line : block) lines.push_back(ElideMiddle(line, columns_ - 1));
  if (finished.empty() && lines == drawn_) return;
  std::string out = EraseSequence() + finished;
  for (std::size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : "\r\n") + lines[i];
  text_.erase(0, finished.size());
  drawn_ = std::move(lines);
  sink_(out);
}

void LiveScreen::Clear() {
  if (!live_) return;
  const std::string out = EraseSequence() + text_;
  text_.clear();
  drawn_.clear();
  if (!out.empty()) sink_(out);
}

}  // namespace fastest
