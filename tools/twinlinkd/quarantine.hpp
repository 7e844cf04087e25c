// A store that the daemon cannot live with is put aside, whole, under another name: never changed, never
// deleted. Cold; the main thread, before anything is opened.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <string>

namespace twinlink::daemon {

/// Renames the store to STORE.quarantine-20261130T161530Z and gives that name; empty: there is no store.
/// Errors: another process has it open for writing, the folder around it may not be written: nothing is
/// changed then.
[[nodiscard]] Expected<std::string> quarantine(const std::string& store, Nanos wall);

}  // namespace twinlink::daemon
