// The command itself: exit codes, and a run into capture files.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

struct Outcome {
    int code;
    std::string out;
    std::string err;
};

/// A folder that goes away with the test.
struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("acdsim-test-" + std::to_string(getpid()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string file(const char* name) const { return (path / name).string(); }
};

std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Outcome acdsim(const Folder& folder, const std::string& arguments) {
    const std::string command =
        std::string(ACDSIM) + " " + arguments + " >" + folder.file("out") + " 2>" + folder.file("err");
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), slurp(folder.file("out")), slurp(folder.file("err"))};
}

}  // namespace

TEST_CASE("acdsim: help and version go to stdout and are no error") {
    const Folder folder;
    const auto help = acdsim(folder, "run --help");
    CHECK(help.code == 0);
    CHECK(help.out.find("never-both") != std::string::npos);
    CHECK(help.out.find("Exit codes") != std::string::npos);
    const auto version = acdsim(folder, "--version");
    CHECK(version.code == 0);
    CHECK(version.out.starts_with("acdsim "));
}

TEST_CASE("acdsim: a wrong command line is refused with 2, a reason on stderr, and nothing on stdout") {
    const Folder folder;
    const std::string server = " --server 'A=pcap:" + folder.file("a") + ",B=pcap:" + folder.file("b") + "' ";
    for (const std::string& arguments :
         {std::string{}, std::string{"fly"}, std::string{"run"}, std::string{"run --server nonsense"},
          std::string{"run --server 'A=udp:127.0.0.1:0,B=udp:127.0.0.1:5'"},
          std::string{"run --server 'A=carrier-pigeon:x,B=pcap:y'"}, "run --fault 'explode'" + server,
          "run --agents 0" + server, "run --interval 20" + server, "run --speed fast" + server,
          "run --speed -1" + server, "run --start yesterday" + server, "run --frame-bytes 10" + server,
          "run" + server + server + server + server, "run --loop-days 1 --fault loss=0.1" + server,
          "replay --format nothing x" + server, "replay --format technion /nowhere" + server,
          "run --truth /nowhere/at/all" + server}) {
        CAPTURE(arguments);
        const auto r = acdsim(folder, arguments);
        CHECK(r.code == 2);
        CHECK(r.out.empty());
        CHECK_FALSE(r.err.empty());
    }
}

TEST_CASE(
    "acdsim: options of a recording that contradict each other, or a file without events, are refused with "
    "2") {
    const Folder folder;
    std::ofstream(folder.file("queue_log")) << "rubbish\n";
    const std::string end = " " + folder.file("queue_log") + " --server 'A=pcap:" + folder.file("a") +
                            ",B=pcap:" + folder.file("b") + "'";
    for (const char* const options :
         {"technion --follow", "technion --aux a=1", "technion --redirect-unanswered", "queue_log --from-end",
          "queue_log --follow --speed max", "queue_log --aux Lunch=100", "queue_log --aux =1",
          "queue_log --aux Lunch", "queue_log --window 0", "queue_log --interval 20", "queue_log"}) {
        CAPTURE(options);
        const auto r = acdsim(folder, std::string("replay --format ") + options + end);
        CHECK(r.code == 2);
        CHECK_FALSE(r.err.empty());
    }
    CHECK(acdsim(folder, "replay --format queue_log /dev" + end).code == 2);
}

TEST_CASE("acdsim: a device that does not open is 4") {
    const Folder folder;
    const auto r = acdsim(folder, "run --server 'A=pcap:/nowhere/at/all,B=pcap:/nowhere/at/all'");
    CHECK(r.code == 4);
    CHECK(r.err.find("/nowhere/at/all") != std::string::npos);
}

TEST_CASE("acdsim: two runs into capture files give the same files and a truth") {
    const Folder folder;
    const auto run = [&](const char* a, const char* b) {
        return acdsim(folder, "run --speed max --hours 30m --agents 40 --fault loss=0.05 --truth " +
                                  folder.file("truth") + " --truth-summary " + folder.file("summary") +
                                  " --server 'A=pcap:" + folder.file(a) + ",B=pcap:" + folder.file(b) + "'");
    };
    CHECK(run("a1", "b1").code == 0);
    CHECK(run("a2", "b2").code == 0);
    CHECK(slurp(folder.file("a1")) == slurp(folder.file("a2")));
    CHECK(slurp(folder.file("b1")) == slurp(folder.file("b2")));
    CHECK(slurp(folder.file("a1")).size() > 10'000);
    CHECK(slurp(folder.file("truth")).starts_with("{\"kind\":\"epoch_begin\""));
    CHECK(slurp(folder.file("summary")).find("\"lost_both\"") != std::string::npos);
}

TEST_CASE("acdsim: a recording with a damaged line is sent, and the exit code says that something is wrong") {
    const Folder folder;
    std::ofstream(folder.file("calls.csv")) << "vru+line,call_id,customer_id,priority,type,date,vru_entry,"
                                               "vru_exit,vru_time,q_start,q_exit,q_time,outcome,"
                                               "ser_start,ser_exit,ser_time,server\n"
                                               "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:"
                                               "20,10,AGENT,9:00:20,9:10:00,580,AVI\nrubbish\n";
    const auto r = acdsim(folder, "replay --format technion " + folder.file("calls.csv") +
                                      " --speed max --server 'A=pcap:" + folder.file("a") +
                                      ",B=pcap:" + folder.file("b") + "'");
    CHECK(r.code == 1);
    CHECK(r.err.find(":3: skipped") != std::string::npos);
}
