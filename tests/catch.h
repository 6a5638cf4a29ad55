// Catch2 under one name: version 2 (Debian 12) and 3 (Debian 13, Ubuntu 24.04) have other headers.
// Include it last: in a test, CHECK is Catch2's, not base/check.h's.

#pragma once

#undef CHECK
#if FASTEST_CATCH_VERSION == 3
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
