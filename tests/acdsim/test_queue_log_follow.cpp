// Following a queue_log while it is written: in order, through rotations, with names that nobody knew before,
// until it is stopped. The clock is the test's.
#include "tests/acdsim/queue_log_writer.hpp"

#include <twinlink/items.hpp>

#include <sstream>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

constexpr auto kSplit = TableId::Hsplit;

/// A follower whose time of day stands until it is told to go on.
struct Follower {
    Follower(const Log& file, u64 wall, bool from_end = false) : log(file) {
        QueueLogConfig config = log.config();
        config.follow = true;
        config.from_end = from_end;
        config.window = 5_s;
        config.wall = clock(wall);
        auto opened = QueueLogReplay::open(std::move(config));
        REQUIRE((opened ? "" : opened.error().text) == std::string{});
        replay = std::move(*opened);
        replay->set_wall(clock(wall));
    }
    /// Lets everything happen that is due at this time of day.
    void until(u64 wall) {
        while (!replay->over() && replay->next_time() + 5_s <= clock(wall)) replay->step(played);
    }
    /// Each line is written at its time.
    void write(const std::string& lines) {
        std::istringstream text(lines);
        for (std::string line; std::getline(text, line); log.add(line + "\n"))
            until(std::stoull(line.substr(0, line.find('|'))) - kLogStart);
    }
    void stop() {
        replay->stop(played);
        CHECK(replay->over());
        CHECK(played.ended);
        played.check_legal();
    }
    const Log& log;
    std::unique_ptr<QueueLogReplay> replay;
    Played played;
};

std::string call(u64 second, u64 number, const char* queue, const char* member) {
    const std::string id = "1." + std::to_string(number) + "|" + queue + "|";
    return at(second, id + "NONE|ENTERQUEUE||1|1") + at(second + 2, id + member + "|CONNECT|2|x|1") +
           at(second + 12, id + member + "|COMPLETECALLER|2|10|1");
}

}  // namespace

TEST_CASE("queue_log: following, what was there comes first, then what is written") {
    const Log log(call(100, 1, "400", "SIP/1"));
    Follower f(log, 10'000);
    f.until(10'000);
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 1);
    log.add(at(10'001, "1.2|400|NONE|ENTERQUEUE||1|1"));
    f.until(10'005);
    CHECK(f.replay->counts().entered == 1);  // lines may still come that belong before it
    f.write(at(10'011, "1.2|400|SIP/1|CONNECT|2|x|1") + at(10'021, "1.2|400|SIP/1|COMPLETECALLER|2|10|1"));
    f.until(10'030);
    CHECK(f.replay->counts().entered == 2);
    CHECK(f.replay->late() == 0);
    f.stop();
    CHECK(f.played.sum(kSplit, hsplit("ACDTIME")) == 20 * kSecond);
    CHECK(f.played.referee.boundaries() == 6);  // history's, and each when its time came
}

TEST_CASE("queue_log: following an empty file, new names come with a pump-up before they are used") {
    const Log log("");
    Follower f(log, 10'000);
    f.until(10'001);
    const u64 before = f.played.fold.counter(FoldCounter::PumpUps);
    f.write(call(10'001, 1, "400", "SIP/1"));
    f.until(10'030);
    f.write(at(10'030, "1.2|Support|NONE|ENTERQUEUE||1|1") + at(10'031, "1.3|Sales|NONE|ENTERQUEUE||1|1") +
            at(10'032, "1.2|Support|Alice|CONNECT|2|x|1") + at(10'034, "1.3|Sales|Bob|CONNECT|3|x|1") +
            at(10'040, "1.2|Support|Alice|COMPLETEAGENT|2|8|1") +
            at(10'041, "1.3|Sales|Bob|COMPLETEAGENT|3|7|1"));
    f.until(10'100);
    f.stop();
    CHECK(before == 1);
    CHECK(f.played.fold.counter(FoldCounter::PumpUps) == 3);  // one for each time that new names were read
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 3);
    CHECK(f.played.incomplete() == 0);
}

TEST_CASE("queue_log: following from the end, what was there is only the state to begin with") {
    const Log log(call(100, 1, "400", "SIP/1") + at(9'000, "1.2|400|NONE|ENTERQUEUE||1|1") +
                  at(9'010, "1.2|400|SIP/1|CONNECT|10|x|0") + at(9'020, "1.3|400|NONE|ENTERQUEUE||1|1"));
    Follower f(log, 10'000, true);
    f.until(10'001);
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 0);
    log.add(at(10'002, "1.2|400|SIP/1|COMPLETEAGENT|10|992|1") + at(10'003, "1.3|400|NONE|ABANDON|1|1|983"));
    f.until(10'010);
    f.replay->stop(f.played);
    CHECK(f.played.fold.counter(FoldCounter::UnknownCall) == 0);
    CHECK(f.played.fold.counter(FoldCounter::ReleasedUntalked) == 0);
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 1);
    CHECK(f.played.sum(kSplit, hsplit("ABNCALLS")) == 1);
    CHECK(f.played.sum(kSplit, hsplit("ABNTIME")) == 983 * kSecond);
}

TEST_CASE("queue_log: following through a rename and a cut, no line is lost and none comes twice") {
    const Log log(call(9'980, 1, "400", "SIP/1"));
    Follower f(log, 10'000);
    f.until(10'000);
    const auto old = log.folder / "queue_log.1";
    std::filesystem::rename(log.path, old);
    f.until(10'001);
    std::ofstream(old, std::ios::app) << call(10'001, 2, "400", "SIP/1");  // by a writer who has not noticed
    f.until(10'020);
    f.write(call(10'020, 3, "400", "SIP/2"));
    f.until(10'050);
    CHECK(f.replay->counts().answered == 3);
    std::filesystem::resize_file(log.path, 0);
    f.until(10'051);
    f.write(call(10'052, 4, "400", "SIP/1"));
    f.until(10'080);
    f.stop();
    CHECK(f.replay->input().file().rotations() == 2);
    CHECK(f.replay->counts().answered == 4);
    CHECK(f.replay->input().damaged() == 0);
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 4);
}

TEST_CASE("queue_log: following, a torn line waits for its end, and a late one counts when it comes") {
    const Log log("");
    Follower f(log, 10'000);
    const std::string text = call(10'000, 1, "400", "SIP/1");
    log.add(text.substr(0, 20));
    f.until(10'003);
    log.add(text.substr(20));
    f.until(10'020);
    CHECK(f.replay->counts().answered == 1);
    log.add(at(10'001, "1.2|400|NONE|ENTERQUEUE||1|1"));
    f.until(10'030);
    CHECK(f.replay->late() == 1);
    CHECK(f.replay->counts().entered == 2);
    CHECK(f.replay->input().damaged() == 0);
    f.stop();
}

TEST_CASE("queue_log: stopped, what was written until then goes out first") {
    const Log log("");
    Follower f(log, 10'000);
    f.until(10'001);
    f.write(call(10'001, 1, "400", "SIP/1"));
    f.stop();
    CHECK(f.replay->counts().answered == 1);
    CHECK(f.played.sum(kSplit, hsplit("ACDCALLS")) == 1);
}
