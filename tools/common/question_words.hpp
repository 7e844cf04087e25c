// Words of a question on the control socket: "name=value", numbers of any width. Pure.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace twinlink::tools {

inline bool number_of(std::string_view text, u64& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}
template <class T>
bool number_of(std::string_view text, T& value) {
    u64 wide = 0;
    if (!number_of(text, wide) || wide > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(wide);
    return true;
}

/// Calls f(word) for each word of a line, one space between two, until it returns false. False: it did.
template <class F>
bool each_word(std::string_view line, F&& f) {
    while (!line.empty()) {
        const std::string_view word = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(word.size() + 1, line.size()));
        if (!f(word)) return false;
    }
    return true;
}

}  // namespace twinlink::tools
