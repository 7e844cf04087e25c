// Every call that a backup and a restore make fails in turn, once and for ever, until a run passes clean:
// what was there is as it was or is whole and new, the error says which, and the next run succeeds.
#include "tests/backup/machine_rig.hpp"
#include "tests/store/faulty_calls.hpp"
#include "tools/backup/system_restore.hpp"

#include <functional>
#include <set>

using namespace twinlink;
using namespace twinlink::rig;
namespace fs = std::filesystem;

namespace {

constexpr std::array kErrnos{EIO, ENOSPC, EMFILE, EACCES};

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none)) names.insert(entry.path().filename());
    return names;
}
std::size_t open_files() { return names_in("/proc/self/fd").size(); }

/// Has `step` arm each call of each kind to fail in turn, until it says that none was struck.
void fail_each_call(int calls_least, const std::function<bool(const faults::Fault&)>& step) {
    for (const int error : kErrnos)
        for (const bool for_ever : {false, true}) {
            int n = 0;
            for (bool struck = true; struck; ++n) {
                INFO("call ", n, " fails with ", error, std::string(for_ever ? " for ever" : " once"));
                const std::size_t open = open_files();
                struck = step({.call = n, .error = error, .for_ever = for_ever});
                CHECK(open_files() == open);
            }
            CHECK(n >= calls_least);
        }
}

bool says(const Error& error, const char* text) { return error.text.find(text) != std::string::npos; }

/// `make` makes a backup where there is one; what it returns is its error.
void backup_fails_at_each_call(int calls_least,
                               const std::function<std::optional<Error>(const fs::path&)>& make) {
    TempFolder place;
    const fs::path file = place / "backup";
    const std::string previous = "TLBACKUP: the previous one";
    fail_each_call(calls_least, [&](const faults::Fault& fault) {
        write_file(file, previous);
        faults::arm(fault);
        const auto error = make(file);
        const bool struck = faults::disarm();
        INFO((error ? error->text : "made"));
        const bool replaced = content_of(file) != previous;
        CHECK(replaced == (!error || says(*error, "is in its place and whole")));
        if (error) CHECK(replaced != says(*error, "no backup was made"));
        if (!struck) CHECK(!error);
        if (replaced) {
            const auto proven = backup::prove_archive(file, {});
            REQUIRE(proven);
            CHECK(proven->manifest.streams.size() == 1);
        }
        // A name that could not be taken away again is all that may be left.
        std::set<std::string> names = names_in(place.path());
        CHECK(names.erase("backup") == 1);
        for (const std::string& name : names) {
            CHECK(name.starts_with("backup.part"));
            CHECK(struck);
            fs::remove(place.path() / name);
        }
        return struck;
    });
}

}  // namespace

TEST_CASE("backup: each call of a system backup fails in turn; the file is as it was, or whole") {
    const Machine machine;
    backup_fails_at_each_call(30, [&](const fs::path& file) -> std::optional<Error> {
        const auto made = backup::back_up_system(machine.system(file), {});
        if (made) return {};
        return made.error();
    });
}

TEST_CASE("backup: each call of a data backup fails in turn; the file is as it was, or whole") {
    const Machine machine;
    backup_fails_at_each_call(15, [&](const fs::path& file) -> std::optional<Error> {
        const auto made = backup::back_up_data(machine.data(file), {});
        if (made) return {};
        return made.error();
    });
}

TEST_CASE("backup: each call of a system restore fails in turn; places are free or whole, and it can go on") {
    using backup::Placed;
    const Machine machine;
    const fs::path file = machine.folder / "system";
    REQUIRE(backup::back_up_system(machine.system(file), {}));
    fail_each_call(30, [&](const faults::Fault& fault) {
        TempFolder place;
        const fs::path root = place / "new";
        const backup::RestoreOrder order{.file = file,
                                         .configuration = root / "etc" / "toml",
                                         .credentials = root / "pair",
                                         .store = root / "store"};
        faults::arm(fault);
        const auto restored = backup::restore_system(order, {});
        const bool struck = faults::disarm();
        INFO((restored ? "restored" : restored.error().text));
        CHECK((restored || struck));
        const bool store = fs::exists(order.store);
        if (restored) CHECK(store);
        // What stands in the way of another attempt is named by the error of this one.
        if (!restored && store) CHECK(says(restored.error(), order.store.c_str()));
        if (!store) {
            const auto again = backup::restore_system(order, {});
            if (!again) FAIL(again.error().text);
        }
        u64 k = 0;
        CHECK(model_error(snapshot_of(open_store(order.store)), k) == "");
        CHECK(k == kBatches);
        CHECK(content_of(order.configuration) == content_of(machine.configuration));
        for (const std::string& name : names_in(machine.credentials))
            CHECK(content_of(order.credentials / name.c_str()) ==
                  content_of(machine.credentials / name.c_str()));
        CHECK(names_in(root) == std::set<std::string>{"etc", "pair", "store"});
        return struck;
    });
}

TEST_CASE("backup: each call of reading a data backup fails in turn; it is read whole, or that is said") {
    using Kind = daemon::ImportRecord::Kind;
    const Machine machine;
    const fs::path file = machine.folder / "data";
    REQUIRE(backup::back_up_data(machine.data(file), {}));
    const auto read = [&](const faults::Fault* fault, bool& struck) {
        return said_of(
            file, machine.folder / "out",
            [&] {
                if (fault != nullptr) faults::arm(*fault);
            },
            [&] { struck = faults::disarm(); });
    };
    bool struck = false;
    const Said whole = read(nullptr, struck);
    for (const Kind kind : {Kind::Head, Kind::Messages, Kind::Interval, Kind::Row, Kind::End})
        REQUIRE(whole.has(kind));
    fail_each_call(10, [&](const faults::Fault& fault) {
        const Said said = read(&fault, struck);
        // Neither: what was to be told could not be, and who listens takes a pipe that ends for a failure.
        CHECK((!said.has(Kind::End) || !said.has(Kind::Failed)));
        CHECK(whole.bytes.starts_with(said.has(Kind::Failed) ? "" : said.bytes));
        if (said.has(Kind::End)) CHECK(said.bytes == whole.bytes);
        if (!struck) CHECK(said.has(Kind::End));
        return struck;
    });
}
