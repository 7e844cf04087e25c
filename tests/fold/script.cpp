// See script.hpp.
#include "tests/fold/script.hpp"

#include <charconv>

namespace twinlink::test {
namespace {

AgentMode mode_of(const std::string& word) {
    if (word == "avail") return AgentMode::Avail;
    if (word == "acw") return AgentMode::Acw;
    if (word == "aux") return AgentMode::Aux;
    if (word == "acd") return AgentMode::Acd;
    if (word == "ring") return AgentMode::Ring;
    REQUIRE_MESSAGE(word == "other", "no such mode: " << word);
    return AgentMode::Other;
}

/// The whole word as a number.
template <class T>
T parse(std::string_view word) {
    T value{};
    const auto end = word.data() + word.size();
    const auto [at, error] = std::from_chars(word.data(), end, value);
    REQUIRE_MESSAGE((error == std::errc{} && at == end), "no number: " << word);
    return value;
}

u64 number(std::istringstream& words) {
    u64 n = 0;
    words >> n;
    return n;
}

}  // namespace

Script::Script(const FoldLimits& limits, u16 phantom_s) : fold(Acd{1}, limits), phantom_s_(phantom_s) {
    fold.begin_epoch(Epoch{kNine}, sink);
    pump_up();
}

void Script::pump_up(std::vector<AgentSkill> skills, std::vector<AgentSnapshot> agents,
                     std::vector<CallSnapshot> calls, u32 too_many) {
    send(PumpUpBegin{t, PumpUpWhy::Start, 0, 0, 0});
    send(AcdInfo{t, 0, 30, phantom_s_, 0, {}, {}});
    for (u16 s = 1; s <= 5; ++s) send(SkillInfo{t, s, 20, {10, 20, 30, 40, 50, 60, 70, 80, 90}, 0, {'s'}});
    for (auto& m : skills) m.time = t, send(m);
    for (auto& m : agents) m.time = t, send(m);
    for (auto& m : calls) m.time = t, send(m);
    send(PumpUpEnd{t, 5, 0, 0, 0, 0, static_cast<u32>(skills.size()), static_cast<u32>(agents.size()),
                   static_cast<u32>(calls.size()) + too_many});
}

Script& Script::operator()(std::string_view lines) {
    std::istringstream in{std::string(lines)};
    for (std::string text; std::getline(in, text);) {
        std::istringstream words(text);
        line(words);
    }
    fold.flush(sink);
    return *this;
}

void Script::mode(u64 agent, AgentMode mode, u64 call, u16 skill, u8 reason, Direction d) {
    AgentOf& a = agents_[agent];
    send(AgentState{t, agent, call, skill, a.mode, mode, reason, d, 0});
    a = {mode, call, skill, reason};
}

void Script::line(std::istringstream& words) {
    std::string word;
    if (!(words >> word)) return;
    REQUIRE(word.starts_with("t="));
    t = kNine + static_cast<u64>(parse<double>(word.substr(2)) * 1e9 + 0.5);
    std::string verb;
    words >> verb;
    if (verb == "boundary") return send(IntervalBoundary{t, t, 30, 0, 0});
    if (verb == "clock") {
        const u64 to = kNine + number(words) * 1'000'000'000;
        return send(ClockSet{to, t, to});
    }
    if (verb == "lose") return lose(number(words));
    if (verb == "login") {
        const u64 agent = number(words);
        send(AgentLogin{t, agent, static_cast<u32>(2'000 + agent), 0});
        agents_[agent].mode = AgentMode::Other;
        words >> word;
        u8 level = 1;
        for (u16 skill = 0; words >> skill; ++level) send(AgentSkill{t, agent, skill, level, 0, 0, 0, 0});
        return mode(agent, AgentMode::Aux);
    }
    if (verb == "skill") {
        const u64 agent = number(words);
        const auto skill = static_cast<u16>(number(words));
        return send(AgentSkill{t, agent, skill, static_cast<u8>(number(words)), 0, 0, 0, 0});
    }
    if (verb == "logout") {
        const u64 agent = number(words);
        agents_[agent] = {};
        return send(AgentLogout{t, agent, 0, 0, 0, 0});
    }
    if (verb == "done") return mode(number(words), AgentMode::Avail);
    if (verb == "mode") {
        const u64 agent = number(words);
        words >> word;
        const AgentMode to = mode_of(word);
        AgentOf a = agents_[agent];
        Direction d = Direction::None;
        if (to != a.mode) a = {};
        for (std::string more; words >> more;) {
            if (more == "in")
                d = Direction::In;
            else if (more == "out")
                d = Direction::Out;
            else if (more != "idle")
                a.reason = static_cast<u8>(parse<int>(more));
        }
        return mode(agent, to, a.call, a.skill, a.reason, d);
    }
    call_line(verb, words);
}

void Script::call_line(const std::string& verb, std::istringstream& words) {
    const u64 call = number(words);
    std::string word;
    if (verb == "seized") {
        words >> word;
        return send(TrunkSeized{t,
                                call,
                                call,
                                1,
                                1,
                                word == "adjunct" ? CallDirection::Adjunct : CallDirection::In,
                                0,
                                0,
                                {},
                                {}});
    }
    if (verb == "idle") return send(TrunkIdle{t, call, 1, 1, 0});
    if (verb == "cut") return send(TrunkMaintenance{t, call, 1, 1, 1, 0, 0});
    if (verb == "vdn") return send(CallAtVdn{t, call, 5'000, VdnEntry::First, 0, 0});
    if (verb == "queued") {
        CallQueued m{t, call, 0, 0, Priority::Medium, 1, QueuedBy::QueueTo, 0, 0};
        while (words >> word) {
            if (word == "skill") m.skill = static_cast<u16>(number(words));
            if (word == "agent") m.agent = number(words), m.by = QueuedBy::DirectAgent;
            if (word == "pos") m.position = static_cast<u8>(number(words));
            if (word == "backup") m.by = QueuedBy::CheckBackup;
            if (word == "redirect") m.by = QueuedBy::Redirect;
            if (word == "top") m.priority = Priority::Top;
            if (word == "low") m.priority = Priority::Low;
        }
        return send(m);
    }
    if (verb == "dequeue") {
        words >> word;
        return send(CallDequeued{t, call, static_cast<u16>(number(words)), DequeueWhy::Command, 0, 0});
    }
    if (verb == "busy") return send(CallForcedBusy{t, call});
    if (verb == "disc") return send(CallForcedDisconnect{t, call, DisconnectBy::Step, 0, 0, 0});
    if (verb == "outflow") {
        words >> word;
        const OutflowTo to = word == "off"   ? OutflowTo::OffSwitch
                             : word == "ext" ? OutflowTo::Extension
                                             : OutflowTo::Vdn;
        return send(CallOutflowed{t, call, 0, to, 0, 0});
    }
    if (verb == "connected") return send(CallConnected{t, call, 70'001, 0});
    if (verb == "released") return send(CallReleased{t, call, 0, ReleasedBy::Caller, 0, 0, 0});
    talk_line(verb, call, words);
}

/// The mode after a call: its after-call work, AUX, or available.
void Script::leave(u64 call, const std::string& to) {
    const CallOf c = calls_[call];
    const AgentMode work = c.offer == Offer::Direct ? AgentMode::DirectAcw : AgentMode::Acw;
    if (to == "acw") return mode(c.agent, work, call, c.skill);
    mode(c.agent, to == "aux" ? AgentMode::Aux : AgentMode::Avail);
}

void Script::talk_line(const std::string& verb, u64 call, std::istringstream& words) {
    CallOf& c = calls_[call];
    std::vector<std::string> rest;
    for (std::string w; words >> w;) rest.push_back(w);
    const std::string last = rest.empty() ? "" : rest.back();
    const AgentMode talking = c.offer == Offer::Direct ? AgentMode::DirectAcd : AgentMode::Acd;
    if (verb == "ring") {
        c = {parse<u64>(rest.at(1)), static_cast<u16>(parse<int>(rest.at(3))),
             last == "direct" ? Offer::Direct : Offer::Skill};
        send(CallRinging{t, call, c.agent, c.skill, c.offer, 0, 0});
        return mode(c.agent, AgentMode::Ring, call, c.skill);
    }
    if (verb == "answer") {
        send(CallAnswered{t, call, c.agent, c.skill, c.offer, 0, 0});
        return mode(c.agent, talking, call, c.skill);
    }
    if (verb == "hold") {
        send(CallHeld{t, call, c.agent});
        return mode(c.agent, AgentMode::Other);
    }
    if (verb == "retrieve") {
        send(CallRetrieved{t, call, c.agent});
        return mode(c.agent, talking, call, c.skill);
    }
    if (verb == "release") {
        const bool by_agent = rest.size() > 1 && rest[1] == "agent";
        send(CallReleased{t, call, c.agent, by_agent ? ReleasedBy::Agent : ReleasedBy::Caller, 0, 0, 0});
        return leave(call, last);
    }
    if (verb == "abandon") {
        const std::string& where = rest.at(0);
        const AbandonedIn in = where == "vector"    ? AbandonedIn::Vector
                               : where == "queue"   ? AbandonedIn::Queue
                               : where == "ringing" ? AbandonedIn::Ringing
                                                    : AbandonedIn::Hold;
        const bool with_agent = in == AbandonedIn::Ringing || in == AbandonedIn::Hold;
        send(CallAbandoned{t, call, with_agent ? c.agent : 0, 0, in, 0, 0});
        if (with_agent) leave(call, last);
        return;
    }
    if (verb == "transfer") {
        send(CallTransferred{t, call, c.agent, parse<u64>(rest.at(1))});
        return leave(call, last);
    }
    if (verb == "conference") {
        send(CallConferenced{t, call, c.agent, parse<u64>(rest.at(1))});
        return mode(c.agent, talking, call, c.skill);
    }
    if (verb == "redirect") {
        const RedirectTo to = rest.at(0) == "same" ? RedirectTo::SameSkill : RedirectTo::Vdn;
        send(CallRedirected{t, call, c.agent, c.skill, to, 0, 0});
        return mode(c.agent, last == "aux" ? AgentMode::Aux : AgentMode::Avail);
    }
    if (verb == "stroke")
        return send(
            CallEvent{t, call, c.agent, CallEventKind::Stroke, static_cast<u8>(parse<int>(last)), 0, 0});
    REQUIRE_MESSAGE(verb == "assist", "no such line: " << verb);
    send(CallEvent{t, call, c.agent, CallEventKind::Assist, 0, 0, 0});
}

std::string Script::text(TableId table, u64 entity, u64 entity2, u64 start, u16 instance, ItemBasis basis) {
    const auto row =
        sink.rows.find({table, Acd{1}, kNine + start * 1'000'000'000, instance, entity, entity2});
    if (row == sink.rows.end()) return "no row";
    std::string text;
    const Table& t = *find_table(table);
    for (u16 i = 0; i < t.columns; ++i) {
        const Column c = column_at(t, i);
        const u64 value = row->second.items[i];
        const bool setting = c.item->kind == ItemKind::Administrative && c.item->roll_up != RollUp::Or;
        if (value == 0 || setting || c.item->kind == ItemKind::Identifier) continue;
        if (c.item->basis != basis && i != 0) continue;
        text += (text.empty() ? "" : " ") + name_of(c) + "=";
        std::ostringstream amount;
        if (c.item->unit == ItemUnit::Nanoseconds) {
            amount << static_cast<double>(value) / 1e9 << "s";
        } else {
            amount << value;
        }
        text += amount.str();
    }
    return text;
}

std::string Script::hsplit_row(u64 skill, u64 start, u16 instance) {
    return text(TableId::Hsplit, skill, 0, start, instance, ItemBasis::Call);
}
std::string Script::hagent_row(u64 agent, u64 skill, u64 start, u16 instance) {
    return text(TableId::Hagent, agent, skill, start, instance, ItemBasis::Call);
}
std::string Script::hsplit_times(u64 skill, u64 start) {
    return text(TableId::Hsplit, skill, 0, start, 0, ItemBasis::Interval);
}
std::string Script::hagent_times(u64 agent, u64 skill, u64 start) {
    return text(TableId::Hagent, agent, skill, start, 0, ItemBasis::Interval);
}

}  // namespace twinlink::test
