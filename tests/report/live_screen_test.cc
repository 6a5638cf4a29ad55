#include "report/live_screen.h"

#include "tests/catch.h"

namespace fastest {
namespace {

// What left the screen since it was last asked.
class Recorded {
 public:
  TextSink Sink() {
    return [this](std::string_view text) { text_ += text; };
  }
  std::string Take() { return std::exchange(text_, ""); }

 private:
  std::string text_;
};

TEST_CASE("without a live screen text passes through") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, false);
  screen.Write("text");
  screen.Show({"block"});
  CHECK(recorded.Take() == "text");
}

TEST_CASE("text and the new block leave in one write that takes the old block's place") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, true);
  screen.Show({"one", "two"});
  CHECK(recorded.Take() == "one\r\ntwo");
  screen.Write("text\n");
  CHECK(recorded.Take().empty());
  screen.Show({"three"});
  CHECK(recorded.Take() == "\r\x1b[1A\x1b[Jtext\nthree");
}

TEST_CASE("a line without its end stands at the top of the block") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, true);
  screen.Write("a.py ..");
  screen.Show({"block"});
  CHECK(recorded.Take() == "a.py ..\r\nblock");
  screen.Write(".\nb.py ");
  screen.Show({"block"});
  CHECK(recorded.Take() == "\r\x1b[1A\x1b[Ja.py ...\nb.py \r\nblock");
}

TEST_CASE("nothing is written when nothing changed") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, true);
  screen.Show({"block"});
  recorded.Take();
  screen.Show({"block"});
  CHECK(recorded.Take().empty());
}

TEST_CASE("the rows into which a narrowed screen wraps the block are erased too") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, true);
  screen.Show({std::string(70, 'x'), "y"});
  recorded.Take();
  screen.Resize(40);
  screen.Clear();
  CHECK(recorded.Take() == "\r\x1b[2A\x1b[J");
}

TEST_CASE("a block line is cut to the screen") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 20, true);
  screen.Show({"0123456789012345678901234567890"});
  CHECK(recorded.Take() == "01234567...34567890");
}

TEST_CASE("clearing writes what was gathered and leaves no block") {
  Recorded recorded;
  LiveScreen screen(recorded.Sink(), 80, true);
  screen.Show({"block"});
  screen.Write("half a line");
  recorded.Take();
  screen.Clear();
  CHECK(recorded.Take() == "\r\x1b[Jhalf a line");
}

}  // namespace
}  // namespace fastest
