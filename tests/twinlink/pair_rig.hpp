// What a test's appliance tells of its partner: accounts made from records, as the daemon would tell them.
#pragma once

#include "tests/twinlink/appliance_rig.hpp"
#include "tools/common/account_json.hpp"

#include <nlohmann/json.hpp>

namespace twinlink::cli_rig {

using PairJson = nlohmann::ordered_json;

inline PairJson partner_of_pair(const char* state = "up") {
    return {{"state", state},  {"text", state == std::string("up") ? "" : "cut off"},
            {"server", 2},     {"name", "south"},
            {"own_server", 1}, {"own_name", "north"}};
}
/// The answer to "compare".
inline std::string compare_answer(const std::string& store, u64 equal, u64 different = 0,
                                  const char* state = "up") {
    PairJson tables = PairJson::array();
    for (u64 n = 0; n < equal + different; ++n)
        tables.push_back({{"acd", 1},
                          {"start", kNine},
                          {"instance", 0},
                          {"table", "hsplit"},
                          {"likeness", n < equal ? "equal" : "different"},
                          {"why", ""},
                          {"rows", 4},
                          {"their_rows", 4}});
    return PairJson{
        {"schema", 1}, {"store", store}, {"partner", partner_of_pair(state)}, {"compared", tables}}
        .dump();
}
inline std::string account_answer(partner::AccountKind kind, const AccountRecords& records,
                                  const std::string& why = "") {
    tools::AccountPart part;
    part.kind = kind;
    part.records = records;
    part.why = why;
    return PairJson{{"schema", 1}, {"partner", partner_of_pair()}, {"account", tools::to_json(part)}}.dump();
}

/// The partner of the store of content(): it lacked other gaps, and has the same streams but for that of
/// ACD 2, whose numbers no server can have.
inline AccountRecords partner_account() {
    const CommitBatch batch = content();
    AccountRecords all;
    for (const StreamRecord& s : batch.streams)
        if (s.acd == 1) all.add(s);
    StreamRecord& now = all.streams.back();
    now.missing = 2;
    now.messages = now.next - 1 - 2;
    now.watermark = 299;
    for (const GapRecord& gap : batch.gaps)
        if (gap.first == 200 || gap.first == 300) all.add(gap);
    all.gaps[0].first = 250;
    all.gaps[0].last = 252;
    all.gaps[0].missing = 3;
    all.gaps[0].cause = GapCause::LinkDown;
    for (const LinkRecord& l : batch.links)
        if (l.acd == 1) all.add(l);
    LinkEventRecord silence{};
    silence.number = 1;
    silence.acd = 1;
    silence.kind = LinkEventKind::Silent;
    silence.link = 1;
    silence.begun_wall = kNine + 10 * kMinute;
    silence.last_wall = kNine + 14 * kMinute;
    silence.duration_ns = 4 * kMinute;
    silence.count = 1;
    all.add(silence);
    return all;
}

/// All answers that a whole report of the pair asks for, in their order.
inline std::vector<std::string> pair_answers(const std::string& store, bool page) {
    const AccountRecords all = partner_account();
    AccountRecords one;
    std::vector<std::string> answers{compare_answer(store, 12)};
    one.streams = all.streams;
    answers.push_back(account_answer(partner::AccountKind::Streams, std::exchange(one, {})));
    one.gaps = all.gaps;
    answers.push_back(account_answer(partner::AccountKind::Gaps, std::exchange(one, {})));
    if (!page) return answers;
    one.links = all.links;
    answers.push_back(account_answer(partner::AccountKind::Links, std::exchange(one, {})));
    one.events = all.events;
    answers.push_back(account_answer(partner::AccountKind::Events, std::exchange(one, {})));
    return answers;
}

}  // namespace twinlink::cli_rig
