// The scanner takes any bytes: its lines lie in its text, in order, and never before the file's first or after its
// last.

#include <algorithm>

#include "base/check.h"
#include "discovery/skeleton.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source = FuzzText(bytes, size);
  const fastest::Skeleton skeleton = fastest::MakeSkeleton(source);
  const auto last = static_cast<std::uint32_t>(std::count(source.begin(), source.end(), '\n')) + 1;
  std::uint32_t end = 0, row = 0, line = 0;
  for (const fastest::SkeletonLine& each : skeleton.lines) {
    CHECK(each.begin >= end && each.end >= each.begin && each.end <= skeleton.text.size());
    CHECK((end == 0 || each.row > row) && each.line > line && each.line <= last, each.line, last);
    end = each.end;
    row = each.row;
    line = each.line;
  }
  return 0;
}

std::vector<std::string> FuzzSeeds() {
  return {"def f(a,\n      b):\n    return '''\n x''' + \"\\\"\" # c\n\nx = (1,\n 2)\n",
          "\xEF\xBB\xBF\tclass A:\r\n\t\tx = 'a\\\r\nb'\r\n\fdef g(): pass\n",
          "async  def f[T](x) -> int:\n  global a, b\n  if x: \\\n y\ndef\n",
          "@a(\n[1, (2, # )\n 3)])\nclass A(B): '''d'''\n"};
}
