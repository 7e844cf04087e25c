// See pair_source.hpp.
#include "tools/twinlink/pair_source.hpp"

#include "tools/common/account_json.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/partner_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;
using partner::AccountKind;

/// Gaps of the partner that are read: 128 MiB of them.
constexpr std::size_t kGapsRead = std::size_t{1} << 20;

/// What the partner has of one kind; false: not all, `history.why` says why.
Result<bool> fetch(const Arguments& arguments, const Rim& rim, AccountKind kind, Acd acd,
                   ServerHistory& history) {
    AccountQuestion question;
    question.kind = kind;
    question.acd = acd;
    for (;;) {
        const auto answer = ask_partner(arguments, rim, to_line(question));
        if (!answer) return std::unexpected(answer.error());
        const auto account = answer->find("account");
        if (account == answer->end())
            return refuse(ExitCode::Internal,
                          "the appliance tells no accounts: is it older than this program?");
        auto part = account_part_of(*account);
        if (!part || part->kind != kind)
            return refuse(ExitCode::Internal,
                          "the appliance told " +
                              (part ? std::string("another account") : part.error().text) +
                              "; are both of one version?");
        for (const auto& r : part->records.streams) history.records.add(r);
        for (const auto& r : part->records.gaps) history.records.add(r);
        for (const auto& r : part->records.links) history.records.add(r);
        for (const auto& r : part->records.events) history.records.add(r);
        history.why = clean(part->why);
        if (!history.why.empty()) return false;
        if (!part->more) return true;
        if (part->next <= question.next)
            return refuse(ExitCode::Internal, "the appliance tells the same part of an account again");
        if (history.records.gaps.size() >= kGapsRead) {
            history.why = fmt::format("it has more gaps than the {} that were read",
                                      with_separators(history.records.gaps.size()));
            return false;
        }
        question.next = part->next;
    }
}

DigestCounts counts_of(const Json& document) {
    DigestCounts counts;
    const auto tables = document.find("compared");
    if (tables == document.end() || !tables->is_array()) return counts;
    for (const Json& of : *tables) {
        const std::string likeness = of.value("likeness", std::string());
        ++(likeness == "equal"       ? counts.equal
           : likeness == "different" ? counts.different
                                     : counts.not_comparable);
    }
    return counts;
}

/// Both are the same folder, as far as can be seen.
bool same_folder(const std::string& a, const std::string& b) {
    std::error_code bad;
    return std::filesystem::weakly_canonical(a, bad) == std::filesystem::weakly_canonical(b, bad);
}

/// The questions one after the other, until one is not answered in full.
Result<bool> fetch_all(const Arguments& arguments, const Rim& rim, const PairWanted& wanted,
                       ServerHistory& history) {
    Result<bool> all = fetch(arguments, rim, AccountKind::Streams, wanted.acd, history);
    const auto then = [&](bool is_wanted, AccountKind kind) {
        if (is_wanted && all && *all) all = fetch(arguments, rim, kind, wanted.acd, history);
    };
    then(wanted.gaps, AccountKind::Gaps);
    then(wanted.links, AccountKind::Links);
    then(wanted.events, AccountKind::Events);
    return all;
}

}  // namespace

std::string DigestCounts::text() const {
    const u64 all = equal + different + not_comparable;
    if (all == 0) return "no interval is closed on both servers yet: nothing can be compared";
    if (different != 0)
        return fmt::format(
            "the servers differ in {} of {} tables of closed intervals: twinlink verify "
            "--partner names them",
            with_separators(different), with_separators(all));
    if (not_comparable != 0)
        return fmt::format("nothing differs, but {} of {} tables of closed intervals cannot be compared yet",
                           with_separators(not_comparable), with_separators(all));
    return fmt::format("both servers hold the same rows ({} tables of closed intervals compared)",
                       with_separators(all));
}

Result<PairHistory> ask_pair(const Arguments& arguments, const Rim& rim, const std::string& store,
                             const PairWanted& wanted) {
    const auto first = ask_partner(arguments, rim, "compare");
    if (!first) return std::unexpected(first.error());
    const std::string theirs = first->value("store", std::string());
    if (!store.empty() && !theirs.empty() && !same_folder(store, theirs))
        return refuse(
            ExitCode::Problem,
            fmt::format("the appliance on {} has its store in {}, not in {}: its partner is not the "
                        "partner of that store",
                        socket_path(arguments, rim), clean(theirs), store));
    const Json& of = first->at("partner");
    PairHistory pair;
    pair.own_number = of.value("own_server", u16{0});
    pair.own_name = clean(of.value("own_name", std::string()));
    pair.digests = counts_of(*first);
    pair.partner.own = false;
    pair.partner.number = pair.own_number == 1 ? 2 : 1;
    pair.partner.name = clean(of.value("name", std::string()));
    if (const std::string state = of.value("state", std::string()); state != "up") {
        pair.partner.why = fmt::format("it is not connected: {}", clean(of.value("text", std::string())));
        return pair;
    }
    if (const auto all = fetch_all(arguments, rim, wanted, pair.partner); !all)
        return std::unexpected(all.error());
    return pair;
}

}  // namespace twinlink::cli
