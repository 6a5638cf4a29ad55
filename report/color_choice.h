// Whether output is coloured: pytest's rules, as a function of the environment's values.
//
// --color=yes|no decides; else PY_COLORS ("1", "0"), else NO_COLOR, else FORCE_COLOR (each if set and not empty), else
// a terminal that is not "dumb". CI is not asked: pytest does not.

#pragma once

#include <string>

namespace fastest {

struct ColorEnvironment {
  std::string option = "auto";  // --color
  std::string py_colors;        // An unset variable is "".
  std::string no_color;
  std::string force_color;
  std::string term;
  bool is_tty = false;
};

bool UseColor(const ColorEnvironment& environment);

}  // namespace fastest
