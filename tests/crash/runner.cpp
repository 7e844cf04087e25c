// See runner.hpp.
#include "tests/crash/runner.hpp"

#include "tests/crash/image.hpp"
#include "tests/crash/second_fault.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <fstream>

namespace twinlink::crash {

Story read_story(Bytes log) {
    Story story;
    Disk disk(log, true);
    u64 marks_file = 0;
    while (disk.step()) {
        const Disk::Last& last = disk.last();
        if (last.head.op == Op::Made && last.path.ends_with(std::string("/") + kMarksFile))
            marks_file = last.head.file;
        if (last.head.op == Op::Moved && story.store_path.empty())
            story.store_path = last.path.substr(last.path.find('\0') + 1);
        story.syncs += last.head.op == Op::Synced || last.head.op == Op::RangeSynced;
        if (last.head.op != Op::Write) continue;
        ++story.writes;
        story.bytes += last.head.bytes;
        if (last.head.file != marks_file || last.bytes.size() != sizeof(Mark)) continue;
        std::memcpy(&story.marks.emplace_back(), last.bytes.data(), sizeof(Mark));
        story.marked_at.push_back(disk.steps());
    }
    story.steps = disk.steps();
    return story;
}

namespace {

/// A state that takes longer hangs: a damaged tree can have circles.
constexpr unsigned kJudgeSeconds = 120;
constexpr std::size_t kTextBytes = 4'096;

/// What a process tells of its part, in memory that the parent sees, whatever becomes of it.
struct Tally {
    std::atomic<u64> next{0};  ///< state to be judged next
    std::atomic<u64> judging{0};
    std::array<char, kTextBytes> text{};  ///< what the latest violation is; of a child that judges alone
    RunReport report;                     ///< but for `examples`
};

/// Memory that forks share.
template <class T>
T* shared(std::size_t count) {
    void* const at =
        ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();
    return static_cast<T*>(at);
}

/// Hashes met, in shared memory: a fork would have to copy a heap's page tables.
class Met {
public:
    explicit Met(u64 states) {
        while (size_ < states * 4) size_ *= 2;
        slots_ = shared<u64>(size_);
    }
    ~Met() { ::munmap(slots_, size_ * sizeof(u64)); }
    Met(const Met&) = delete;
    Met& operator=(const Met&) = delete;
    /// True the first time.
    bool add(u64 hash) {
        hash |= 1;
        u64 at = hash >> 7;
        for (;; ++at) {
            u64& slot = slots_[at & (size_ - 1)];
            if (slot == hash) return false;
            if (slot != 0) continue;
            slot = hash;
            return true;
        }
    }

private:
    u64 size_ = 1'024;
    u64* slots_;
};

/// Which step of the log state `n` crashes after: states of the creation first, then those of the commits.
struct Plan {
    Plan(const RunConfig& config, const Story& story)
        : seed(config.seed),
          creation(std::max<u64>(config.states / 20, 1)),
          states(config.states),
          created(story.marked_at.front()),
          steps(story.steps) {}
    [[nodiscard]] Random random(u64 n) const { return Random(seed * 0x1'0000'0000'0001ULL + n); }
    [[nodiscard]] u64 point(u64 n, Random& random) const {
        const bool first = n < creation;
        const u64 from = first ? 1 : created;
        const u64 span = first ? created - 1 : steps - created;
        const u64 count = first ? creation : states - creation;
        return from + ((first ? n : n - creation) * span + random.below(span)) / count;
    }
    u64 seed;
    u64 creation;
    u64 states;
    u64 created;
    u64 steps;
};

class Worker {
public:
    Worker(const RunConfig& config, Bytes log, const Story& story, const test::SimStream& truth,
           const std::filesystem::path& folder, Tally& tally, Met& met)
        : config_(config),
          story_(story),
          truth_(truth),
          plan_(config, story),
          disk_(log, config.barriers),
          folder_(folder),
          tally_(tally),
          met_(met) {
        std::filesystem::create_directories(folder_ / "store");
        image_ = std::make_unique<Image>(folder_ / "store" / "data.mdb", server_config().map_bytes);
        std::ofstream(folder_ / "store" / "writer.lock") << "1\n";
    }

    void run(u64 end) {
        for (u64 n = tally_.next; n < end; ++n) {
            tally_.judging = n;
            tally_.next = n + 1;
            ::alarm(kJudgeSeconds);
            const std::string wrong = config_.barriers ? state(n) : apart(n);
            if (!wrong.empty()) tell(n, wrong);
            ++tally_.report.judged;
        }
        ::alarm(0);
    }

private:
    /// In a process of its own: the control's states are likely to end it.
    std::string apart(u64 n) {
        // The log is followed here, so that the next state need not begin at its beginning.
        Random random = plan_.random(n);
        follow(plan_.point(n, random));
        tally_.text[0] = '\0';
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(kJudgeSeconds);
            put_text(state(n));
            ::_exit(0);
        }
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (WIFSIGNALED(status)) {
            ++tally_.report.died;
            return "the process that judged it died of signal " + std::to_string(WTERMSIG(status));
        }
        return tally_.text.data();
    }
    void follow(u64 point) {
        while (disk_.steps() < point && disk_.step()) {
        }
        while (mark_ + 1 < story_.marks.size() && story_.marked_at[mark_ + 1] <= disk_.steps()) ++mark_;
    }
    std::string state(u64 n) {
        Random random = plan_.random(n);
        follow(plan_.point(n, random));
        if (n < plan_.creation) return creation(random);
        const u64 file = disk_.file_at(story_.store_path + "/data.mdb");
        const Survivors survivors = disk_.survivors(file, random);
        image_->become(disk_.durable(file), survivors);
        spoil_lock_file(random);
        if (!config_.keep.empty()) keep();
        count(survivors.hash);
        const bool last = mark_ + 1 == story_.marks.size();
        const Allowed allowed{story_.marks[mark_], last ? story_.marks[mark_] : story_.marks[mark_ + 1]};
        Depth depth = Depth::Usual;
        if (n % config_.deep_every == 0) depth = Depth::Deep;
        if (n % config_.whole_every == 0) depth = Depth::Whole;
        tally_.report.whole += depth == Depth::Whole;
        for (std::size_t kind = 0; !last && kind < kKinds; ++kind)
            tally_.report.kinds[kind] += allowed.next.kinds >> kind & 1;
        if (n % config_.fault_every == 1)
            if (std::string wrong = fault(random); !wrong.empty()) return wrong;
        return judge(folder_ / "store", allowed, depth, truth_);
    }
    std::string fault(Random& random) {
        // An opening makes some fifty calls.
        constexpr std::array<int, 4> kErrors{EIO, ENOSPC, EMFILE, EACCES};
        faults::Fault fault;
        fault.call = static_cast<long>(random.below(60));
        fault.error = kErrors[random.below(kErrors.size())];
        fault.for_ever = random.below(2) == 0;
        bool struck = false;
        std::string wrong = fault_error(folder_ / "store", fault, struck);
        tally_.report.faults += struck;
        return wrong;
    }
    std::string creation(Random& random) {
        const std::filesystem::path store = story_.store_path;
        const auto root = folder_ / "new";
        std::filesystem::remove_all(root);
        std::filesystem::create_directories(root);
        u64 hash = disk_.steps();
        for (const auto& [path, content] : disk_.tree(store.parent_path(), random)) {
            for (const char c : path) hash = hash * 31 + static_cast<u64>(c);
            if (!content) {
                std::filesystem::create_directory(root / path);
                continue;
            }
            std::ofstream(root / path, std::ios::binary)
                .write(reinterpret_cast<const char*>(content->data()),
                       static_cast<std::streamsize>(content->size()));
            for (const std::byte b : *content) hash = hash * 31 + static_cast<u64>(b);
        }
        if (!config_.keep.empty())
            std::filesystem::copy(root, config_.keep, std::filesystem::copy_options::recursive);
        count(hash);
        ++tally_.report.creation;
        return judge_creation(root / store.filename());
    }
    void count(u64 hash) { tally_.report.distinct += met_.add(hash) ? 1 : 0; }
    /// LMDB writes its lock file through a mapping and never syncs it: after a crash it holds anything.
    void spoil_lock_file(Random& random) {
        const auto file = folder_ / "store" / "lock.mdb";
        const u64 how = random.below(4);
        if (how == 0) std::filesystem::remove(file);
        if (how != 1) return;
        std::array<u64, 1'024> garbage;
        for (u64& word : garbage) word = random();
        std::ofstream(file, std::ios::binary | std::ios::trunc)
            .write(reinterpret_cast<const char*>(garbage.data()), sizeof garbage);
    }
    void keep() {
        std::filesystem::copy(folder_ / "store", config_.keep, std::filesystem::copy_options::recursive);
    }
    void put_text(const std::string& text) {
        const std::size_t bytes = std::min(text.size(), tally_.text.size() - 1);
        std::memcpy(tally_.text.data(), text.data(), bytes);
        tally_.text[bytes] = '\0';
    }
    void tell(u64 n, const std::string& wrong) {
        ++tally_.report.violations;
        if (wrong.starts_with("opening the store")) ++tally_.report.refused;
        put_text("state " + std::to_string(n) + " (step " + std::to_string(disk_.steps()) + "): " + wrong);
        if (tally_.report.violations <= kExamplesMax) std::fprintf(stderr, "%s\n", tally_.text.data());
    }

    const RunConfig& config_;
    const Story& story_;
    const test::SimStream& truth_;
    Plan plan_;
    Disk disk_;
    std::filesystem::path folder_;
    Tally& tally_;
    Met& met_;
    std::unique_ptr<Image> image_;
    std::size_t mark_ = 0;
};

/// A part of the states, until all of them were judged, whatever becomes of the processes.
struct Part {
    u64 end = 0;
    pid_t process = 0;
};

void add(RunReport& to, const RunReport& from) {
    to.judged += from.judged;
    to.distinct += from.distinct;
    to.creation += from.creation;
    to.whole += from.whole;
    to.faults += from.faults;
    for (std::size_t kind = 0; kind < kKinds; ++kind) to.kinds[kind] += from.kinds[kind];
    to.violations += from.violations;
    to.refused += from.refused;
    to.died += from.died;
}

}  // namespace

RunReport run_states(const RunConfig& config, Bytes log, const Story& story, const test::SimStream& truth) {
    RunReport sum;
    const u64 processes = config.only ? 1 : config.processes;
    Tally* const tallies = shared<Tally>(processes);
    std::vector<Part> parts(processes);
    Met met(config.states);
    for (u64 p = 0; p < processes; ++p) {
        tallies[p].next = config.only ? *config.only : config.states * p / processes;
        parts[p].end = config.only ? *config.only + 1 : config.states * (p + 1) / processes;
    }
    const auto begin = [&](u64 p) {
        std::fflush(stdout);
        parts[p].process = ::fork();
        if (parts[p].process != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        Worker(config, log, story, truth, config.folder / std::to_string(p), tallies[p], met)
            .run(parts[p].end);
        ::_exit(0);
    };
    for (u64 p = 0; p < processes; ++p) begin(p);
    for (u64 running = processes; running != 0;) {
        int status = 0;
        const pid_t ended = ::wait(&status);
        const auto part = std::ranges::find(parts, ended, &Part::process);
        if (part == parts.end()) continue;
        const auto p = static_cast<u64>(part - parts.begin());
        if (WIFSIGNALED(status)) {
            Tally& tally = tallies[p];
            ++tally.report.violations;
            ++tally.report.died;
            ++tally.report.judged;
            std::fprintf(stderr, "state %llu: the process that judged it died of signal %d\n",
                         static_cast<unsigned long long>(tally.judging), WTERMSIG(status));
            if (tally.next < part->end && tally.report.died < kExamplesMax) {
                begin(p);
                continue;
            }
        }
        --running;
    }
    for (u64 p = 0; p < processes; ++p) add(sum, tallies[p].report);
    ::munmap(tallies, processes * sizeof(Tally));
    return sum;
}

}  // namespace twinlink::crash
