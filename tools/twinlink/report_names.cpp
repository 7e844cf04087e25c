// See report_names.hpp.
#include "tools/twinlink/report_names.hpp"

#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::cli {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

Names::Names(const StoreSnapshot& snapshot) {
    snapshot.names([&](const NameRecord& record) {
        names_[{record.acd, record.kind, record.number}] = text_of(record.text);
        return true;
    });
}

std::string Names::find(Acd acd, NameKind kind, u64 number) const {
    const auto at = names_.find({acd.value, kind, number});
    return at == names_.end() ? std::string() : at->second;
}

std::optional<u64> Names::number(Acd acd, NameKind kind, std::string_view name) const {
    for (const auto& [key, text] : names_)
        if (std::get<0>(key) == acd.value && std::get<1>(key) == kind && same_name(text, name))
            return std::get<2>(key);
    return std::nullopt;
}

std::string Names::some(NameKind kind) const {
    constexpr std::size_t kSome = 8;
    std::string some;
    std::size_t n = 0;
    for (const auto& [key, text] : names_) {
        if (std::get<1>(key) != kind) continue;
        if (++n > kSome) return some + ", ...";
        some += fmt::format("{}{} ({} on ACD {})", some.empty() ? "" : ", ", text, std::get<2>(key),
                            std::get<0>(key));
    }
    return some.empty() ? "none has a name" : some;
}

}  // namespace twinlink::cli
