// Makes the daemon that it is linked into crash at the message that TWINLINK_CRASH_AT numbers: a fault of the
// fold, for tests of what follows. No program that ships has this file.
#include "engine/planted.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace {

[[maybe_unused]] const bool kPlanted = [] {
    const char* const text = std::getenv("TWINLINK_CRASH_AT");
    if (text == nullptr) return false;
    twinlink::u64 seq = 0;
    std::from_chars(text, text + std::strlen(text), seq);
    twinlink::planted_crash_seq = seq;
    return true;
}();

}  // namespace
