// Numbers for the names in a queue_log: the same name always has the same number, on every day and in every
// file, as far as numbers are not taken.
//
// Pure. A name that is a number keeps it: queue "400" is skill 400, "SIP/101", "Agent/101" and
// "Local/101@from-queue/n" ask for agent 101; who comes later, and every other name, gets a number made from
// its letters.
#pragma once

#include <twinlink/types.hpp>

#include <map>
#include <set>
#include <string>

namespace twinlink::sim {

class QueueLogNames {
public:
    /// `reasons`: AUX codes (0..99) of pause reasons that somebody chose.
    explicit QueueLogNames(std::map<std::string, u8> reasons = {}) : reasons_(std::move(reasons)) {
        for (const auto& [text, code] : reasons_) codes_.insert(code);
    }

    /// 1..59,999; 0 when there are none left.
    [[nodiscard]] u16 skill(const std::string& queue);
    /// Up to nine digits. Call it once for each member.
    [[nodiscard]] u64 login(const std::string& member);
    /// 0 for no reason, the number where it is one, else what was chosen, else 1..99 made from its letters.
    [[nodiscard]] u8 reason(const std::string& text);

    /// The number in the name, as of an extension; 0 = none. "SIP/101-0000a" and "101@from-queue" are 101.
    [[nodiscard]] static u64 number_in(std::string_view name) noexcept;
    [[nodiscard]] const std::map<std::string, u16>& skills() const noexcept { return skills_; }
    [[nodiscard]] const std::map<std::string, u8>& reasons() const noexcept { return reasons_; }

private:
    std::map<std::string, u16> skills_;
    std::set<u16> skill_numbers_;
    std::set<u64> logins_;
    std::map<std::string, u8> reasons_;
    std::set<u8> codes_;
};

}  // namespace twinlink::sim
