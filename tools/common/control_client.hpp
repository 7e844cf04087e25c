// Asks the appliance something over its control socket: one line there, one document back.
//
// Blocking, bounded in time and size; one thread. Never changes anything by itself.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <string>
#include <string_view>

namespace twinlink::tools {

/// The most that an answer may be long. Chosen: 64 ACDs with all their counters are under 1 MiB.
inline constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 20;

/// Connects to the Unix stream socket `path`, sends `line` and a newline, and reads until the other side
/// closes. Errors: nobody listens there, no permission, no answer within `timeout`, an answer that is too
/// long.
[[nodiscard]] Expected<std::string> ask(const std::string& path, std::string_view line, Nanos timeout);

}  // namespace twinlink::tools
