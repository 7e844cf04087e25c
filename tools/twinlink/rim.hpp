// What the command needs from the outside, as values, so that a test can be the outside: streams,
// environment, clock.
//
// One thread.
#pragma once

#include "tools/common/terminal.hpp"

#include <twinlink/types.hpp>

#include <functional>
#include <string_view>

namespace twinlink::cli {

struct Rim {
    std::function<bool(std::string_view)> out;  ///< standard output: data. False when it takes no more.
    std::function<void(std::string_view)> err;  ///< standard error: everything else
    tools::EnvironmentFn environment;
    std::function<u64()> wall_ns;      ///< CLOCK_REALTIME
    std::function<void(Nanos)> pause;  ///< waits that long
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    std::function<bool()> interrupted;  ///< the user has asked to stop; from the first call on that is heeded
    Nanos answer_timeout = 5_s;         ///< how long the appliance may take to answer
};

}  // namespace twinlink::cli
