// The command table: every command and option of `twinlink` described once. The parser and its help are made
// from it; so can a manual page and completions be.
//
// Constant data and plain values; one thread.
#pragma once

#include "tools/common/default_places.hpp"
#include "tools/common/document.hpp"
#include "tools/common/exit_code.hpp"
#include "tools/twinlink/rim.hpp"

#include <twinlink/records.hpp>

#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace twinlink::cli {

/// An option or a positional argument. Those with a value are kept as text; who uses it reads it (see
/// Arguments).
enum class OptionId : u8 {
    Json,
    Csv,
    TableName,
    Socket,
    Store,
    Acd,
    Epoch,
    State,
    From,
    To,
    Interval,
    By,
    Skill,
    Only,
    Agent,
    Items,
    Exact,
    Every,
    Times,
    Directory,
    ItemTable,
    Quick,
    EchiVersion,
    OutFolder,
    Path,
    Credentials,
    Days,
    Certificate,
    WithPartner,
    Pair,
    HtmlFile,
    OnOff,
    Text,
    UpsState,
    File,
    Config,
    Rate,
    TimeLimit,
    Parts,
    DryRun,
    Tables,
    Since,
    Verbose,
};

struct OptionInfo {
    OptionId id;
    std::string_view name;   ///< "--acd"; without dashes: positional
    std::string_view value;  ///< what its value is called in the help; empty: it has none
    std::string_view help;
    bool required = false;
};

/// Why a command did not do what it was asked: what failed, on what, why, what is unchanged, what to try.
struct Refusal {
    tools::ExitCode code = tools::ExitCode::Internal;
    std::string text;
};
/// What a command found.
struct Answer {
    tools::Document document;
    tools::ExitCode code = tools::ExitCode::Ok;
};
template <class T>
using Result = std::expected<T, Refusal>;

/// A command line's options, by id.
class Arguments {
public:
    void set(OptionId id, std::string value) { values_[id] = std::move(value); }
    [[nodiscard]] bool has(OptionId id) const { return values_.contains(id); }
    [[nodiscard]] std::string text(OptionId id) const {
        const auto at = values_.find(id);
        return at == values_.end() ? std::string() : at->second;
    }
    /// The value as an integer of 1 .. max; nothing when the option is absent. A usage error when it is no
    /// such number.
    [[nodiscard]] Result<std::optional<u64>> number(OptionId id, u64 max) const;

private:
    std::map<OptionId, std::string> values_;
};

struct CommandInfo {
    std::string_view name;     ///< "gaps", "report skills"
    std::string_view summary;  ///< one line
    std::string_view help;     ///< a paragraph
    std::span<const OptionInfo> options;
    std::span<const std::string_view> examples;
    Result<Answer> (*run)(const Arguments&, const Rim&);
    bool screen = false;  ///< on a terminal: again and again, in the same place
};

/// Commands whose names begin with the same word, and what that word means.
struct FamilyInfo {
    std::string_view name;
    std::string_view summary;
};

[[nodiscard]] std::span<const CommandInfo> commands() noexcept;
[[nodiscard]] std::span<const FamilyInfo> families() noexcept;
/// The option's description, for messages.
[[nodiscard]] const OptionInfo* find_option(OptionId id) noexcept;

using tools::kConfigurationDefault;
using tools::kCredentialsDefault;
using tools::kSocketDefault;
using tools::kStoreDefault;

// The commands, each in its own file.
Result<Answer> run_status(const Arguments&, const Rim&);
Result<Answer> run_top(const Arguments&, const Rim&);
Result<Answer> run_links(const Arguments&, const Rim&);
Result<Answer> run_gaps(const Arguments&, const Rim&);
/// The report of one table of the catalogue.
template <TableId id>
Result<Answer> run_report_of(const Arguments&, const Rim&);
Result<Answer> run_import(const Arguments&, const Rim&);
Result<Answer> run_items(const Arguments&, const Rim&);
Result<Answer> run_export_echi(const Arguments&, const Rim&);
Result<Answer> run_report_outages(const Arguments&, const Rim&);
Result<Answer> run_report_exceptions(const Arguments&, const Rim&);
Result<Answer> run_report_conflicts(const Arguments&, const Rim&);
Result<Answer> run_verify(const Arguments&, const Rim&);
Result<Answer> run_verify_partner(const Arguments&, const Rim&);
Result<Answer> run_maintenance(const Arguments&, const Rim&);
Result<Answer> run_safe_mode(const Arguments&, const Rim&);
Result<Answer> run_ups(const Arguments&, const Rim&);
Result<Answer> run_collection(const Arguments&, const Rim&);
Result<Answer> run_partner(const Arguments&, const Rim&);
Result<Answer> run_upgrade_check(const Arguments&, const Rim&);
Result<Answer> run_pair_init(const Arguments&, const Rim&);
Result<Answer> run_pair_join(const Arguments&, const Rim&);
Result<Answer> run_pair_show(const Arguments&, const Rim&);
Result<Answer> run_backup_system(const Arguments&, const Rim&);
Result<Answer> run_backup_check(const Arguments&, const Rim&);
Result<Answer> run_backup_data(const Arguments&, const Rim&);
Result<Answer> run_restore_data(const Arguments&, const Rim&);
Result<Answer> run_restore_system(const Arguments&, const Rim&);
Result<Answer> run_store_info(const Arguments&, const Rim&);
Result<Answer> run_store_check(const Arguments&, const Rim&);
Result<Answer> run_store_scrub(const Arguments&, const Rim&);
Result<Answer> run_store_compact(const Arguments&, const Rim&);

/// A command line as it came, without the program's name. Prints, and returns how it ended.
[[nodiscard]] tools::ExitCode run(std::span<const std::string> arguments, const Rim& rim);

[[nodiscard]] inline std::unexpected<Refusal> refuse(tools::ExitCode code, std::string text) {
    return std::unexpected(Refusal{code, std::move(text)});
}

}  // namespace twinlink::cli
