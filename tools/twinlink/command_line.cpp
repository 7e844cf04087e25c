// From a command line to an exit code: parses by the command table, runs, prints in the form that was asked
// for.
//
// The only file that includes CLI11 (it is slow to compile). One thread.
#include "tools/twinlink/commands.hpp"

#include <CLI/CLI.hpp>

#include <limits>
#include <memory>

namespace twinlink::cli {
namespace {

using tools::ExitCode;

/// The longest pause between two prints: a day.
constexpr u64 kEveryMaxS = 86'400;

/// What is shown on a screen is renewed this often.
constexpr u64 kScreenEveryS = 1;
/// Cursor home, then erase to the end.
constexpr std::string_view kClearScreen = "\x1b[H\x1b[J";

/// What CLI11 fills in, one per option of each command.
struct Slot {
    OptionId id;
    std::string value;
    bool flag = false;
    CLI::Option* option = nullptr;
};

class Parser {
public:
    Parser() : app_("twinlink - what the ingestion appliance has, lacks and says.", "twinlink") {
        app_.set_version_flag("--version", "twinlink " TWINLINK_VERSION, "print the version and leave");
        app_.set_help_flag("--help,-h", "print this and leave");
        app_.require_subcommand(1);
        app_.footer(
            "Exit codes: 0 done and healthy, 1 a problem was found, 2 usage, 3 the appliance does not "
            "answer, 4 internal.\nstdout is data, stderr everything else. More: twinlink COMMAND --help");
        for (const FamilyInfo& family : families()) {
            CLI::App* sub = app_.add_subcommand(std::string(family.name), std::string(family.summary));
            sub->require_subcommand(1);
        }
        for (const CommandInfo& command : commands()) add(command);
    }

    /// The command, or nothing after help or version were printed or the line was wrong (`code` says which).
    const CommandInfo* parse(std::span<const std::string> line, const Rim& rim, ExitCode& code) {
        std::vector<std::string> reversed(line.rbegin(), line.rend());
        try {
            app_.parse(reversed);
        } catch (const CLI::CallForHelp&) {
            code = rim.out(app_.help()) ? ExitCode::Ok : ExitCode::Internal;
            return nullptr;
        } catch (const CLI::CallForVersion& version) {
            code = rim.out(std::string(version.what()) + "\n") ? ExitCode::Ok : ExitCode::Internal;
            return nullptr;
        } catch (const CLI::Error& error) {
            rim.err("twinlink: " + std::string(error.what()) + ". Nothing was done. Try: twinlink " +
                    chosen() + "--help\n");
            code = ExitCode::Usage;
            return nullptr;
        }
        for (const Command& command : subs_)
            if (command.app->parsed()) return command.info;
        return nullptr;
    }

    Arguments arguments(const CommandInfo* info) const {
        Arguments all;
        for (const Command& command : subs_) {
            if (command.info != info) continue;
            for (const auto& slot : command.slots)
                if (slot->option->count() != 0) all.set(slot->id, slot->value);
        }
        return all;
    }

private:
    struct Command {
        const CommandInfo* info;
        CLI::App* app;
        std::vector<std::unique_ptr<Slot>> slots;
    };

    void add(const CommandInfo& info) {
        const std::size_t blank = info.name.find(' ');
        CLI::App* parent = &app_;
        if (blank != std::string_view::npos)
            parent = app_.get_subcommand(std::string(info.name.substr(0, blank)));
        const std::string_view name =
            blank == std::string_view::npos ? info.name : info.name.substr(blank + 1);
        CLI::App* app = parent->add_subcommand(std::string(name), std::string(info.summary));
        std::string footer = std::string(info.help) + "\n\nExamples:\n";
        for (const std::string_view example : info.examples) footer += "  " + std::string(example) + "\n";
        app->footer(footer);

        Command command{&info, app, {}};
        for (const OptionInfo& option : info.options) {
            auto slot = std::make_unique<Slot>(Slot{option.id, {}});
            if (option.value.empty())
                slot->option = app->add_flag(std::string(option.name), slot->flag, std::string(option.help));
            else
                slot->option =
                    app->add_option(std::string(option.name), slot->value, std::string(option.help))
                        ->type_name(std::string(option.value))
                        ->required(option.required);
            command.slots.push_back(std::move(slot));
        }
        subs_.push_back(std::move(command));
    }

    /// "gaps " when the line got as far as a command.
    std::string chosen() const {
        for (const Command& command : subs_)
            if (command.app->parsed()) return std::string(command.info->name) + " ";
        return "";
    }

