// acdsim run --loop-days: one day recorded, sent again and again at the rate the devices take.
#include "tools/acdsim/day_tape.hpp"
#include "tools/acdsim/session.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace twinlink::sim {
namespace {

std::unexpected<Failure> refuse(Exit code, Error error) {
    return std::unexpected(Failure{code, std::move(error)});
}

/// Totals only, in the form of --truth-summary: nothing was lost on purpose.
Expected<void> write_totals(const std::string& path, const DayTape& tape, const LoopResult& result) {
    nlohmann::ordered_json all{
        {"schema", 1}, {"not_taken", result.not_taken}, {"streams", nlohmann::ordered_json::array()}};
    for (const auto& s : tape.streams())
        all["streams"].push_back({{"acd", s.stream.acd.value},
                                  {"epoch", s.stream.epoch.value},
                                  {"messages", s.next.value - 1},
                                  {"last_seq", s.next.value - 1},
                                  {"orderly", true}});
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return failure(fmt::format("cannot create '{}'", path));
    const std::string text = all.dump(2) + "\n";
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !written)
        return failure(fmt::format("'{}' did not take everything (disk full?)", path));
    return {};
}

}  // namespace

std::expected<Exit, Failure> run_loop(const Options& o, std::vector<ServerSenders>& servers,
                                      const std::atomic<bool>& stop) {
    std::vector<CentreConfig> centres;
    for (u32 i = 0; i < o.acds; ++i) {
        CentreConfig c = o.centre;
        c.acd = Acd{static_cast<u16>(o.first_acd + i)};
        auto good = checked(c);
        if (!good) return refuse(Exit::Usage, good.error());
        centres.push_back(std::move(*good));
    }
    const u64 start = monotonic_ns();
    auto tape = DayTape::record(centres, o.encoder.frame_bytes);
    if (!tape) return refuse(Exit::Usage, tape.error());
    fmt::print(stderr, "a day: {} messages in {} frames, {} MB, encoded in {:.2f} s\n", tape->messages(),
               tape->frames(), tape->body_bytes() >> 20U, static_cast<double>(monotonic_ns() - start) / 1e9);
    const u64 waited_from = monotonic_ns();
    for (auto& server : servers)
        for (auto& sender : server)
            while (o.wait_ready.value != 0 && !sender->ready()) {
                if (stop || monotonic_ns() - waited_from > o.wait_ready.value)
                    return refuse(Exit::Unreachable,
                                  Error{"no peer came within --wait-ready; nothing was sent"});
                sleep_ns(5'000'000);
            }
    const LoopResult r = send_days(*tape, o.loop_days, servers, o.pacing, stop);
    fmt::print(stderr,
               "{} days, {} messages on each link in {:.3f} s: {:.3f} M messages/s; given up: {} messages\n",
               r.days, r.messages, r.seconds,
               static_cast<double>(r.messages) / std::max(r.seconds, 1e-9) / 1e6, r.not_taken);
    if (!o.summary_file.empty())
        if (auto written = write_totals(o.summary_file, *tape, r); !written)
            return refuse(Exit::Internal, written.error());
    return r.not_taken != 0 ? Exit::Problem : Exit::Done;
}

}  // namespace twinlink::sim
