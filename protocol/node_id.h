// Parts of a node id: "tests/test_a.py::TestB::test_c[d]". Pure functions on text; the views are of the argument's
// text.

#pragma once

#include <string_view>

namespace fastest {

// The test file: what stands before the first "::".
inline std::string_view FileOf(std::string_view node_id) { return node_id.substr(0, node_id.find("::")); }

// "a.py::TestA::test_x[1::2]" -> "a.py::TestA::test_x".
inline std::string_view WithoutParameters(std::string_view node_id) {
  const auto names = node_id.find("::");
  return names == std::string_view::npos ? node_id : node_id.substr(0, node_id.find('[', names));
}

// The outermost class ("a.py::TestA"), or a function without its parameters ("a.py::test_x").
inline std::string_view AtomOf(std::string_view node_id) {
  const auto plain = WithoutParameters(node_id);
  const auto file = plain.find("::");
  return file == std::string_view::npos ? plain : plain.substr(0, plain.find("::", file + 2));
}

}  // namespace fastest
