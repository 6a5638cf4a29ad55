// GroupItems: cuts a list of items into groups that stay together on one worker.
//
// Fixtures of module and class scope are set up once a group, so that a group follows their scopes: a file by default,
// cut only where the file alone outweighs what a worker should get; a class is cut only inside a parametrised method
// that needs nothing of class scope, or, for an idle worker, where nothing ties its methods together. Pure.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fastest {

enum class GroupRule : std::uint8_t {
  kFile,  // A file; a large one is cut between its functions and classes, a large parametrised function between its
          // items.
  kFileWhole,  // A file, never cut (--dist loadfile).
  kScope,      // A class or a module's functions, never cut (--dist loadscope).
  kMark,       // Items of one xdist_group mark together (--dist loadgroup); the others as kFile.
  kFree,       // Functions and classes, whatever their file (--optimizer aggressive).
};

struct GroupItem {
  std::string_view node_id;
  std::string_view mark;         // Its xdist_group, or "".
  double seconds = 0;            // Predicted.
  bool divisible = false;        // A parametrised method: its items may go apart, though they are of one class.
  bool class_divisible = false;  // Its class may be cut anywhere.
};

// The groups as indexes into `items`, each in the items' order. `largest` seconds: what may be cut and is larger, is
// cut.
std::vector<std::vector<std::uint32_t>> GroupItems(std::span<const GroupItem> items, GroupRule rule, double largest);

// Predicted seconds of the longest part of a group that the rule never cuts.
double LongestPart(std::span<const GroupItem> items, const std::vector<std::uint32_t>& group, GroupRule rule);

// The parts, of those that the rule never cuts, of items that one worker is to run: in the items' order, but those
// first, the longest before all, that would end after `share` seconds and are too long to be left to the end (an eighth
// of it).
std::vector<std::vector<std::uint32_t>> PartsInOrder(std::span<const GroupItem> items, GroupRule rule, double share);

}  // namespace fastest
