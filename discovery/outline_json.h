// An Outline as JSON and back: the entries of the discovery cache. Adapter to simdjson; no other file includes it but
// discovery_cache.cc. Compact: an array whose trailing defaults are left out, since a large project has 10,000
// functions.

#pragma once

#include <simdjson.h>

#include <string>

#include "discovery/outline.h"

namespace fastest {

// Part of the cache's key: to be raised with every change of what an outline holds or of how parsers fill it.
constexpr int kOutlineVersion = 4;

void AppendJsonString(std::string& out, std::string_view text);
void AppendJson(std::string& out, const Outline& outline);
// False if `element` is not what AppendJson wrote.
bool ReadOutline(simdjson::dom::element element, Outline& outline);

}  // namespace fastest
