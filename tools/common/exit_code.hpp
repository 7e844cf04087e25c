// How our commands end. The same five codes in every tool, so that scripts and supervisors can rely on them.
#pragma once

namespace twinlink::tools {

/// What the shell gets.
enum class ExitCode : int {
    Ok = 0,           ///< done and healthy
    Problem = 1,      ///< a problem was found: open gaps, a failed check, damage
    Usage = 2,        ///< the command line or a configuration is wrong; nothing was done
    Unreachable = 3,  ///< the appliance does not answer
    Internal = 4,     ///< we failed: no memory, a full pipe, an error of the operating system
};

/// The worse of two, for commands that go on after a problem.
constexpr ExitCode worse(ExitCode a, ExitCode b) noexcept { return a < b ? b : a; }

}  // namespace twinlink::tools
