// A store that the daemon cannot live with is put aside, whole, under another name: never changed, never
// deleted. Cold; the main thread, before anything is opened.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <functional>
#include <string>

namespace twinlink::daemon {

/// Renames the store to STORE.quarantine-20261130T161530Z and gives that name; empty: there is no store.
/// `write_down` gets the name before. Errors: it failed, another process has the store open for writing, the
/// folder around it may not be written: the store is where it was then.
[[nodiscard]] Expected<std::string> quarantine(
    const std::string& store, Nanos wall,
    const std::function<Expected<void>(const std::string&)>& write_down);

/// Writes down that the daemon is in safe mode for that reason, puts the store aside, and tells it loudly.
/// Once, until people have seen it: what goes on making stores unusable must not fill the disk with them.
/// `again`: they say so. False: the store is where it was.
bool go_safe(const std::string& store, const std::string& why, Nanos wall, bool again = false);

}  // namespace twinlink::daemon
