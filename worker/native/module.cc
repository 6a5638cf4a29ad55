#include "native/module.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "native/line_replace.h"
#include "native/pacer.h"
#include "native/sequence_matcher.h"
#include "native/similarity.h"

namespace fastest::native {
namespace {

struct Unreference {
  void operator()(PyObject* object) const { Py_DECREF(object); }
};
// An owned reference; null: an exception is set.
using Reference = std::unique_ptr<PyObject, Unreference>;

// A pacer that asks a Python callable, which may raise.
Pacer PacerOf(PyObject* may_go_on, bool* has_raised) {
  return Pacer([may_go_on, has_raised] {
    const Reference answer(PyObject_CallFunctionObjArgs(may_go_on, nullptr));
    const int is_true = answer ? PyObject_IsTrue(answer.get()) : -1;
    if (is_true < 0) *has_raised = true;
    return is_true > 0;
  });
}

PyObject* None() {
  Py_INCREF(Py_None);
  return Py_None;
}

// ---- opcodes ----

// Appends the number of each element; equal elements have equal numbers. False: an exception is set.
bool InternAll(PyObject* list, PyObject* numbers, std::vector<Symbol>* symbols) {
  for (Py_ssize_t at = 0; at < PyList_Size(list); ++at) {
    PyObject* element = PyList_GetItem(list, at);
    PyObject* known = PyDict_GetItemWithError(numbers, element);
    if (known == nullptr && PyErr_Occurred() != nullptr) return false;
    if (known != nullptr) {
      symbols->push_back(static_cast<Symbol>(PyLong_AsUnsignedLong(known)));
      continue;
    }
    const Py_ssize_t number = PyDict_Size(numbers);
    const Reference value(PyLong_FromSsize_t(number));
    if (!value || PyDict_SetItem(numbers, element, value.get()) < 0) return false;
    symbols->push_back(static_cast<Symbol>(number));
  }
  return true;
}

bool MarkJunk(PyObject* junk, PyObject* numbers, std::vector<uint8_t>* is_junk) {
  PyObject *element = nullptr, *number = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(numbers, &at, &element, &number) != 0;) {
    const int found = PySet_Contains(junk, element);
    if (found < 0) return false;
    (*is_junk)[PyLong_AsUnsignedLong(number)] = found != 0;
  }
  return true;
}

const char* NameOf(Edit edit) {
  switch (edit) {
    case Edit::kEqual:
      return "equal";
    case Edit::kDelete:
      return "delete";
    case Edit::kInsert:
      return "insert";
    case Edit::kReplace:
      return "replace";
  }
  return "";
}

PyObject* ListOf(const std::vector<Opcode>& codes) {
  Reference list(PyList_New(static_cast<Py_ssize_t>(codes.size())));
  for (size_t at = 0; list && at < codes.size(); ++at) {
    const Opcode& code = codes[at];
    PyObject* tuple = Py_BuildValue("(sIIII)", NameOf(code.edit), code.a_begin, code.a_end, code.b_begin, code.b_end);
    if (tuple == nullptr) return nullptr;
    PyList_SetItem(list.get(), static_cast<Py_ssize_t>(at), tuple);
  }
  return list.release();
}

PyObject* Opcodes(PyObject* a_lines, PyObject* b_lines, PyObject* junk, bool autojunk, PyObject* may_go_on) {
  const Reference numbers(PyDict_New());
  std::vector<Symbol> a, b;
  if (!numbers || !InternAll(a_lines, numbers.get(), &a) || !InternAll(b_lines, numbers.get(), &b)) return nullptr;
  const uint32_t alphabet = static_cast<uint32_t>(PyDict_Size(numbers.get()));
  std::vector<uint8_t> is_junk(alphabet);
  if (!MarkJunk(junk, numbers.get(), &is_junk)) return nullptr;
  bool has_raised = false;
  Pacer pacer = PacerOf(may_go_on, &has_raised);
  SequenceMatcher matcher(alphabet, std::move(is_junk), autojunk, &pacer);
  matcher.SetB(b);
  matcher.SetA(a);
  const std::vector<Opcode> codes = matcher.Opcodes();
  if (has_raised) return nullptr;
  return pacer.is_stopped() ? None() : ListOf(codes);
}

// ---- replace ----

bool AddAll(PyObject* list, Text* text) {
  std::vector<Py_UCS4> characters;
  for (Py_ssize_t at = 0; at < PyList_Size(list); ++at) {
    PyObject* line = PyList_GetItem(list, at);
    if (!PyUnicode_CheckExact(line)) {
      PyErr_SetString(PyExc_TypeError, "a line is not a str");
      return false;
    }
    const Py_ssize_t size = PyUnicode_GetLength(line);
    characters.resize(static_cast<size_t>(size) + 1);
    if (PyUnicode_AsUCS4(line, characters.data(), size + 1, 1) == nullptr) return false;
    text->Add(std::u32string(characters.begin(), characters.begin() + size));
  }
  return true;
}

// Asks Python, whose table of characters depends on its version.
bool FindSpaces(const Text& text, Spaces* spaces) {
  for (const char32_t character : text.characters()) {
    const Reference string(PyUnicode_FromOrdinal(static_cast<int>(character)));
    const Reference answer(string ? PyObject_CallMethod(string.get(), "isspace", nullptr) : nullptr);
    if (!answer) return false;
    spaces->push_back(PyObject_IsTrue(answer.get()) > 0);
  }
  return true;
}

std::string Utf8(const std::u32string& text) {
  std::string bytes;
  for (const char32_t c : text) {
    if (c < 0x80) {
      bytes += static_cast<char>(c);
    } else if (c < 0x800) {
      bytes += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      bytes += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
                static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      bytes += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
                static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return bytes;
}

PyObject* ListOf(const std::vector<DeltaLine>& delta, PyObject* a_lines, PyObject* b_lines) {
  const Py_ssize_t a_size = PyList_Size(a_lines);
  const Reference same(PyUnicode_FromString("  ")), gone(PyUnicode_FromString("- ")), added(PyUnicode_FromString("+ "));
  Reference list(PyList_New(static_cast<Py_ssize_t>(delta.size())));
  if (!same || !gone || !added || !list) return nullptr;
  for (size_t at = 0; at < delta.size(); ++at) {
    const DeltaLine& line = delta[at];
    PyObject* told = nullptr;
    if (line.tag == '?') {
      const std::string marks = "? " + Utf8(line.marks) + "\n";
      told = PyUnicode_FromStringAndSize(marks.data(), static_cast<Py_ssize_t>(marks.size()));
    } else if (line.tag == '+') {
      told = PyUnicode_Concat(added.get(), PyList_GetItem(b_lines, static_cast<Py_ssize_t>(line.line) - a_size));
    } else {
      PyObject* text = PyList_GetItem(a_lines, static_cast<Py_ssize_t>(line.line));
      told = PyUnicode_Concat(line.tag == '-' ? gone.get() : same.get(), text);
    }
    if (told == nullptr) return nullptr;
    PyList_SetItem(list.get(), static_cast<Py_ssize_t>(at), told);
  }
  return list.release();
}

PyObject* ReplaceLines(PyObject* a_lines, PyObject* b_lines, bool windowed, PyObject* may_go_on) {
  Text text;
  Spaces spaces;
  if (!AddAll(a_lines, &text) || !AddAll(b_lines, &text) || !FindSpaces(text, &spaces)) return nullptr;
  bool has_raised = false, out_of_room = false;
  Pacer pacer = PacerOf(may_go_on, &has_raised);
  const Form form = windowed ? Form::kWindowed : Form::kRecursive;
  const std::vector<DeltaLine> delta =
      Replace(text, static_cast<uint32_t>(PyList_Size(a_lines)), spaces, form, &pacer, &out_of_room);
  if (has_raised) return nullptr;
  return pacer.is_stopped() || out_of_room ? None() : ListOf(delta, a_lines, b_lines);
}

// ---- the module ----

// Both sides as lists of their own: may_go_on must not change what is being read.
bool CopyLists(PyObject* a, PyObject* b, Reference* a_copy, Reference* b_copy) {
  a_copy->reset(PySequence_List(a));
  b_copy->reset(*a_copy ? PySequence_List(b) : nullptr);
  return *b_copy != nullptr;
}

PyObject* CallOpcodes(PyObject* /*module*/, PyObject* arguments) {
  PyObject *a = nullptr, *b = nullptr, *junk = nullptr, *may_go_on = nullptr;
  int autojunk = 0;
  Reference a_copy, b_copy;
  if (PyArg_ParseTuple(arguments, "OOOpO", &a, &b, &junk, &autojunk, &may_go_on) == 0) return nullptr;
  if (!CopyLists(a, b, &a_copy, &b_copy)) return nullptr;
  try {
    return Opcodes(a_copy.get(), b_copy.get(), junk, autojunk != 0, may_go_on);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

PyObject* CallReplace(PyObject* /*module*/, PyObject* arguments) {
  PyObject *a = nullptr, *b = nullptr, *may_go_on = nullptr;
  int windowed = 0;
  Reference a_copy, b_copy;
  if (PyArg_ParseTuple(arguments, "OOpO", &a, &b, &windowed, &may_go_on) == 0) return nullptr;
  if (!CopyLists(a, b, &a_copy, &b_copy)) return nullptr;
  try {
    return ReplaceLines(a_copy.get(), b_copy.get(), windowed != 0, may_go_on);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

// Whether a descriptor is the regular file with this inode, and empty.
bool IsEmpty(int descriptor, unsigned long long inode) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 && status.st_size == 0 && status.st_ino == inode;
}

PyObject* CallAreEmpty(PyObject* /*module*/, PyObject* arguments) {
  unsigned long long out = 0, err = 0;
  if (PyArg_ParseTuple(arguments, "KK", &out, &err) == 0) return nullptr;
  return PyBool_FromLong(static_cast<long>(IsEmpty(STDOUT_FILENO, out) && IsEmpty(STDERR_FILENO, err)));
}

PyMethodDef methods[] = {
    {"are_empty", CallAreEmpty, METH_VARARGS,
     "are_empty(inode, inode) -> whether 1 and 2 are these files, with nothing in them"},
    {"opcodes", CallOpcodes, METH_VARARGS, "opcodes(a, b, junk, autojunk, may_go_on) -> list of tuples, or None"},
    {"replace", CallReplace, METH_VARARGS, "replace(a, b, windowed, may_go_on) -> list of lines, or None"},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef_Slot slots[] = {{0, nullptr}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "fastest_native",
                          "What is slow in Python: diffs as difflib makes them, and a look at captured output.",
                          0,
                          methods,
                          slots,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace
}  // namespace fastest::native

PyMODINIT_FUNC PyInit_fastest_native() { return PyModuleDef_Init(&fastest::native::definition); }
