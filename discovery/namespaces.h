// Namespaces: what a name means in a file of the project, through assignments, imports and classes.
//
// Python's dict rules for bodies: the last binding of a name wins, at the place of the first; `del` takes it out.
// Follows imports to other files of the project (read when first needed); what lies outside it is external, known by
// its dotted name alone. One thread; references that it returns stay good for its life.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "discovery/module_finder.h"
#include "discovery/outline.h"
#include "discovery/sources.h"

namespace fastest {

// What a name stands for.
struct Meaning {
  enum class Kind : std::uint8_t { kUnknown, kFunction, kClass, kModule, kValue, kExternal };
  Kind kind = Kind::kUnknown;
  const Definition* definition = nullptr;  // Of function, class, value.
  std::string file;                        // Where that stands; of a module: its own.
  std::string external;                    // "unittest.TestCase"
};

// One name of a body.
struct Bound {
  std::string_view name;
  const Definition* definition;
};

// A class with its bases, as far as the project's text tells.
struct ClassFacts {
  struct Member {
    const Definition* definition;
    std::string file;
  };
  std::vector<Member> mro;  // The class first.
  bool unittest = false;
  bool constructor = false;  // __init__ or __new__ of its own or inherited.
  bool abstract = false;     // Cannot be instantiated: abstract methods are left.
  std::string unknown_base;  // A base that is not in the project and not known to hold no tests.
};

class Namespaces {
 public:
  Namespaces(Sources& sources, ModuleFinder& finder) : sources_(sources), finder_(finder) {}

  // The names of a body, in the order of its dict.
  const std::vector<Bound>& Names(const std::vector<Definition>& body);

  // `dotted` as an expression at module level of `file`.
  Meaning Lookup(const std::string& file, std::string_view dotted, int depth = 0);
  // The same without the names that other files take with `import *`: to find those may read half the project.
  Meaning LookupNear(const std::string& file, std::string_view dotted);
  // What an import or alias definition of `file` binds.
  Meaning Follow(const std::string& file, const Definition& definition, int depth = 0);

  const ClassFacts& Facts(const std::string& file, const Definition& definition);

 private:
  // A body as a dict.
  struct Scope {
    std::vector<Bound> names;
    std::unordered_map<std::string_view, const Definition*> by_name;  // Only where there are many.

    const Definition* Find(std::string_view name) const;
  };

  const Scope& ScopeOf(const std::vector<Definition>& body);
  const std::vector<std::string>& StarFiles(const Source& source);
  Meaning LookupIn(const std::string& file, std::string_view dotted, int depth);
  Meaning Attribute(Meaning of, std::string_view dotted, int depth);
  Meaning InModule(const std::string& module, const std::string& from, std::string_view dotted, int depth);
  void AddBase(const std::string& file, const std::string& base, ClassFacts& facts,
               std::vector<std::vector<ClassFacts::Member>>& orders);
  void FindMethods(ClassFacts& facts, bool abstract_base);

  Sources& sources_;
  ModuleFinder& finder_;
  std::unordered_map<const std::vector<Definition>*, Scope> scopes_;
  std::unordered_map<const Definition*, ClassFacts> facts_;
  std::unordered_map<const Source*, std::vector<std::string>> star_files_;
  bool near_ = false;  // Within LookupNear.
};

}  // namespace fastest
