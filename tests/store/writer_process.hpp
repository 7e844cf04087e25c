// store_writer as the tests run it: what one run of it said, and what it left.
#pragma once

#include "tests/store/store_rig.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

namespace twinlink::rig {

/// What one run of store_writer said.
struct Ran {
    u64 acknowledged = 0;
    std::string stopped;
    std::string refused;
    std::string wrong;
    u64 again = 0;
    bool reopened = false;
    bool struck = false;
    u64 full = 0;  ///< times that there was no room, told once each
    int status = 0;
};

/// Runs it; where `kill_after` is given, kills it with SIGKILL when that many commits were acknowledged and
/// `spins` passed.
inline Ran run_writer(const std::filesystem::path& path, std::vector<std::string> options,
                      u64 kill_after = ~u64{0}, u64 spin_us = 0) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], 1);
        ::close(ends[0]);
        ::close(ends[1]);
        options.insert(options.begin(), {TWINLINK_STORE_WRITER, path.string()});
        std::vector<char*> arguments;
        for (auto& o : options) arguments.push_back(o.data());
        arguments.push_back(nullptr);
        ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    Ran ran;
    std::FILE* const in = ::fdopen(ends[0], "r");
    std::array<char, 1024> buffer;
    while (std::fgets(buffer.data(), buffer.size(), in) != nullptr) {
        std::istringstream line(buffer.data());
        std::string word;
        line >> word;
        if (word == "ok") line >> ran.acknowledged;
        if (word == "again") {
            line >> ran.again;
            ran.reopened = true;
        }
        if (word == "stopped") std::getline(line >> std::ws, ran.stopped);
        if (word == "refused") std::getline(line >> std::ws, ran.refused);
        if (word == "wrong") std::getline(line >> std::ws, ran.wrong);
        if (word == "struck") ran.struck = true;
        if (word == "full") ++ran.full;
        if (ran.acknowledged >= kill_after) {
            ::usleep(static_cast<useconds_t>(spin_us));
            ::kill(child, SIGKILL);
            kill_after = ~u64{0};
        }
    }
    std::fclose(in);
    ::waitpid(child, &ran.status, 0);
    return ran;
}

/// Opens what is there and returns k; fails the test where the content is not that of k whole batches.
inline u64 whole_batches(const std::filesystem::path& path, u64 messages = kModelMessages) {
    Store store = open_store(path);
    u64 k = 0;
    CHECK(model_error(snapshot_of(store), k, messages) == "");
    return k;
}

}  // namespace twinlink::rig
