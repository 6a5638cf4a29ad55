# libsodium: BLAKE2b, Curve25519 and random bytes (libzmq's CURVE is built on it too).
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
target_link_libraries(base PRIVATE PkgConfig::SODIUM)
