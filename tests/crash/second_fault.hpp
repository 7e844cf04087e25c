// A crash, and then a call that fails while the store is opened.
#pragma once

#include "tests/store/faulty_calls.hpp"

#include <filesystem>
#include <string>

namespace twinlink::crash {

/// Opens the store at `path` with `fault`. Nothing may be changed, whether it opens or not; `struck`: the
/// fault did come. Returns what is wrong, empty = nothing.
[[nodiscard]] std::string fault_error(const std::filesystem::path& path, const faults::Fault& fault,
                                      bool& struck);

}  // namespace twinlink::crash
