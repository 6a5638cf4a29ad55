#include "cli/exit_code.h"

#include "cli/console.h"

namespace fastest {

int Fail(const Error& error, int code) {
  Console().Complain(error.message);
  return code;
}

}  // namespace fastest
