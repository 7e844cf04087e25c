// See condition.hpp.
#include "engine/partner/condition.hpp"

namespace twinlink::partner {

void write_condition(std::vector<std::byte>& out, const ServerCondition& condition) {
    Condition message{};
    message.since = condition.since;
    message.flags = condition.flags;
    message.text = fixed_text<96>(condition.text);
    std::vector<AcdEntry> off;
    for (const Acd acd : condition.off) off.push_back({.acd = acd.value, .reserved0 = 0, .reserved1 = 0});
    write_frame(out, message, std::span<const AcdEntry>(off));
}

ServerCondition read_condition(const FrameIn& frame) {
    const auto message = frame.as<Condition>();
    ServerCondition condition{.since = message.since,
                              .flags = message.flags,
                              .text = std::string(text_of(message.text)),
                              .off = {}};
    for (char& c : condition.text)
        if (c < ' ' || c > '~') c = '?';
    for (u32 n = 0; n < frame.entries; ++n) condition.off.push_back(Acd{frame.entry<AcdEntry>(n).acd});
    return condition;
}

}  // namespace twinlink::partner
