// The life of a simulated ACD: what it is built of, start, interval boundaries, clock settings, restart and
// end.
#include "tools/acdsim/call_centre.hpp"

#include <fmt/format.h>

namespace twinlink::sim {
namespace {

constexpr u64 kOutage = 25 * kSecond;  // from a crash of the ACD to its next start
constexpr u64 kTalkMean = 180 * kSecond;

u64 midnight(u64 t) noexcept { return t - t % kDay; }
/// The first point of the grid at or after `t`.
u64 grid_at(u64 t, u64 step) noexcept { return (t + step - 1) / step * step; }

}  // namespace

Expected<CentreConfig> checked(CentreConfig c) {
    if (c.acd.value == 0) return failure("ACD 0 does not exist: ids start at 1");
    if (c.agents == 0 || c.agents > kAgentsMax)
        return failure(fmt::format("{} agents: 1 to {} are possible", c.agents, kAgentsMax));
    if (c.skills == 0) c.skills = std::clamp(c.agents / 25, 3U, 200U);
    if (c.skills > 500) return failure(fmt::format("{} skills: 1 to 500 are possible", c.skills));
    if (c.interval_minutes != 15 && c.interval_minutes != 30 && c.interval_minutes != 60)
        return failure(fmt::format("an interval of {} minutes: 15, 30 and 60 exist", c.interval_minutes));
    if (c.start.value < kDay) return failure("the start lies before 1970-01-02");
    if (c.end <= c.start) return failure("the run ends before it starts");
    if (c.opens >= c.closes || c.closes.value > kDay)
        return failure("the centre must open before it closes, within one day");
    if (c.calls_per_hour > 5'000'000) return failure("more than 5,000,000 calls an hour on one ACD");
    if (c.calls_per_hour == 0) c.calls_per_hour = std::max<u64>(20, u64{c.agents} * 85 / 10);
    if (c.whole_day && (c.start.value % kDay != 0 || c.closes.value + 3 * kHour > kDay))
        return failure("a whole day starts at midnight and closes by 21:00, so that it can end idle");
    for (const OffsetChange& change : c.offset_changes)
        if (change.minutes < -900 || change.minutes > 900)
            return failure(fmt::format("an offset of {} minutes: -900 to 900 are possible", change.minutes));
    std::sort(c.restarts.begin(), c.restarts.end());
    return c;
}

CallCentre::CallCentre(const CentreConfig& config)
    : config_(config), random_(derive_seed(config.seed, config.acd.value)), now_(config.start.value) {
    build();
    const u64 step = config_.interval_minutes * kMinute;
    next_boundary_ = grid_at(now_, step);
    events_.add(next_boundary_, What::Boundary);
    events_.add(config_.end.value, What::End);
    events_.add(now_, What::DayBegins);
    for (const Nanos at : config_.restarts)
        if (at > config_.start && at < config_.end) events_.add(at.value, What::Restart);
    for (u32 i = 0; i < config_.offset_changes.size(); ++i)
        events_.add(std::max(config_.offset_changes[i].at.value, now_), What::OffsetChange, i);
}

void CallCentre::build() {
    for (u32 i = 0; i < config_.skills; ++i) {
        SimSkill s;
        s.weight = static_cast<u32>(random_.between(1, 4));
        s.talk_mean = random_.between(kTalkMean / 2, kTalkMean * 3 / 2);
        s.acw_mean = i % 3 == 2 ? 0 : random_.between(10, 40) * kSecond;
        s.service_level_s = static_cast<u16>(random_.between(1, 6) * 10);
        skills_.push_back(std::move(s));
    }
    build_agents();
    build_trunks();
    build_vdns();
    arrival_mean_ns_ = kHour / config_.calls_per_hour;
}

void CallCentre::build_agents() {
    u64 weights = 0;
    for (const auto& s : skills_) weights += s.weight;
    const auto n = static_cast<u16>(skills_.size());
    for (u32 i = 0; i < config_.agents; ++i) {
        SimAgent a;
        u16 home = static_cast<u16>(i + 1);
        if (i >= n) {  // every skill has an agent, the rest go where the calls go
            u64 at = random_.below(weights);
            for (home = 1; at >= skills_[home - 1U].weight; ++home) at -= skills_[home - 1U].weight;
        }
        a.skills.push_back(home);
        for (u64 more = random_.below(4); more > 0; --more) {
            const auto next = static_cast<u16>((home - 1U + random_.below(3) + 1) % n + 1);
            if (std::find(a.skills.begin(), a.skills.end(), next) == a.skills.end()) a.skills.push_back(next);
        }
        agents_.push_back(std::move(a));
    }
}

void CallCentre::build_trunks() {
    // Calls in talk, in queue and in the vector need a trunk each; the first group is too small for its peak.
    const u32 count = std::clamp(config_.agents / 50, 2U, 32U);
    const u32 each = std::clamp(config_.agents * 3 / 2 / count, 4U, 60'000U);
    for (u32 g = 0; g < count; ++g) {
        SimTrunkGroup group;
        group.trunks = static_cast<u16>(g == 0 ? std::max(3U, each * 2 / 5) : each);
        group.call.assign(group.trunks + 1U, kNoCall);
        group.out.assign(group.trunks + 1U, false);
        for (u16 t = group.trunks; t >= 1; --t) group.idle.push_back(t);
        groups_.push_back(std::move(group));
    }
}

void CallCentre::build_vdns() {
    const auto n = static_cast<u16>(skills_.size());
    for (u16 i = 0; i < n; ++i) {
        SimVdn v;
        v.skill[0] = static_cast<u16>(i + 1);
        if (n > 1 && i % 4 != 3) v.skill[1] = static_cast<u16>((i + 1) % n + 1);
        if (n > 2 && i % 2 == 0) v.skill[2] = static_cast<u16>((i + 2) % n + 1);
        if (v.skill[1] == 0) v.skill[2] = 0;
        v.priority = i % 5 == 4 ? Priority::High : i % 7 == 6 ? Priority::Low : Priority::Medium;
        v.group = static_cast<u16>(i % groups_.size() + 1);
        v.weight = skills_[i].weight;
        vdn_weights_ += v.weight;
        vdns_.push_back(v);
    }
}

bool CallCentre::idle() const noexcept {
    const auto away = [](const SimAgent& a) { return a.mode == AgentMode::Unstaffed; };
    return free_calls_.size() == calls_.size() && std::all_of(agents_.begin(), agents_.end(), away);
}

void CallCentre::step(MessageSink& sink) {
    sink_ = &sink;
    if (!begun_) begin_epoch();
    const Event event = events_.take();
    now_ = event.time;
    const bool runs_while_down = event.what == What::End || event.what == What::Restart ||
                                 event.what == What::DayBegins || event.what == What::OffsetChange;
    if (!down_ || runs_while_down) dispatch(event);
    sink_ = nullptr;
}

void CallCentre::dispatch(const Event& e) {
    switch (e.what) {
        case What::Boundary: return boundary();
        case What::End:
            if (!down_) sink_->end_epoch(Nanos{clock()}, true);
            over_ = true;
            return;
        case What::Restart: return restart();
        case What::DayBegins: return day_begins();
        case What::OffsetChange:
            config_.utc_offset_minutes = config_.offset_changes[e.index].minutes;
            return pump_up(Nanos{now_}, PumpUpWhy::Audit, *sink_);
        case What::Audit:
            pump_up(Nanos{now_}, PumpUpWhy::Audit, *sink_);
            return events_.add(now_ + config_.pump_up_every.value, What::Audit);
        case What::Arrival: return arrival();
        case What::TrunkOut: return trunk_out();
        case What::TrunkBack: return trunk_back(e.index, e.token);
        case What::ClockSet: return clock_set();
        case What::ShiftBegins: return shift_begins(e.index);
        case What::ShiftEnds:
            if (agents_[e.index].session == e.token) shift_ends(e.index);
            return;
        case What::BreakDue:
            if (agents_[e.index].session == e.token) break_due(e.index);
            return;
        case What::DialDue:
            if (agents_[e.index].session == e.token) dial_due(e.index);
            return;
        case What::ModeEnds:
            if (agents_[e.index].token == e.token) mode_ends(e.index);
            return;
        case What::DialEnds:
            if (agents_[e.index].session == e.token) dial_ends(e.index);
            return;
        case What::Patience:
            if (calls_[e.index].generation == e.token) patience_ends(e.index);
            return;
        default:
            if (calls_[e.index].token == e.token && calls_[e.index].stage != Stage::Free) dispatch_call(e);
    }
}

void CallCentre::dispatch_call(const Event& e) {
    switch (e.what) {
        case What::VectorStep: return vector_step(e.index);
        case What::WaitStep: return wait_step(e.index);
        case What::Answer: return answer(e.index);
        case What::NoAnswer: return no_answer(e.index);
        case What::TalkEvent: return talk_event(e.index);
        case What::Retrieve: return retrieve(e.index);
        case What::HungUpOnHold: return hung_up_on_hold(e.index);
        case What::Hold:
            return hold(e.index, random_.chance(120'000) ? What::HungUpOnHold : What::Retrieve,
                        random_.between(5, 90) * kSecond);
        case What::Consult: return consult(e.index);
        case What::ConsultAnswered: return consult_answered(e.index);
        case What::ConsultDone: return consult_done(e.index);
        case What::ExtensionAnswers: return extension_answers(e.index);
        case What::ExtensionReleases: return extension_releases(e.index);
        case What::Release: {
            const u64 who = random_.below(100);
            return release(e.index, who < 60   ? ReleasedBy::Caller
                                    : who < 99 ? ReleasedBy::Agent
                                               : ReleasedBy::Switch);
        }
        default: return;
    }
}

void CallCentre::begin_epoch() {
    begun_ = true;
    sink_->begin_epoch(Epoch{clock()}, Nanos{clock()});
    pump_up(Nanos{now_}, PumpUpWhy::Start, *sink_);
    if (config_.pump_up_every.value != 0) events_.add(now_ + config_.pump_up_every.value, What::Audit);
    if (config_.trunk_out_per_day != 0)
        events_.add(now_ + random_.exponential(kDay / config_.trunk_out_per_day), What::TrunkOut);
    if (config_.clock_sets_per_day != 0)
        events_.add(now_ + random_.exponential(kDay / config_.clock_sets_per_day), What::ClockSet);
    schedule_arrival();
}

void CallCentre::restart() {
    if (!down_) {  // the crash: calls are dropped, nobody is staffed, and no message says so
        sink_->end_epoch(Nanos{clock()}, false);
        down_ = true;
        events_.remove_if([](const Event& e) {
            return e.what != What::End && e.what != What::Restart && e.what != What::DayBegins &&
                   e.what != What::OffsetChange;
        });
        return events_.add(now_ + kOutage, What::Restart);
    }
    down_ = false;
    for (u32 i = 0; i < calls_.size(); ++i)
        if (calls_[i].stage != Stage::Free) free_call(i);
    next_call_ = 1;
    for (auto& g : groups_) {
        g.idle.clear();
        for (u16 t = g.trunks; t >= 1; --t) g.idle.push_back(t);
        g.call.assign(g.trunks + 1U, kNoCall);
        g.out.assign(g.trunks + 1U, false);
    }
    for (auto& s : skills_) {
        for (auto& q : s.queue) q.clear();
        s.idle.clear();
    }
    for (u32 i = 0; i < agents_.size(); ++i) {
        SimAgent fresh;
        fresh.skills = std::move(agents_[i].skills);
        fresh.session = agents_[i].session + 1;
        fresh.token = agents_[i].token + 1;
        agents_[i] = std::move(fresh);
        schedule_shift(i, midnight(now_));
    }
    begin_epoch();
    const u64 step = config_.interval_minutes * kMinute;
    next_boundary_ = grid_at(clock() + 1, step) - static_cast<u64>(clock_offset_);
    events_.add(next_boundary_, What::Boundary);
}

void CallCentre::boundary() {
    if (now_ != next_boundary_) return;  // a clock setting moved it
    emit(IntervalBoundary{clock(), clock(), config_.interval_minutes, 0, 0});
    next_boundary_ = now_ + config_.interval_minutes * kMinute;
    events_.add(next_boundary_, What::Boundary);
}

void CallCentre::day_begins() {
    const u64 day = midnight(now_);
    for (u32 i = 0; i < agents_.size(); ++i) schedule_shift(i, day);
    events_.add(day + kDay, What::DayBegins);
}

void CallCentre::clock_set() {
    // In the middle of an interval, as the field recommends, and by less than a second, so no boundary is
    // crossed.
    const u64 step = config_.interval_minutes * kMinute;
    const u64 into = clock() % step;
    if (into > step / 4 && into < step * 3 / 4) {
        const u64 old_time = clock();
        clock_offset_ += static_cast<i64>(random_.between(1, 999)) * 1'000'000;
        emit(ClockSet{clock(), old_time, clock()});
        next_boundary_ = grid_at(clock(), step) - static_cast<u64>(clock_offset_);
        events_.add(next_boundary_, What::Boundary);
    }
    events_.add(now_ + random_.exponential(kDay / config_.clock_sets_per_day), What::ClockSet);
}

void CallCentre::stop(MessageSink& sink) {
    if (!over_ && begun_ && !down_) sink.end_epoch(Nanos{clock()}, true);
    over_ = true;
}

}  // namespace twinlink::sim
