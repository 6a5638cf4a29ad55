#include "deploy/pod_log.h"

#include <vector>

#include "tests/catch.h"

using namespace fastest;

namespace {

struct Heard {
  std::string text;
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::string> damaged;

  PodLogReader Reader() {
    return PodLogReader({[this](std::string_view line) { text += line; },
                         [this](const std::string& name, const std::string& bytes) { files.emplace_back(name, bytes); },
                         [this](const std::string& name) { damaged.push_back(name); }});
  }

  // Takes `log` in pieces of `size` bytes.
  static Heard Of(std::string_view log, std::size_t size = 1000) {
    Heard heard;
    PodLogReader reader = heard.Reader();
    for (std::size_t at = 0; at < log.size(); at += size) reader.Add(log.substr(at, size));
    reader.Close();
    return heard;
  }
};

const std::string kBytes = std::string(20'000, 'x') + '\0' + "\n\xff";

}  // namespace

TEST_CASE("a file comes out of the log as it went in, and the text around it stays") {
  const std::string log = "one\n" + LogLinesOf("a.xml", kBytes) + "two\n" + LogLinesOf("empty", "") + "three";
  for (const std::size_t size : {1, 7, 4096, 1'000'000}) {
    const Heard heard = Heard::Of(log, size);
    CHECK(heard.text == "one\ntwo\nthree");
    CHECK(heard.files == std::vector<std::pair<std::string, std::string>>{{"a.xml", kBytes}, {"empty", ""}});
    CHECK(heard.damaged.empty());
  }
}

TEST_CASE("text that comes in the middle of a file is text") {
  std::string log = LogLinesOf("a", kBytes);
  log.insert(log.find("\nfastest-report data") + 1, "between\n");
  const Heard heard = Heard::Of(log);
  CHECK(heard.text == "between\n");
  CHECK(heard.files.size() == 1);
}

TEST_CASE("no file is taken for whole with a line missing, changed or added") {
  const std::string log = LogLinesOf("a", kBytes);
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1) begins.push_back(at);
  REQUIRE(begins.size() == 6);
  for (std::size_t i = 1; i < begins.size(); ++i) {
    const std::size_t length = (i + 1 < begins.size() ? begins[i + 1] : log.size()) - begins[i];
    std::string cut = log, twice = log, other = log;
    cut.erase(begins[i], length);
    twice.insert(begins[i], log.substr(begins[i], length));
    other[begins[i] + length - 8] ^= 1;
    CHECK(Heard::Of(cut).files.empty());
    CHECK(Heard::Of(cut).damaged == std::vector<std::string>{"a"});
    if (i + 1 < begins.size()) CHECK(Heard::Of(twice).files.empty());
    if (i + 1 < begins.size()) CHECK(Heard::Of(other).files.empty());
  }
}

TEST_CASE("a name that is a path, hidden or no name begins no file") {
  for (const char* name : {"../x", "a/b", ".x", "", "..", "x\x1b[1m"}) {
    CHECK(!IsReportName(name));
    CHECK(Heard::Of(LogLinesOf(name, "text")).files.empty());
  }
  CHECK(IsReportName("junit-2.xml"));
}
