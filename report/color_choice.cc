#include "report/color_choice.h"

namespace fastest {

bool UseColor(const ColorEnvironment& environment) {
  if (environment.option == "yes") return true;
  if (environment.option == "no") return false;
  if (environment.py_colors == "1") return true;
  if (environment.py_colors == "0") return false;
  if (!environment.no_color.empty()) return false;
  if (!environment.force_color.empty()) return true;
  return environment.is_tty && environment.term != "dumb";
}

}  // namespace fastest
