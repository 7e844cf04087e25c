// Expected failures off the hot path: a text that grows context on its way up and is printed once, at the
// rim.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace twinlink {

/// What failed, on what, why, and what is unchanged: one sentence for a person. Nobody branches on its text.
struct Error {
    std::string text;

    /// The same error with what the caller was doing in front: "opening the store: ...".
    [[nodiscard]] Error in(std::string_view doing) && {
        text.insert(0, std::string(doing) + ": ");
        return std::move(*this);
    }
};

template <class T>
using Expected = std::expected<T, Error>;

/// Shorthand for returning an error.
inline std::unexpected<Error> failure(std::string text) { return std::unexpected(Error{std::move(text)}); }

}  // namespace twinlink
