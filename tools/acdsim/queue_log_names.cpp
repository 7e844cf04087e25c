// From names to numbers. See queue_log_names.hpp.
#include "tools/acdsim/queue_log_names.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace twinlink::sim {
namespace {

constexpr u64 kMadeSkill = 10'000;
constexpr u64 kMadeSkills = 50'000;
constexpr u64 kMadeLogin = 100'000'000;  // nine digits, as many as the oldest call records have room for
constexpr u64 kMadeLogins = 900'000'000;
constexpr u64 kReasons = 99;
constexpr std::size_t kReasonsMax = 1'000;  // texts that are remembered; others share code 99

/// FNV-1a, 64 bits: the same on every machine and in every version.
u64 mixed(std::string_view text) noexcept {
    u64 h = 0xCBF2'9CE4'8422'2325ULL;
    for (const char c : text) h = (h ^ static_cast<u8>(c)) * 0x100'0000'01B3ULL;
    return h ^ h >> 32;
}

/// The first number of [first, first + count) from where the letters point that nobody has; 0 = all are
/// taken.
template <class Taken>
u64 made(std::string_view text, u64 first, u64 count, const Taken& taken) {
    const u64 start = mixed(text) % count;
    for (u64 i = 0; i < count; ++i)
        if (const u64 n = first + (start + i) % count; !taken(n)) return n;
    return 0;
}

}  // namespace

u64 QueueLogNames::number_in(std::string_view name) noexcept {
    name.remove_prefix(std::min(name.find('/') + 1, name.size()));  // npos + 1 is 0
    name = name.substr(0, name.find_first_of("@-/"));
    u64 value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    const bool whole = error == std::errc{} && end == name.data() + name.size();
    return whole && value < kMadeLogin ? value : 0;
}

u16 QueueLogNames::skill(const std::string& queue) {
    if (const auto at = skills_.find(queue); at != skills_.end()) return at->second;
    const auto taken = [&](u64 n) { return skill_numbers_.contains(static_cast<u16>(n)); };
    u64 n = 0;
    const auto [end, error] = std::from_chars(queue.data(), queue.data() + queue.size(), n);
    const bool number = error == std::errc{} && end == queue.data() + queue.size();
    if (!number || n == 0 || n >= kMadeSkill + kMadeSkills || taken(n))
        n = made(queue, kMadeSkill, kMadeSkills, taken);
    if (n == 0) return 0;
    skills_.emplace(queue, static_cast<u16>(n));
    skill_numbers_.insert(static_cast<u16>(n));
    return static_cast<u16>(n);
}

u64 QueueLogNames::login(const std::string& member) {
    const auto taken = [&](u64 n) { return logins_.contains(n); };
    u64 n = number_in(member);
    if (n == 0 || taken(n)) n = made(member, kMadeLogin, kMadeLogins, taken);
    logins_.insert(n);
    return n;
}

u8 QueueLogNames::reason(const std::string& text) {
    if (text.empty()) return 0;
    if (const auto at = reasons_.find(text); at != reasons_.end()) return at->second;
    u8 code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error == std::errc{} && end == text.data() + text.size() && code <= kReasons) return code;
    const u64 n = reasons_.size() >= kReasonsMax
                      ? 0
                      : made(text, 1, kReasons, [&](u64 c) { return codes_.contains(static_cast<u8>(c)); });
    if (n == 0) return static_cast<u8>(kReasons);
    reasons_.emplace(text, static_cast<u8>(n));
    codes_.insert(static_cast<u8>(n));
    return static_cast<u8>(n);
}

}  // namespace twinlink::sim
