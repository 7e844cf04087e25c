// Lays out a replay before it begins: who takes which call on which trunk, when agents log in, what happens
// when.
#include "tools/acdsim/replay.hpp"

#include <algorithm>
#include <set>

namespace twinlink::sim {
namespace {

constexpr Nanos kAround =
    60_s;  // agents log in so long before their first call of a day, and out after the last

/// The call ends in the second in which the last thing before that happened: it must end after everything
/// that begins in that second.
bool ends_at_once(const RecordedCall& c) noexcept {
    return c.ended == c.seized || c.ended == c.answered || (c.answered.value == 0 && c.ended == c.queued);
}

/// Until when a trunk or an agent is busy.
struct Busy {
    Nanos until;
    bool at_once = false;
    bool used = false;

    [[nodiscard]] bool free_at(Nanos from) const noexcept {
        return !used || until < from || (until == from && !at_once);
    }
    void take(const RecordedCall& c) noexcept {
        until = c.ended;
        at_once = ends_at_once(c);
        used = true;
    }
};

Nanos floor_to(Nanos t, u64 step) noexcept { return Nanos{t.value / step * step}; }

}  // namespace

Replay::Replay(const ReplayConfig& config, const Recording& recording)
    : config_(config), centre_(config, "technion", 6'000) {
    for (u16 i = 1; i <= kTechnionSkills.size(); ++i) centre_.add_skill(i, kTechnionSkills[i - 1U].name);
    place_calls(recording);
    place_trunks();
    place_agents();
    make_sessions();
    make_actions();
}

void Replay::place_calls(const Recording& recording) {
    for (const auto& call : recording.calls) {
        ReplayedCall c;
        c.call = call;
        calls_.push_back(std::move(c));
    }
    std::stable_sort(calls_.begin(), calls_.end(), [](const ReplayedCall& a, const ReplayedCall& b) {
        return a.call.seized < b.call.seized;
    });
}

void Replay::place_trunks() {
    std::map<std::string, u16> lines;  // group -> highest recorded line
    for (const auto& c : calls_) {
        u16& most = lines[c.call.trunk_group];
        most = std::max(most, c.call.line);
    }
    std::map<std::string, u16> number;
    std::vector<std::vector<Busy>> busy;
    for (const auto& [name, most] : lines) {
        busy.emplace_back(most + 1U);
        number[name] = static_cast<u16>(busy.size());
    }
    for (auto& c : calls_) {  // by the time of seizure
        c.group = number[c.call.trunk_group];
        auto& trunks = busy[c.group - 1U];
        c.trunk = c.call.line;
        if (!trunks[c.trunk].free_at(c.call.seized)) {
            ++moved_trunks_;
            c.trunk = static_cast<u16>(lines[c.call.trunk_group] + 1);
            while (c.trunk < trunks.size() && !trunks[c.trunk].free_at(c.call.seized)) ++c.trunk;
            if (c.trunk == trunks.size()) trunks.emplace_back();
        }
        trunks[c.trunk].take(c.call);
    }
    for (const auto& [name, group] : number)
        centre_.set_group(group, name, static_cast<u16>(busy[group - 1U].size() - 1));
}

void Replay::place_agents() {
    std::map<std::string, std::vector<u32>> of_name;  // agents (logins) of one recorded name
    std::vector<u32> order;
    for (u32 i = 0; i < calls_.size(); ++i)
        if (calls_[i].call.answered.value != 0) {
            order.push_back(i);
            of_name[calls_[i].call.agent];
        }
    std::stable_sort(order.begin(), order.end(), [&](u32 a, u32 b) {
        const auto& x = calls_[a].call;
        const auto& y = calls_[b].call;
        return x.answered != y.answered ? x.answered < y.answered : x.ended < y.ended;
    });
    u64 login = 1'000;
    for (auto& [name, logins] : of_name) logins.push_back(add_agent(name, ++login));
    std::vector<Busy> busy(centre_.agents());
    for (const u32 i : order) {
        ReplayedCall& c = calls_[i];
        auto& logins = of_name[c.call.agent];
        std::size_t n = 0;
        while (n < logins.size() && !busy[logins[n]].free_at(c.call.answered)) ++n;
        if (n == logins.size()) {  // another login of the same person: 2001 beside 1001
            const u64 first = centre_.agent(logins.front()).login;
            logins.push_back(add_agent(c.call.agent + " " + std::to_string(n + 1), first + n * 1'000));
            busy.emplace_back();
        }
        if (n != 0) ++moved_agents_;
        c.agent = logins[n];
        busy[c.agent].take(c.call);
    }
}

u32 Replay::add_agent(const std::string& name, u64 login) {
    return centre_.add_agent(name, login, 20'001 + centre_.agents());
}

void Replay::make_sessions() {
    struct Day {
        Nanos from{~u64{0}};
        Nanos to;
        std::set<u16> skills;
    };
    std::map<std::pair<u32, Nanos>, Day> days;  // by agent, then by the row's day
    for (const auto& c : calls_) {
        if (c.call.answered.value == 0) continue;
        Day& d = days[{c.agent, c.call.day}];
        d.from = std::min(d.from, c.call.answered - kAround);
        d.to = std::max(d.to, c.call.ended + kAround);
        d.skills.insert(c.call.skill.value);
    }
    for (const auto& [key, d] : days) {
        const bool goes_on =
            !sessions_.empty() && sessions_.back().agent == key.first && d.from <= sessions_.back().to;
        if (!goes_on) {
            sessions_.push_back({key.first, d.from, d.to, {d.skills.begin(), d.skills.end()}});
            continue;
        }
        Session& s = sessions_.back();  // the last call of a day went on into the next
        s.to = std::max(s.to, d.to);
        for (const u16 skill : d.skills)
            if (std::find(s.skills.begin(), s.skills.end(), skill) == s.skills.end())
                s.skills.push_back(skill);
    }
}

void Replay::make_actions() {
    Nanos first{~u64{0}};
    Nanos last;
    for (u32 i = 0; i < sessions_.size(); ++i) {
        actions_.push_back({sessions_[i].from, Kind::Login, i});
        actions_.push_back({sessions_[i].to, Kind::Logout, i});
    }
    for (u32 i = 0; i < calls_.size(); ++i) {
        const RecordedCall& c = calls_[i].call;
        actions_.push_back({c.seized, Kind::Seize, i});
        if (c.queued.value != 0) actions_.push_back({c.queued, Kind::Queue, i});
        if (c.answered.value != 0) actions_.push_back({c.answered, Kind::Answer, i});
        actions_.push_back({c.ended, ends_at_once(c) ? Kind::FreesAtOnce : Kind::Frees, i});
    }
    for (const auto& a : actions_) {
        first = std::min(first, a.time);
        last = std::max(last, a.time);
    }
    const u64 step = config_.interval_minutes * kMinute;
    begins_ = floor_to(first, step);
    ends_ = floor_to(last, step) + Nanos{step};
    for (Nanos t = begins_; t <= ends_; t = t + Nanos{step}) actions_.push_back({t, Kind::Boundary, 0});
    if (config_.pump_up_every.value != 0)
        for (Nanos t = begins_ + config_.pump_up_every; t < ends_; t = t + config_.pump_up_every)
            actions_.push_back({t, Kind::PumpUp, 0});
    actions_.push_back({ends_, Kind::Finish, 0});
    std::stable_sort(actions_.begin(), actions_.end(), [](const Action& a, const Action& b) {
        return a.time != b.time ? a.time < b.time : a.kind < b.kind;
    });
}

}  // namespace twinlink::sim
