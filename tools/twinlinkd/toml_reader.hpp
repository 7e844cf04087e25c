// A TOML table that must be used up: keys are taken one by one with their type and range, and what is left
// over is an unknown key. The first error wins and names its place in the file. Cold; used by config.cpp
// alone.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <toml++/toml.h>

#include <set>
#include <string>
#include <vector>

namespace twinlink::daemon {

/// Collects the first error of a file.
class TomlErrors {
public:
    explicit TomlErrors(std::string file) : file_(std::move(file)) {}
    void add(const toml::source_region& where, const std::string& what) {
        if (!text_.empty()) return;
        text_ = file_ + ":" + std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column) +
                ": " + what;
    }
    [[nodiscard]] bool any() const { return !text_.empty(); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string file_;
    std::string text_;
};

class TomlTable {
public:
    TomlTable(const toml::table& table, std::string title, TomlErrors& errors)
        : table_(table), title_(std::move(title)), errors_(errors) {}

    /// Takes a whole number in [low, high] into `to`, which keeps its value when the key is absent.
    template <class N>
    void number(const char* key, N& to, u64 low, u64 high) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const auto value = node->value_exact<i64>();
        if (!value || *value < 0 || static_cast<u64>(*value) < low || static_cast<u64>(*value) > high) {
            errors_.add(node->source(), name(key) + " must be a whole number from " + std::to_string(low) +
                                            " to " + std::to_string(high));
            return;
        }
        to = static_cast<N>(*value);
    }
    void text(const char* key, std::string& to) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        if (const auto value = node->value_exact<std::string>(); value && !value->empty())
            to = *value;
        else
            errors_.add(node->source(), name(key) + " must be a text in quotes, not empty");
    }
    void flag(const char* key, bool& to) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        if (const auto value = node->value_exact<bool>())
            to = *value;
        else
            errors_.add(node->source(), name(key) + " must be true or false");
    }
    /// Takes one of the given words; `to` gets its place in the list.
    template <class E>
    void word(const char* key, E& to, std::initializer_list<std::pair<const char*, E>> words) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        std::string expected;
        for (const auto& [text, value] : words) {
            if (node->value_exact<std::string>() == text) {
                to = value;
                return;
            }
            expected += (expected.empty() ? "\"" : ", \"") + std::string(text) + "\"";
        }
        errors_.add(node->source(), name(key) + " must be one of " + expected);
    }
    /// Takes an array of texts.
    void texts(const char* key, std::vector<std::string>& to) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr) return errors_.add(node->source(), name(key) + " must be a list of texts");
        for (const toml::node& item : *array) {
            if (const auto value = item.value_exact<std::string>())
                to.push_back(*value);
            else
                errors_.add(item.source(), name(key) + " must hold texts only");
        }
    }
    template <class N>
    void numbers(const char* key, std::vector<N>& to, u64 high) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr) return errors_.add(node->source(), name(key) + " must be a list of numbers");
        for (const toml::node& item : *array) {
            const auto value = item.value_exact<i64>();
            if (value && *value >= 0 && static_cast<u64>(*value) <= high)
                to.push_back(static_cast<N>(*value));
            else
                errors_.add(item.source(),
                            name(key) + " must hold numbers from 0 to " + std::to_string(high));
        }
    }
    /// Calls f(TomlTable&) with the table under `key`, or with each table of the array under it.
    template <class F>
    void table(const char* key, F&& f) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        if (const toml::table* t = node->as_table()) return sub(*t, key, f);
        errors_.add(node->source(), "[" + name(key) + "] must be a table");
    }
    template <class F>
    void tables(const char* key, F&& f) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const toml::array* array = node->as_array();
        if (array == nullptr || !array->is_array_of_tables()) {
            return errors_.add(node->source(), "[[" + name(key) + "]] must be an array of tables");
        }
        for (const toml::node& item : *array) sub(*item.as_table(), key, f);
    }
    /// A complaint about the value of `key`, or about the table when it is absent.
    void complain(const char* key, const std::string& what) {
        const toml::node* node = table_.get(key);
        errors_.add(node != nullptr ? node->source() : table_.source(), name(key) + " " + what);
    }
    [[nodiscard]] bool has(const char* key) const { return table_.contains(key); }
    /// Call last: whatever was not taken is unknown.
    void end() {
        for (const auto& [key, node] : table_) {
            if (!taken_.contains(std::string(key.str()))) {
                errors_.add(key.source(), "unknown key " + name(std::string(key.str()).c_str()));
            }
        }
    }

private:
    const toml::node* find(const char* key) {
        taken_.insert(key);
        return table_.get(key);
    }
    [[nodiscard]] std::string name(const char* key) const {
        return title_.empty() ? key : title_ + "." + key;
    }
    template <class F>
    void sub(const toml::table& t, const char* key, F&& f) {
        TomlTable section(t, name(key), errors_);
        f(section);
        section.end();
    }

    const toml::table& table_;
    std::string title_;
    TomlErrors& errors_;
    std::set<std::string> taken_;
};

}  // namespace twinlink::daemon
