// The ids of a run. Strong types: one cannot be passed for another.

#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <type_traits>

namespace fastest {

// Of the messages between coordinator and agent; another one is refused.
constexpr std::uint32_t kProtocolVersion = 2;

enum class AgentId : std::uint32_t {};   // An agent, as the coordinator numbers them from 0.
enum class WorkerId : std::uint32_t {};  // A worker of the run: k stands for "gw<k>"; a restarted worker keeps its id.
enum class UnitId : std::uint32_t {};    // A work unit of the plan.
enum class LeaseId : std::uint64_t {};   // One grant of a batch to one worker; never used twice, so it fences.
enum class ItemId : std::uint32_t {};    // An item in the ledger.

template <typename Id>
requires std::is_enum_v<Id>
constexpr auto Number(Id id) { return static_cast<std::underlying_type_t<Id>>(id); }

// What makes an item the same item in every process: equal node ids (--keep-duplicates, custom collectors) are told
// apart by their order within their work unit's file.
struct ItemKey {
  std::string node_id;
  std::uint32_t occurrence = 0;

  auto operator<=>(const ItemKey&) const = default;
};

}  // namespace fastest
