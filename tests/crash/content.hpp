// A number for all that a store holds, as its readers see it: two stores with the same number hold the same.
#pragma once

#include <twinlink/store_reader.hpp>

#include <string>

namespace twinlink::crash {

/// XXH3 over everything that a snapshot gives, decoded and with its checksums compared, but for what is of
/// `except` (an ACD that the judge adds) and for counts of the whole store. What is damaged is not in it: ask
/// damaged().
[[nodiscard]] u64 content_of(const StoreSnapshot& snapshot, Acd except);

}  // namespace twinlink::crash
