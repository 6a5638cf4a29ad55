// fastest_native: the Python extension module, in CPython's limited API: one binary for all versions from 3.9 on.
//
//   opcodes(a, b, junk, autojunk, may_go_on)   difflib.SequenceMatcher(junk.__contains__, a, b, autojunk).get_opcodes()
//   replace(a, b, windowed, may_go_on)         list(difflib.ndiff(a, b)) of a block of lines that became another
//   are_empty(out, err)                        whether descriptors 1 and 2 are the files with these inodes, and empty
//
// a, b: lists; of exact str for `replace`, of hashable objects for `opcodes`; junk: a set. may_go_on: called without
// arguments every few milliseconds. If it returns something false the answer is None; what it raises is raised. The
// answer is None, too, where it would take too much memory. Keeps no state; holds the GIL but while may_go_on runs.

#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

PyMODINIT_FUNC PyInit_fastest_native();
