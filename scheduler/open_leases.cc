#include "scheduler/open_leases.h"

#include <algorithm>
#include <utility>

namespace fastest {

OpenLeases::Load* OpenLeases::Find(LeaseId lease) {
  const auto found = places_.find(lease);
  return found == places_.end() ? nullptr : &loads_[found->second];
}

void OpenLeases::Open(LeaseId lease, AgentId agent, bool may_give_back) {
  if (!places_.emplace(lease, loads_.size()).second) return;
  Load load;
  load.lease = lease;
  load.agent = agent;
  load.may_give_back = may_give_back;
  loads_.push_back(load);
}

void OpenLeases::Close(LeaseId lease) {
  const auto found = places_.find(lease);
  if (found == places_.end()) return;
  const std::size_t place = found->second;
  if (loads_[place].is_revoking) --revoking_;
  places_.erase(found);
  if (place + 1 < loads_.size()) {
    loads_[place] = loads_.back();
    places_[loads_[place].lease] = place;
  }
  loads_.pop_back();
}

void OpenLeases::AddWaiting(LeaseId lease, double seconds) {
  Load* load = Find(lease);
  if (load == nullptr) return;
  if (seconds < 0) {
    ++load->unknown_items;
  } else {
    ++load->known_items;
    load->known += seconds;
  }
}

void OpenLeases::RemoveWaiting(LeaseId lease, double seconds) {
  Load* load = Find(lease);
  if (load == nullptr) return;
  load->has_begun = true;
  if (seconds < 0) {
    if (load->unknown_items > 0) --load->unknown_items;
  } else if (load->known_items > 0) {
    load->known = --load->known_items == 0 ? 0 : load->known - seconds;
  }
}

void OpenLeases::Begin(LeaseId lease, double seconds, double now) {
  RemoveWaiting(lease, seconds);
  if (Load* load = Find(lease)) load->since = now;
}

void OpenLeases::SetCost(LeaseId lease, double seconds) {
  if (Load* load = Find(lease)) load->cost = seconds;
}

void OpenLeases::BeginRevoke(LeaseId lease) {
  Load* load = Find(lease);
  if (load == nullptr || load->is_revoking) return;
  load->is_revoking = true;
  load->may_give_back = false;
  ++revoking_;
}

void OpenLeases::EndRevoke(LeaseId lease) {
  Load* load = Find(lease);
  if (load != nullptr && std::exchange(load->is_revoking, false)) --revoking_;
}

void OpenLeases::Keep(LeaseId lease) {
  if (Load* load = Find(lease)) load->may_give_back = false;
}

bool OpenLeases::HasBegun(LeaseId lease) const {
  const auto found = places_.find(lease);
  return found != places_.end() && loads_[found->second].has_begun;
}

std::vector<LeaseId> OpenLeases::Victims(std::size_t most, double unknown, double least,
                                         const std::function<bool(AgentId)>& is_overbooked, double now) const {
  std::vector<std::pair<double, LeaseId>> gains;
  for (const Load& load : loads_) {
    const double gain = load.known + load.unknown_items * std::max(unknown, now - load.since) - load.cost;
    if (!load.may_give_back || gain <= least) continue;
    if (load.has_begun || is_overbooked(load.agent)) gains.emplace_back(-gain, load.lease);
  }
  const std::size_t count = std::min(most, gains.size());
  std::partial_sort(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(count), gains.end());
  std::vector<LeaseId> victims;
  for (std::size_t i = 0; i < count; ++i) victims.push_back(gains[i].second);
  return victims;
}

}  // namespace fastest
