// The command `twinlink`: ties the command line to this process's streams, environment and clocks.
#include "tools/twinlink/commands.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace {

using namespace twinlink;

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n > 0)
            text.remove_prefix(static_cast<std::size_t>(n));
        else if (n < 0 && errno != EINTR)
            return false;
    }
    return true;
}

/// LMDB trusts its file: rot in a page that it finds its way by can end this process. Then at least it says
/// so.
extern "C" void on_crash(int) {
    constexpr std::string_view kText =
        "twinlink: crashed. If it was reading a store, that store is likely damaged where LMDB finds its way "
        "in "
        "it; nothing was changed. Try: twinlink store check DIR\n";
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(static_cast<int>(tools::ExitCode::Internal));
}

volatile std::sig_atomic_t interrupted = 0;
extern "C" void on_interrupt(int) { interrupted = 1; }

cli::Rim this_process() {
    cli::Rim rim;
    rim.out = [](std::string_view text) { return write_all(STDOUT_FILENO, text); };
    rim.err = [](std::string_view text) { write_all(STDERR_FILENO, text); };
    rim.environment = [](std::string_view name) -> std::string {
        const char* value = std::getenv(std::string(name).c_str());
        return value == nullptr ? "" : value;
    };
    rim.wall_ns = [] {
        return static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count());
    };
    rim.pause = [](Nanos time) { std::this_thread::sleep_for(std::chrono::nanoseconds(time.value)); };
    rim.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    rim.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    rim.interrupted = [] {
        static const bool listening = [] {
            struct sigaction action{};
            action.sa_handler = on_interrupt;
            action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the process
            return ::sigaction(SIGINT, &action, nullptr) == 0;
        }();
        return listening && interrupted != 0;
    };
    return rim;
}

}  // namespace

int main(int argc, char** argv) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT}) std::signal(signal, on_crash);
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        return static_cast<int>(cli::run(arguments, this_process()));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "twinlink: gave up: %s. Nothing was changed.\n", error.what());
        return static_cast<int>(tools::ExitCode::Internal);
    }
}
