// crash_workload SEED ROOT: the process that is recorded. Runs the workload below ROOT and writes a mark for
// each commit that was acknowledged.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/crash/judge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>

namespace {

using namespace twinlink;
using namespace twinlink::crash;

void leave(const doctest::AssertData& data) {
    std::fprintf(stderr, "check failed: %s at %s:%d\n", data.m_expr, data.m_file, data.m_line);
    std::exit(4);
}

}  // namespace

int main(int argc, char** argv) {
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler(leave);
    u64 seed = 0;
    if (argc != 3 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), seed).ec != std::errc{}) {
        std::fprintf(stderr, "usage: crash_workload SEED ROOT\n");
        return 2;
    }
    const std::string file = std::string(argv[2]) + "/" + kMarksFile;
    const int marks = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool good = marks >= 0;
    run_workload({seed, "", [&](const StoreSnapshot& snapshot, const StoreInfo& info, u64 kinds) {
                      const Mark mark{info.commits, content_of(snapshot, kJudgesAcd), kinds};
                      const bool written =
                          ::write(marks, &mark, sizeof mark) == static_cast<ssize_t>(sizeof mark);
                      good = good && written;
                  }});
    return good ? 0 : 4;
}
