// Holds the C++ side of the partner protocol to partner_link.xml in both directions, offset by offset. Runs
// in the source root.
#include "engine/partner/messages.hpp"

#include <doctest/doctest.h>
#include <pugixml.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace twinlink;
using namespace twinlink::partner;

namespace {

struct FieldAt {
    std::string name;
    std::size_t offset;
    std::size_t size;
};
struct StructAt {
    std::size_t size;
    std::vector<FieldAt> fields;
};

#define TWINLINK_AT(M, member) \
    FieldAt { #member, offsetof(M, member), sizeof(M::member) }

/// The account, whose records are those of the store.
void add_accounts(std::map<std::string, StructAt>& m) {
    m["AccountAsk"] = {
        sizeof(AccountAsk),
        {TWINLINK_AT(AccountAsk, from), TWINLINK_AT(AccountAsk, to), TWINLINK_AT(AccountAsk, next_epoch),
         TWINLINK_AT(AccountAsk, next_number), TWINLINK_AT(AccountAsk, request),
         TWINLINK_AT(AccountAsk, most), TWINLINK_AT(AccountAsk, acd), TWINLINK_AT(AccountAsk, next_acd),
         TWINLINK_AT(AccountAsk, kind), TWINLINK_AT(AccountAsk, reserved0),
         TWINLINK_AT(AccountAsk, reserved1)}};
    m["AccountStreams"] = {sizeof(AccountStreams),
                           {TWINLINK_AT(AccountStreams, next_epoch), TWINLINK_AT(AccountStreams, next_number),
                            TWINLINK_AT(AccountStreams, request), TWINLINK_AT(AccountStreams, next_acd),
                            TWINLINK_AT(AccountStreams, flags), TWINLINK_AT(AccountStreams, reserved0)}};
    m["AccountGaps"] = {sizeof(AccountGaps),
                        {TWINLINK_AT(AccountGaps, next_epoch), TWINLINK_AT(AccountGaps, next_number),
                         TWINLINK_AT(AccountGaps, request), TWINLINK_AT(AccountGaps, next_acd),
                         TWINLINK_AT(AccountGaps, flags), TWINLINK_AT(AccountGaps, reserved0)}};
    m["AccountLinks"] = {sizeof(AccountLinks),
                         {TWINLINK_AT(AccountLinks, next_epoch), TWINLINK_AT(AccountLinks, next_number),
                          TWINLINK_AT(AccountLinks, request), TWINLINK_AT(AccountLinks, next_acd),
                          TWINLINK_AT(AccountLinks, flags), TWINLINK_AT(AccountLinks, reserved0)}};
    m["AccountEvents"] = {sizeof(AccountEvents),
                          {TWINLINK_AT(AccountEvents, next_epoch), TWINLINK_AT(AccountEvents, next_number),
                           TWINLINK_AT(AccountEvents, request), TWINLINK_AT(AccountEvents, next_acd),
                           TWINLINK_AT(AccountEvents, flags), TWINLINK_AT(AccountEvents, reserved0)}};
}
void add_records(std::map<std::string, StructAt>& m) {
    m["StreamRecord"] = {sizeof(StreamRecord),
                         {TWINLINK_AT(StreamRecord, epoch), TWINLINK_AT(StreamRecord, first_seen),
                          TWINLINK_AT(StreamRecord, watermark), TWINLINK_AT(StreamRecord, next),
                          TWINLINK_AT(StreamRecord, messages), TWINLINK_AT(StreamRecord, missing),
                          TWINLINK_AT(StreamRecord, last_time), TWINLINK_AT(StreamRecord, begun_wall),
                          TWINLINK_AT(StreamRecord, last_wall), TWINLINK_AT(StreamRecord, acd),
                          TWINLINK_AT(StreamRecord, ended), TWINLINK_AT(StreamRecord, reserved0),
                          TWINLINK_AT(StreamRecord, reserved1)}};
    m["GapRecord"] = {
        sizeof(GapRecord),
        {TWINLINK_AT(GapRecord, epoch), TWINLINK_AT(GapRecord, first), TWINLINK_AT(GapRecord, last),
         TWINLINK_AT(GapRecord, missing), TWINLINK_AT(GapRecord, opened_wall),
         TWINLINK_AT(GapRecord, closed_wall), TWINLINK_AT(GapRecord, time_before),
         TWINLINK_AT(GapRecord, time_after), TWINLINK_AT(GapRecord, interval_first),
         TWINLINK_AT(GapRecord, interval_last), TWINLINK_AT(GapRecord, refold_ns),
         TWINLINK_AT(GapRecord, attempts), TWINLINK_AT(GapRecord, acd), TWINLINK_AT(GapRecord, cause),
         TWINLINK_AT(GapRecord, state), TWINLINK_AT(GapRecord, filled_by), TWINLINK_AT(GapRecord, merged),
         TWINLINK_AT(GapRecord, reserved0), TWINLINK_AT(GapRecord, reserved1)}};
    m["LinkRecord"] = {sizeof(LinkRecord),
                       {TWINLINK_AT(LinkRecord, epoch),          TWINLINK_AT(LinkRecord, frames),
                        TWINLINK_AT(LinkRecord, heartbeats),     TWINLINK_AT(LinkRecord, messages),
                        TWINLINK_AT(LinkRecord, first_arrivals), TWINLINK_AT(LinkRecord, duplicates),
                        TWINLINK_AT(LinkRecord, distinct),       TWINLINK_AT(LinkRecord, lost),
                        TWINLINK_AT(LinkRecord, lost_alone),     TWINLINK_AT(LinkRecord, behind),
                        TWINLINK_AT(LinkRecord, late),           TWINLINK_AT(LinkRecord, wild_frames),
                        TWINLINK_AT(LinkRecord, stale_frames),   TWINLINK_AT(LinkRecord, conflicts),
                        TWINLINK_AT(LinkRecord, lag_ns_last),    TWINLINK_AT(LinkRecord, lag_ns_max),
                        TWINLINK_AT(LinkRecord, lag_ns_sum),     TWINLINK_AT(LinkRecord, lag_count),
                        TWINLINK_AT(LinkRecord, silences),       TWINLINK_AT(LinkRecord, silent_ns),
                        TWINLINK_AT(LinkRecord, last_wall),      TWINLINK_AT(LinkRecord, acd),
                        TWINLINK_AT(LinkRecord, link),           TWINLINK_AT(LinkRecord, silent),
                        TWINLINK_AT(LinkRecord, reserved0)}};
    m["LinkEventRecord"] = {sizeof(LinkEventRecord),
                            {TWINLINK_AT(LinkEventRecord, number), TWINLINK_AT(LinkEventRecord, begun_wall),
                             TWINLINK_AT(LinkEventRecord, last_wall), TWINLINK_AT(LinkEventRecord, epoch),
                             TWINLINK_AT(LinkEventRecord, first), TWINLINK_AT(LinkEventRecord, last),
                             TWINLINK_AT(LinkEventRecord, count), TWINLINK_AT(LinkEventRecord, names),
                             TWINLINK_AT(LinkEventRecord, duration_ns), TWINLINK_AT(LinkEventRecord, acd),
                             TWINLINK_AT(LinkEventRecord, kind), TWINLINK_AT(LinkEventRecord, link),
                             TWINLINK_AT(LinkEventRecord, cause), TWINLINK_AT(LinkEventRecord, open),
                             TWINLINK_AT(LinkEventRecord, now), TWINLINK_AT(LinkEventRecord, reserved0)}};
}

/// Every struct of messages.hpp, member by member.
const std::map<std::string, StructAt>& structs() {
    static const std::map<std::string, StructAt> all = [] {
        std::map<std::string, StructAt> m;
        const auto add = [&]<class M>(const char* name, std::vector<FieldAt> fields) {
            m[name] = {sizeof(M), std::move(fields)};
        };
        add.template operator()<Hello>(
            "Hello",
            {TWINLINK_AT(Hello, pair), TWINLINK_AT(Hello, life), TWINLINK_AT(Hello, config_digest),
             TWINLINK_AT(Hello, wall), TWINLINK_AT(Hello, server), TWINLINK_AT(Hello, version_min),
             TWINLINK_AT(Hello, version_max), TWINLINK_AT(Hello, fold_version), TWINLINK_AT(Hello, name)});
        add.template operator()<Have>(
            "Have", {TWINLINK_AT(Have, epoch), TWINLINK_AT(Have, first_seen), TWINLINK_AT(Have, next),
                     TWINLINK_AT(Have, pruned), TWINLINK_AT(Have, missing), TWINLINK_AT(Have, acd),
                     TWINLINK_AT(Have, flags), TWINLINK_AT(Have, reserved0), TWINLINK_AT(Have, reserved1)});
        add.template operator()<Want>("Want", {TWINLINK_AT(Want, epoch), TWINLINK_AT(Want, request),
                                               TWINLINK_AT(Want, acd), TWINLINK_AT(Want, reserved0)});
        add.template operator()<Block>(
            "Block", {TWINLINK_AT(Block, epoch), TWINLINK_AT(Block, first), TWINLINK_AT(Block, request),
                      TWINLINK_AT(Block, count), TWINLINK_AT(Block, acd), TWINLINK_AT(Block, flags),
                      TWINLINK_AT(Block, reserved0)});
        add.template operator()<Lack>(
            "Lack", {TWINLINK_AT(Lack, epoch), TWINLINK_AT(Lack, request), TWINLINK_AT(Lack, acd),
                     TWINLINK_AT(Lack, why), TWINLINK_AT(Lack, reserved0)});
        add.template operator()<LostPropose>(
            "LostPropose", {TWINLINK_AT(LostPropose, epoch), TWINLINK_AT(LostPropose, acd),
                            TWINLINK_AT(LostPropose, reserved0), TWINLINK_AT(LostPropose, reserved1)});
        add.template operator()<LostAgree>(
            "LostAgree", {TWINLINK_AT(LostAgree, epoch), TWINLINK_AT(LostAgree, acd),
                          TWINLINK_AT(LostAgree, reserved0), TWINLINK_AT(LostAgree, reserved1)});
        add.template operator()<Digest>(
            "Digest",
            {TWINLINK_AT(Digest, start), TWINLINK_AT(Digest, digest), TWINLINK_AT(Digest, rows),
             TWINLINK_AT(Digest, missing), TWINLINK_AT(Digest, acd), TWINLINK_AT(Digest, instance),
             TWINLINK_AT(Digest, fold_version), TWINLINK_AT(Digest, table), TWINLINK_AT(Digest, flags)});
        add.template operator()<Heartbeat>(
            "Heartbeat",
            {TWINLINK_AT(Heartbeat, sent), TWINLINK_AT(Heartbeat, echo), TWINLINK_AT(Heartbeat, echo_age),
             TWINLINK_AT(Heartbeat, wall), TWINLINK_AT(Heartbeat, refilling)});
        add.template operator()<Copy>(
            "Copy", {TWINLINK_AT(Copy, epoch), TWINLINK_AT(Copy, seq), TWINLINK_AT(Copy, acd),
                     TWINLINK_AT(Copy, reserved0), TWINLINK_AT(Copy, reserved1)});
        add.template operator()<Bye>(
            "Bye", {TWINLINK_AT(Bye, why), TWINLINK_AT(Bye, reserved0), TWINLINK_AT(Bye, reserved1),
                    TWINLINK_AT(Bye, reserved2), TWINLINK_AT(Bye, text)});
        add.template operator()<AcdEntry>(
            "AcdEntry",
            {TWINLINK_AT(AcdEntry, acd), TWINLINK_AT(AcdEntry, reserved0), TWINLINK_AT(AcdEntry, reserved1)});
        add.template operator()<RangeEntry>("RangeEntry",
                                            {TWINLINK_AT(RangeEntry, first), TWINLINK_AT(RangeEntry, last)});
        add.template operator()<HeldEntry>(
            "HeldEntry", {TWINLINK_AT(HeldEntry, first), TWINLINK_AT(HeldEntry, last),
                          TWINLINK_AT(HeldEntry, held), TWINLINK_AT(HeldEntry, reserved0),
                          TWINLINK_AT(HeldEntry, reserved1), TWINLINK_AT(HeldEntry, reserved2)});
        add.template operator()<RowsAsk>(
            "RowsAsk",
            {TWINLINK_AT(RowsAsk, start), TWINLINK_AT(RowsAsk, next_entity),
             TWINLINK_AT(RowsAsk, next_entity2), TWINLINK_AT(RowsAsk, request), TWINLINK_AT(RowsAsk, acd),
             TWINLINK_AT(RowsAsk, instance), TWINLINK_AT(RowsAsk, table), TWINLINK_AT(RowsAsk, reserved0),
             TWINLINK_AT(RowsAsk, reserved1), TWINLINK_AT(RowsAsk, reserved2)});
        add.template operator()<RowHashes>(
            "RowHashes", {TWINLINK_AT(RowHashes, next_entity), TWINLINK_AT(RowHashes, next_entity2),
                          TWINLINK_AT(RowHashes, request), TWINLINK_AT(RowHashes, flags),
                          TWINLINK_AT(RowHashes, reserved0), TWINLINK_AT(RowHashes, reserved1)});
        add.template operator()<RowItems>(
            "RowItems", {TWINLINK_AT(RowItems, entity), TWINLINK_AT(RowItems, entity2),
                         TWINLINK_AT(RowItems, request), TWINLINK_AT(RowItems, flags),
                         TWINLINK_AT(RowItems, reserved0), TWINLINK_AT(RowItems, reserved1)});
        add.template operator()<RowEntry>("RowEntry",
                                          {TWINLINK_AT(RowEntry, entity), TWINLINK_AT(RowEntry, entity2)});
        add.template operator()<RowHashEntry>(
            "RowHashEntry", {TWINLINK_AT(RowHashEntry, entity), TWINLINK_AT(RowHashEntry, entity2),
                             TWINLINK_AT(RowHashEntry, hash)});
        add.template operator()<ItemEntry>("ItemEntry", {TWINLINK_AT(ItemEntry, value)});
        add_accounts(m);
        add_records(m);
        return m;
    }();
    return all;
}

struct Schema {
    pugi::xml_document document;
    pugi::xml_node root;
    std::map<std::string, std::pair<std::string, u32>> types;  ///< primitive, count
    std::map<std::string, pugi::xml_node> enums;

    Schema() {
        REQUIRE(document.load_file("engine/partner/partner_link.xml"));
        root = document.child("sbe:messageSchema");
        for (const pugi::xml_node group : root.children("types")) {
            for (const pugi::xml_node type : group.children()) {
                const std::string name = type.attribute("name").value();
                const bool plain = type.name() == std::string("type");
                if (type.name() == std::string("composite")) continue;
                types[name] = {type.attribute(plain ? "primitiveType" : "encodingType").value(),
                               type.attribute("length").as_uint(1)};
                if (!plain) enums[name] = type;
            }
        }
    }
    [[nodiscard]] std::size_t size_of(const std::string& type) const {
        const std::map<std::string, u32> sizes{
            {"char", 1}, {"uint8", 1}, {"uint16", 2}, {"uint32", 4}, {"uint64", 8}};
        REQUIRE_MESSAGE(types.contains(type), type);
        return std::size_t{sizes.at(types.at(type).first)} * types.at(type).second;
    }
};

/// The schema's fields are the struct's, one after the other, without a hole.
void check_fields(const Schema& schema, pugi::xml_node parent, const StructAt& have) {
    std::size_t n = 0;
    std::size_t behind = 0;
    for (const pugi::xml_node field : parent.children("field")) {
        REQUIRE(n < have.fields.size());
        const FieldAt& f = have.fields[n++];
        CHECK(field.attribute("name").value() == f.name);
        CHECK(field.attribute("offset").as_uint() == f.offset);
        CHECK(schema.size_of(field.attribute("type").value()) == f.size);
        CHECK(f.offset == behind);
        CHECK(f.name.starts_with("reserved") ==
              std::string(field.attribute("type").value()).starts_with("Padding"));
        behind = f.offset + f.size;
    }
    CHECK(n == have.fields.size());
    CHECK(behind == have.size);
    CHECK(have.size % 8 == 0);
}

void check_enum(const Schema& schema, const char* name, const std::map<std::string, u32>& have) {
    REQUIRE(schema.enums.contains(name));
    std::map<std::string, u32> said;
    for (const pugi::xml_node v : schema.enums.at(name).children())
        said[v.attribute("name").value()] = v.text().as_uint();
    CHECK(said == have);
}

}  // namespace

TEST_CASE("partner schema: its identity is the one that frames carry") {
    const Schema schema;
    CHECK(schema.root.attribute("id").as_uint() == kPartnerSchema);
    CHECK(schema.root.attribute("version").as_uint() == kPartnerSchemaVersion);
    CHECK(schema.root.attribute("byteOrder").value() == std::string("littleEndian"));
}

TEST_CASE("partner schema: every message and group is laid out as its struct") {
    const Schema schema;
    const std::map<std::string, std::string> entry_of{{"Hello", "AcdEntry"},
                                                      {"Have", "HeldEntry"},
                                                      {"Want", "RangeEntry"},
                                                      {"Lack", "RangeEntry"},
                                                      {"LostPropose", "RangeEntry"},
                                                      {"LostAgree", "RangeEntry"},
                                                      {"AccountStreams", "StreamRecord"},
                                                      {"AccountGaps", "GapRecord"},
                                                      {"AccountLinks", "LinkRecord"},
                                                      {"AccountEvents", "LinkEventRecord"},
                                                      {"RowsAsk", "RowEntry"},
                                                      {"RowHashes", "RowHashEntry"},
                                                      {"RowItems", "ItemEntry"}};
    std::map<std::string, u32> templates;
    for_each_partner_message([&]<class M>() { CHECK(sizeof(M) % 8 == 0); });
    std::set<u32> ids;
    for (const pugi::xml_node message : schema.root.children("sbe:message")) {
        const std::string name = message.attribute("name").value();
        CAPTURE(name);
        REQUIRE(structs().contains(name));
        CHECK(ids.insert(message.attribute("id").as_uint()).second);
        templates[name] = message.attribute("id").as_uint();
        check_fields(schema, message, structs().at(name));
        const pugi::xml_node group = message.child("group");
        CHECK(bool(group) == entry_of.contains(name));
        if (group) {
            const StructAt& entry = structs().at(entry_of.at(name));
            CHECK(group.attribute("blockLength").as_uint() == entry.size);
            check_fields(schema, group, entry);
        }
        CHECK(bool(message.child("data")) == (name == "Block" || name == "Copy"));
    }
    const std::map<std::string, u32> want{{"Hello", Hello::kTemplate},
                                          {"Have", Have::kTemplate},
                                          {"Want", Want::kTemplate},
                                          {"Block", Block::kTemplate},
                                          {"Lack", Lack::kTemplate},
                                          {"LostPropose", LostPropose::kTemplate},
                                          {"LostAgree", LostAgree::kTemplate},
                                          {"Digest", Digest::kTemplate},
                                          {"Heartbeat", Heartbeat::kTemplate},
                                          {"Bye", Bye::kTemplate},
                                          {"AccountAsk", AccountAsk::kTemplate},
                                          {"AccountStreams", AccountStreams::kTemplate},
                                          {"AccountGaps", AccountGaps::kTemplate},
                                          {"AccountLinks", AccountLinks::kTemplate},
                                          {"AccountEvents", AccountEvents::kTemplate},
                                          {"Copy", Copy::kTemplate},
                                          {"RowsAsk", RowsAsk::kTemplate},
                                          {"RowHashes", RowHashes::kTemplate},
                                          {"RowItems", RowItems::kTemplate}};
    CHECK(templates == want);
}

TEST_CASE("partner schema: enums and sets have the values of the code") {
    const Schema schema;
    check_enum(schema, "Held", {{"Here", 0}, {"Missing", 1}, {"Lost", 2}});
    CHECK((u32(Held::Here) == 0 && u32(Held::Missing) == 1 && u32(Held::Lost) == 2));
    check_enum(schema, "LackWhy",
               {{"Missing", u32(LackWhy::Missing)},
                {"TooOld", u32(LackWhy::TooOld)},
                {"Unknown", u32(LackWhy::Unknown)},
                {"Busy", u32(LackWhy::Busy)},
                {"Unreadable", u32(LackWhy::Unreadable)}});
    check_enum(schema, "ByeWhy",
               {{"Stop", u32(ByeWhy::Stop)},
                {"Maintenance", u32(ByeWhy::Maintenance)},
                {"Upgrade", u32(ByeWhy::Upgrade)},
                {"Power", u32(ByeWhy::Power)},
                {"Refused", u32(ByeWhy::Refused)},
                {"Protocol", u32(ByeWhy::Protocol)},
                {"Replaced", u32(ByeWhy::Replaced)}});
    check_enum(schema, "AccountKind",
               {{"Streams", u32(AccountKind::Streams)},
                {"Gaps", u32(AccountKind::Gaps)},
                {"Links", u32(AccountKind::Links)},
                {"Events", u32(AccountKind::Events)}});
    check_enum(schema, "GapCause",
               {{"Unknown", u32(GapCause::Unknown)},
                {"BothLinks", u32(GapCause::BothLinks)},
                {"LinkDown", u32(GapCause::LinkDown)},
                {"LocalDrop", u32(GapCause::LocalDrop)},
                {"ServerDown", u32(GapCause::ServerDown)},
                {"RefusedFrames", u32(GapCause::RefusedFrames)},
                {"BeforePumpUp", u32(GapCause::BeforePumpUp)},
                {"Tail", u32(GapCause::Tail)},
                {"BitRot", u32(GapCause::BitRot)}});
    check_enum(schema, "GapState",
               {{"Open", u32(GapState::Open)},
                {"Requested", u32(GapState::Requested)},
                {"Filled", u32(GapState::Filled)},
                {"Healed", u32(GapState::Healed)},
                {"Lost", u32(GapState::Lost)}});
    check_enum(schema, "FilledBy",
               {{"Nobody", u32(FilledBy::Nobody)},
                {"LinkA", u32(FilledBy::LinkA)},
                {"LinkB", u32(FilledBy::LinkB)},
                {"Partner", u32(FilledBy::Partner)},
                {"Backup", u32(FilledBy::Backup)}});
    check_enum(schema, "EventKind",
               {{"Silent", u32(LinkEventKind::Silent)},
                {"Refused", u32(LinkEventKind::Refused)},
                {"Dropped", u32(LinkEventKind::Dropped)},
                {"SetAside", u32(LinkEventKind::SetAside)},
                {"EpochBegun", u32(LinkEventKind::EpochBegun)},
                {"PumpUp", u32(LinkEventKind::PumpUp)},
                {"PumpUpTorn", u32(LinkEventKind::PumpUpTorn)},
                {"GapOpened", u32(LinkEventKind::GapOpened)},
                {"Conflict", u32(LinkEventKind::Conflict)}});
    const auto bit = [](u32 flag) { return static_cast<u32>(std::countr_zero(flag)); };
    check_enum(schema, "HaveFlags",
               {{"full", bit(kHaveFull)},
                {"ended", bit(kHaveEnded)},
                {"more", bit(kHaveMore)},
                {"link_a", bit(kHaveLinkA)},
                {"link_b", bit(kHaveLinkB)}});
    check_enum(schema, "PageFlags",
               {{"last", bit(kPageLast)}, {"more", bit(kPageMore)}, {"unreadable", bit(kPageUnreadable)}});
    check_enum(schema, "BlockFlags", {{"last", bit(kBlockLast)}});
    check_enum(schema, "DigestFlags", {{"incomplete", bit(kDigestIncomplete)}});
}
