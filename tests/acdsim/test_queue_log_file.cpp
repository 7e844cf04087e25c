// Files of a queue_log: lines of any length, files that grow, are renamed or cut off; events in order of
// time.
#include "tests/acdsim/queue_log_writer.hpp"

using namespace twinlink;
using namespace twinlink::sim;

namespace {

constexpr Nanos kLatest{2'000'000'000'000'000'000ULL};

std::vector<std::string> rest_of(QueueLogFile& file) {
    std::vector<std::string> lines;
    while (const auto line = file.next())
        lines.push_back(std::to_string(line->number) + (line->too_long ? "!" : ":") +
                        std::string(line->text));
    return lines;
}
using Lines = std::vector<std::string>;

/// "second kind", in the order in which they are ready.
Lines events(const Log& log, Nanos window, Lines* damaged = nullptr) {
    auto file = QueueLogFile::open(log.path, false);
    REQUIRE(file);
    QueueLogInput input(std::move(*file), window, false,
                        [&](u64 number, const std::string& why) {
                            if (damaged != nullptr) damaged->push_back(std::to_string(number) + " " + why);
                        },
                        {});
    Lines seen;
    for (input.read({}, kLatest); input.front() != nullptr; input.read({}, kLatest)) {
        const auto e = input.take();
        seen.push_back(std::to_string(e.time.value / kSecond - kLogStart) + " " +
                       std::string(e.kind == QueueLogKind::RingStart ? "ring" : name(e.kind)));
    }
    CHECK(input.over());
    return seen;
}

}  // namespace

TEST_CASE(
    "queue_log: an empty file has no line; a last line needs no end; CRLF is no part of a line's number") {
    const Log log;
    log.add("");
    auto file = QueueLogFile::open(log.path, false);
    REQUIRE(file);
    CHECK(rest_of(*file).empty());
    log.add("one\r\n\ntwo");
    auto again = QueueLogFile::open(log.path, false);
    REQUIRE(again);
    CHECK(rest_of(*again) == Lines{"1:one\r", "2:", "3:two"});
    CHECK_FALSE(QueueLogFile::open(log.folder, false));
    CHECK_FALSE(QueueLogFile::open(log.folder / "nothing", false));
}

