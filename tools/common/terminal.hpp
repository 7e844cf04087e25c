// Colour for people, and only for people: never in a pipe or file, never where NO_COLOR asks for none.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace twinlink::tools {

/// The environment variable of that name, empty where it is not set.
using EnvironmentFn = std::function<std::string(std::string_view)>;

/// True when a stream that is a terminal (or not) should get colours.
[[nodiscard]] inline bool colours_wanted(bool terminal, const EnvironmentFn& environment) {
    return terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

/// What a piece of text means; the colour follows from it.
enum class Style { Plain, Title, Good, Warning, Bad, Faint };

/// `text`, coloured when `colours`.
[[nodiscard]] inline std::string styled(std::string_view text, Style style, bool colours) {
    constexpr std::string_view codes[] = {"", "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m"};
    if (!colours || style == Style::Plain || text.empty()) return std::string(text);
    return std::string(codes[static_cast<std::size_t>(style)]) + std::string(text) + "\x1b[0m";
}

}  // namespace twinlink::tools
