// `twinlink pair`: makes two servers a pair: a key and a certificate on each, each other's certificate on
// both.
//
// Works on files alone; no appliance need run. What is there is never replaced.
#include "tools/pairing/credentials.hpp"
#include "tools/twinlink/commands.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;

constexpr u64 kDaysDefault = 3'650;
constexpr u64 kDaysMax = 36'500;

std::filesystem::path folder_of(const Arguments& arguments) {
    return arguments.has(OptionId::Credentials) ? arguments.text(OptionId::Credentials)
                                                : std::string(kCredentialsDefault);
}

Result<u32> days_of(const Arguments& arguments) {
    const auto days = arguments.number(OptionId::Days, kDaysMax);
    if (!days) return std::unexpected(days.error());
    return static_cast<u32>(days->value_or(kDaysDefault));
}

void describe(Document& document, std::string_view who, const pairing::Member& member) {
    document.fact(fmt::format("{}_server", who), u64{member.server});
    document.fact(fmt::format("{}_fingerprint", who), member.fingerprint);
    document.fact(fmt::format("{}_not_after", who), member.not_after);
    document.fact(fmt::format("{}_expired", who), member.expired);
    document.opening.push_back(
        {fmt::format("{:>8}: server {} of pair {}", who, member.server, pairing::pair_text(member.pair)),
         Style::Title});
    document.opening.push_back({fmt::format("          SHA-256 {}", member.fingerprint)});
    document.opening.push_back(
        {fmt::format("          good until {}{}", member.not_after, member.expired ? ", which is over" : ""),
         member.expired ? Style::Bad : Style::Plain});
}

Answer begin(std::string_view command, const std::filesystem::path& folder, const pairing::Member& own) {
    Answer answer;
    answer.document.command = command;
    answer.document.fact("credentials", folder.string());
    answer.document.fact("pair", pairing::pair_text(own.pair));
    describe(answer.document, "own", own);
    return answer;
}

void add_next_step(Document& document, const std::filesystem::path& folder) {
    document.closing.push_back({fmt::format("Next: copy {} to the other server and run there:",
                                            pairing::own_file(folder).string())});
    document.closing.push_back({"      twinlink pair join own.crt"});
}

}  // namespace

Result<Answer> run_pair_init(const Arguments& arguments, const Rim&) {
    const auto days = days_of(arguments);
    if (!days) return std::unexpected(days.error());
    const auto folder = folder_of(arguments);
    const auto own = pairing::init(folder, *days);
    if (!own) return refuse(ExitCode::Problem, own.error().text);
    Answer answer = begin("pair init", folder, *own);
    add_next_step(answer.document, folder);
    return answer;
}

Result<Answer> run_pair_join(const Arguments& arguments, const Rim&) {
    const auto days = days_of(arguments);
    if (!days) return std::unexpected(days.error());
    const auto folder = folder_of(arguments);
    const auto joined = pairing::join(folder, arguments.text(OptionId::Certificate), *days);
    if (!joined) return refuse(ExitCode::Problem, joined.error().text);
    Answer answer = begin("pair join", folder, joined->own);
    describe(answer.document, "partner", joined->partner);
    answer.document.fact("made_key", joined->made_key);
    if (joined->made_key)
        add_next_step(answer.document, folder);
    else
        answer.document.closing.push_back(
            {"This server knows its partner. Name the credentials in [partner] and restart twinlinkd."});
    return answer;
}

Result<Answer> run_pair_show(const Arguments& arguments, const Rim&) {
    const auto folder = folder_of(arguments);
    const auto pairing = pairing::load(folder);
    if (!pairing) return refuse(ExitCode::Problem, pairing.error().text);
    Answer answer = begin("pair show", folder, pairing->own);
    describe(answer.document, "partner", pairing->partner);
    if (pairing->own.expired || pairing->partner.expired) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