TEST_CASE("queue_log: lines that are too long are told once, and the next one is whole") {
    const Log log;
    const std::string fits(kQueueLogLineBytes, 'a');
    log.add(fits + "\n" + fits + "b\nshort\n" + std::string(1'000'000, 'c') + "\nend\n" +
            std::string(300'000, 'd'));
    auto file = QueueLogFile::open(log.path, false);
    REQUIRE(file);
    CHECK(rest_of(*file) == Lines{"1:" + fits, "2!" + fits, "3:short",
                                  "4!" + std::string(kQueueLogLineBytes, 'c'), "5:end",
                                  "6!" + std::string(kQueueLogLineBytes, 'd')});
}

TEST_CASE("queue_log: a growing file gives whole lines only") {
    const Log log;
    log.add("one\ntw");
    auto file = QueueLogFile::open(log.path, true);
    REQUIRE(file);
    CHECK(rest_of(*file) == Lines{"1:one"});
    CHECK(rest_of(*file).empty());
    log.add("o");
    CHECK(rest_of(*file).empty());
    log.add("\nthree\n");
    CHECK(rest_of(*file) == Lines{"2:two", "3:three"});
}

TEST_CASE("queue_log: renamed away, the old file is read to its end before the new one begins") {
    const Log log;
    log.add("one\n");
    auto file = QueueLogFile::open(log.path, true);
    REQUIRE(file);
    CHECK(rest_of(*file) == Lines{"1:one"});
    const auto old = log.folder / "queue_log.1";
    std::filesystem::rename(log.path, old);
    CHECK(rest_of(*file).empty());  // nothing is there yet
    log.add("");
    CHECK(rest_of(*file).empty());  // the writer has not come yet
    std::ofstream(old, std::ios::app) << "two\nthree, torn";
    CHECK(rest_of(*file) == Lines{"2:two"});
    log.add("four\n");
    CHECK(rest_of(*file) == Lines{"3:three, torn", "1:four"});
    CHECK(file->rotations() == 1);
    log.add("five\n");
    CHECK(rest_of(*file) == Lines{"2:five"});
}

TEST_CASE("queue_log: cut off, the file begins again") {
    const Log log;
    log.add("one\ntwo\nthr");
    auto file = QueueLogFile::open(log.path, true);
    REQUIRE(file);
    CHECK(rest_of(*file) == Lines{"1:one", "2:two"});
    std::filesystem::resize_file(log.path, 0);
    CHECK(rest_of(*file).empty());
    log.add("four\n");
    CHECK(rest_of(*file) == Lines{"1:four"});
    CHECK(file->rotations() == 1);
}

TEST_CASE("queue_log: lines that are slightly out of order are sorted, and a ring begins where it was") {
    const Log log;
    log.add(at(100, "1.1|q|NONE|ENTERQUEUE||1|1") + at(103, "1.2|q|NONE|ENTERQUEUE||1|1") +
            at(101, "1.3|q|NONE|ENTERQUEUE||1|1") + at(120, "1.1|q|SIP/1|CONNECT|20|x|15") +
            at(120, "1.2|q|SIP/2|RINGNOANSWER|20000") + at(140, "1.1|q|SIP/1|COMPLETEAGENT|20|20|1"));
    CHECK(events(log, 60_s) == Lines{"100 ENTERQUEUE", "100 ring", "101 ENTERQUEUE", "103 ENTERQUEUE",
                                     "105 ring", "120 CONNECT", "120 RINGNOANSWER", "140 COMPLETEAGENT"});
    // A ring that is longer than the window begins at its edge.
    CHECK(events(log, 10_s) == Lines{"100 ENTERQUEUE", "101 ENTERQUEUE", "103 ENTERQUEUE", "110 ring",
                                     "110 ring", "120 CONNECT", "120 RINGNOANSWER", "140 COMPLETEAGENT"});
}

TEST_CASE("queue_log: one wild time is damage, a real jump is not") {
    const Log log;
    log.add(at(86'400 * 900, "NONE|NONE|NONE|CONFIGRELOAD|") + at(100, "NONE|NONE|NONE|QUEUESTART|") +
            at(86'400 * 300, "NONE|NONE|NONE|CONFIGRELOAD|") + at(101, "NONE|NONE|NONE|CONFIGRELOAD|") +
            "rubbish\n" + at(86'400 * 5, "NONE|NONE|NONE|CONFIGRELOAD|") +
            at(86'400 * 5 + 1, "NONE|NONE|NONE|QUEUESTART|") +
            at(86'400 * 9, "NONE|NONE|NONE|CONFIGRELOAD|"));
    Lines damaged;
    CHECK(events(log, 60_s, &damaged) == Lines{"100 QUEUESTART", "101 CONFIGRELOAD", "432000 CONFIGRELOAD",
                                               "432001 QUEUESTART", "777600 CONFIGRELOAD"});
    REQUIRE(damaged.size() == 3);
    CHECK(damaged[0].starts_with("1 its time is 77759900 s ahead"));
    CHECK(damaged[1].starts_with("3 its time is"));
    CHECK(damaged[2].starts_with("5 fewer than five"));
}

TEST_CASE("queue_log: a file of garbage has no event, and every line of it is counted") {
    const Log log;
    std::string garbage;
    u64 state = 7;
    for (int i = 0; i < 500'000; ++i) {
        state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
        garbage += static_cast<char>(state >> 56);
    }
    log.add(garbage + "\n");
    Lines damaged;
    CHECK(events(log, 60_s, &damaged).empty());
    CHECK(damaged.size() == static_cast<std::size_t>(std::ranges::count(garbage, '\n')) + 1);
}

TEST_CASE(
    "queue_log: while following, events are ready when their time has come, also by a clock that is ahead") {
    const Log log;
    log.add(at(100, "NONE|NONE|NONE|QUEUESTART|"));
    auto file = QueueLogFile::open(log.path, true);
    REQUIRE(file);
    QueueLogInput input(std::move(*file), 5_s, true, {}, {});
    input.read(clock(99), kLatest);
    CHECK(input.front() == nullptr);
    input.read(clock(100), kLatest);
    REQUIRE(input.front() != nullptr);
    input.take();
    log.add(at(104, "1.1|q|NONE|ENTERQUEUE||1|1"));
    input.read(clock(101), kLatest);
    CHECK(input.front() == nullptr);
    log.add(at(103, "1.2|q|NONE|ENTERQUEUE||1|1"));
    input.read(clock(104), kLatest);
    REQUIRE(input.front() != nullptr);
    CHECK(input.take().call == "1.2");
    CHECK(input.take().call == "1.1");
    // The writer's clock is an hour ahead: its lines wait no hour.
    log.add(at(3'710, "1.3|q|NONE|ENTERQUEUE||1|1"));
    input.read(clock(105), kLatest);
    CHECK(input.front() == nullptr);
    input.read(clock(110), kLatest);
    REQUIRE(input.front() != nullptr);
    CHECK_FALSE(input.over());
    input.take();
    log.add(at(3'720, "1.4|q|NONE|ENTERQUEUE||1|1"));
    input.read(clock(111), kLatest);
    CHECK(input.front() == nullptr);
    input.settle_all();
    CHECK(input.front() != nullptr);
}
