// Both parsers take any bytes, and what they make of them survives the cache.

#include "base/check.h"
#include "discovery/ast_parser.h"
#include "discovery/line_parser.h"
#include "discovery/outline_json.h"
#include "tests/fuzz/fuzz.h"

using fastest::Outline;

namespace {

void Survives(const Outline& outline) {
  std::string json;
  fastest::AppendJson(json, outline);
  if (!simdjson::validate_utf8(json)) return;
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  CHECK(parser.parse(simdjson::padded_string(json)).get(element) == simdjson::SUCCESS, json);
  Outline again;
  const bool read = fastest::ReadOutline(element, again);
  CHECK(read && again == outline, json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view source = FuzzText(bytes, size);
  Survives(fastest::ParseAst(source));
  Survives(fastest::ParseLines(source));
  return 0;
}

std::vector<std::string> FuzzSeeds() {
  return {
      "import pytest\nfrom . import a as b, c\n\n@pytest.mark.parametrize('a', [1, (2, 3)])\ndef test_a(a):\n    "
      "'''doc'''\n    x = \"\"\"\nno\n\"\"\"\n",
      "class TestA(Base, metaclass=M):\n    \"\"\"Doc.\"\"\"\n    x = y = {1: 2}\n    @property\n    def p(self): "
      "return 1\n    class TestB: pass\n",
      "if TYPE_CHECKING:\n    import x\nelif a:\n  try:\n    def test(): pass\n  except E as e: pass\nelse:\n    with "
      "a as b, c: d\nmatch x:\n    case 1: y = 2\n",
      "pytestmark = [pytest.mark.slow, mark.fastest(serial=True)]\npytest_plugins = ['a']\nx: int = 3; del x\nTest = "
      "lambda x=1: x\ntest.__test__ = False\n"};
}
