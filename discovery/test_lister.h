// TestLister: which tests pytest would collect from a file, in its order.
//
// pytest's rules for modules, classes and unittest cases (python_classes, python_functions, __test__, constructors,
// abstract classes, inherited methods before own ones), over outlines instead of objects. One thread.

#pragma once

#include <string>
#include <vector>

#include "discovery/discovery.h"
#include "discovery/namespaces.h"

namespace fastest {

class TestLister {
 public:
  TestLister(const PytestConfig& config, Namespaces& namespaces) : config_(config), namespaces_(namespaces) {}

  // Fills tests, fixtures, surprise, order_hint, serial of `file` from the outline of `source`.
  void List(const Source& source, TestFile& file);

 private:
  struct Context {
    std::string prefix;              // "TestA::"
    std::vector<std::string> marks;  // Of what stands around.
    int depth = 0;
  };

  void ListModule(const Source& source);
  void ListName(const std::string& file, const Bound& bound, const Context& context, std::vector<StaticTest>& into);
  void ListFunction(const Bound& bound, const Definition& function, const Context& context,
                    std::vector<StaticTest>& into);
  void ListClass(std::string_view name, const Meaning& meaning, const Context& context, std::vector<StaticTest>& into);
  void ListMethods(const ClassFacts& facts, const Context& context, std::vector<StaticTest>& into);
  void ListUnittest(const ClassFacts& facts, const Context& context, std::vector<StaticTest>& into);
  void ListValue(const Bound& bound, const Context& context, std::vector<StaticTest>& into);
  void AddTest(std::string_view name, const Definition& definition, const Context& context,
               std::vector<StaticTest>& into);
  bool MayHoldTests(const Definition& definition) const;
  bool MayInheritTests(const std::string& file, const Definition& definition, int depth);
  bool IsTestFunction(std::string_view name, const Definition& definition) const;
  void Surprise(const std::string& what);
  void FindOrderHint(const Outline& outline);

  const PytestConfig& config_;
  Namespaces& namespaces_;
  TestFile* file_ = nullptr;
};

}  // namespace fastest
