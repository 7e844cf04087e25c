// Are the days, weeks and months what follows from the rows that they are made of? Part of the check
// (check.hpp), in its child process.
#pragma once

#include <twinlink/store_reader.hpp>

#include <functional>
#include <string>

namespace twinlink::store {

/// Calls find(where, what) for each row or record of a period that is not marked as due and yet differs from
/// what its intervals or days add up to, as far as these are all kept, and for rows without a record. Damaged
/// values go to the snapshot's own callback. Returns how many rolled rows could be read.
u64 check_roll_ups(const StoreSnapshot& snapshot,
                   const std::function<void(std::string where, std::string what)>& find);

}  // namespace twinlink::store