    CLI::App app_;
    std::vector<Command> subs_;
};

/// The table that --csv prints: the one asked for, or the first.
Result<const tools::Listing*> csv_table(const tools::Document& document, const std::string& name) {
    std::string there;
    for (const tools::Listing& table : document.tables) {
        if (table.seen_by == tools::For::People) continue;
        if (name.empty() || table.name == name) return &table;
        there += (there.empty() ? "" : ", ") + table.name;
    }
    return refuse(ExitCode::Usage,
                  "--table: there is no table \"" + name + "\" here; there is " + there + ".");
}

Result<std::string> rendered(const tools::Document& document, const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Json)) return tools::to_json(document);
    if (!arguments.has(OptionId::Csv))
        return tools::to_text(document, tools::colours_wanted(rim.out_is_terminal, rim.environment));
    const auto table = csv_table(document, arguments.text(OptionId::TableName));
    if (!table) return std::unexpected(table.error());
    return tools::to_csv(**table);
}

/// Runs the command once and prints what it says.
Result<ExitCode> run_once(const CommandInfo& command, const Arguments& arguments, const Rim& rim) {
    const auto answer = command.run(arguments, rim);
    if (!answer) return std::unexpected(answer.error());
    const auto text = rendered(answer->document, arguments, rim);
    if (!text) return std::unexpected(text.error());
    if (!rim.out(*text))
        return refuse(ExitCode::Internal,
                      "standard output takes no more (disk full, or a closed pipe?); what "
                      "was printed is not complete.");
    for (const std::string& problem : answer->document.problems)
        rim.err("twinlink: " + tools::clean(problem) + "\n");
    return answer->code;
}

/// A folder or file that was given, and has no name: a variable of a script that is not set. It must not mean
/// the usual place, or none.
Result<void> refuse_nameless(const CommandInfo& command, const Arguments& arguments) {
    for (const OptionInfo& option : command.options) {
        const bool place = option.value == "DIR" || option.value == "FILE" || option.value == "PATH";
        if (place && arguments.has(option.id) && arguments.text(option.id).empty())
            return refuse(ExitCode::Usage,
                          std::string(option.name) + ": its " + std::string(option.value) + " is empty.");
    }
    return {};
}

/// Once, or again and again where an interval was given. The last code counts: it says how things are now.
Result<ExitCode> run_repeatedly(const CommandInfo& command, const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Json) && arguments.has(OptionId::Csv))
        return refuse(ExitCode::Usage, "--json and --csv exclude each other.");
    if (arguments.has(OptionId::TableName) && !arguments.has(OptionId::Csv))
        return refuse(ExitCode::Usage, "--table belongs to --csv; text and JSON hold all tables.");
    if (auto named = refuse_nameless(command, arguments); !named) return std::unexpected(named.error());
    const auto every = arguments.number(OptionId::Every, kEveryMaxS);
    if (!every) return std::unexpected(every.error());
    const auto times = arguments.number(OptionId::Times, std::numeric_limits<u64>::max());
    if (!times) return std::unexpected(times.error());
    const bool screen = command.screen && rim.out_is_terminal && !arguments.has(OptionId::Json) &&
                        !arguments.has(OptionId::Csv);
    const u64 pause_s = every->value_or(kScreenEveryS);
    const u64 count = *every || screen ? times->value_or(std::numeric_limits<u64>::max()) : 1;
    Result<ExitCode> code = ExitCode::Ok;
    for (u64 n = 0; n < count && code; ++n) {
        if (n != 0) rim.pause(Nanos{pause_s * 1'000'000'000});
        if (screen) rim.out(kClearScreen);
        code = run_once(command, arguments, rim);
    }
    return code;
}

}  // namespace

ExitCode run(std::span<const std::string> line, const Rim& rim) {
    Parser parser;
    ExitCode code = ExitCode::Ok;
    const CommandInfo* command = parser.parse(line, rim, code);
    if (command == nullptr) return code;
    const auto done = run_repeatedly(*command, parser.arguments(command), rim);
    if (done) return *done;
    std::string text =
        "twinlink " + std::string(command->name) + ": " + tools::clean(done.error().text) + "\n";
    if (done.error().code == ExitCode::Usage)
        text += "Nothing was done. Try: twinlink " + std::string(command->name) + " --help\n";
    rim.err(text);
    return done.error().code;
}

}  // namespace twinlink::cli
