// What one Python file defines, as far as its text says: the parsers' common answer, and what the cache keeps.
//
// Independent of pytest's options (those come in when tests are listed), so that a cached outline stays valid when they
// change. Plain values.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fastest {

// One binding of a name in a module or class body, in order of the text.
struct Definition {
  enum class Kind : std::uint8_t {
    kFunction,
    kClass,
    kImport,  // `targets`: module, and the name in it ("" for `import module`, "*" for all).
    kAlias,   // `name = dotted.name`; `targets`: that name.
    kValue,   // Any other value.
    kDelete,
  };
  enum Flag : std::uint32_t {
    kFixture = 1U << 0,
    kParametrized = 1U << 1,
    kAbstract = 1U << 2,      // @abstractmethod.
    kNotCallable = 1U << 3,   // @property and the like.
    kConditional = 1U << 4,   // Below an if, try, for, with …: perhaps not there.
    kTrue = 1U << 5,          // kValue: True.
    kFalse = 1U << 6,         // kValue: False.
    kSerial = 1U << 7,        // Marked fastest(serial=True).
    kAltered = 1U << 8,       // A decorator may add, remove or rename tests.
    kAbstractBase = 1U << 9,  // Class: metaclass=ABCMeta.
    kMetaclass = 1U << 10,    // Class: some other metaclass.
    kConstructor = 1U << 11,  // Class: a decorator gives it __init__ (dataclass).
    kWideParams = 1U << 12,   // Fixture of session or package scope with params.
    kLambda = 1U << 13,       // kValue: a lambda.
    kCall = 1U << 14,         // kValue: the result of a call.
    kNotTest = 1U << 15,      // `name.__test__ = False` was said of it.
    kIsTest = 1U << 16,       // `name.__test__ = True` was said of it.
    kForeign = 1U << 17,      // kCall: other modules have the object, too (import_effect.h).
    kGuarded = 1U << 18,      // kImport: below an if or the like, or after what may skip the module.
    kWideAutouse = 1U << 19,  // Fixture of session or package scope with autouse.
  };

  Kind kind = Kind::kFunction;
  std::string name;
  std::uint32_t line = 0;
  std::uint32_t flags = 0;
  std::uint32_t items = 1;           // Product of the literal parametrize lists.
  std::vector<std::string> marks;    // Names of pytest marks.
  std::vector<std::string> targets;  // Class: base classes, dotted; "?" for one that is an expression.
  std::vector<Definition> body;      // Class.

  bool Is(Flag flag) const { return (flags & flag) != 0; }
  bool operator==(const Definition&) const = default;
};

struct Outline {
  std::vector<Definition> definitions;
  std::vector<std::string> marks;    // pytestmark's names.
  std::vector<std::string> rebound;  // Module globals that functions rebind (`global`).
  std::vector<std::string> pytest_plugins;
  std::vector<std::string> collect_ignore, collect_ignore_glob;
  std::string effect;    // Why importing it may change what other files see (import_effect.h).
  std::string surprise;  // Why the definitions may not be all (star imports aside).
  bool serial = false;   // pytestmark holds fastest(serial=True).
  bool unparsable = false;
  bool doctests = false;       // Has ">>>".
  bool session_items = false;  // Mentions session.items or testscollected.

  bool operator==(const Outline&) const = default;
};

}  // namespace fastest
