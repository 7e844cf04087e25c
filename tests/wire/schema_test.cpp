// Holds the C++ side of the link protocol to acd_link.xml in both directions: what the schema says is what
// the structs do, and nothing is in one that is not in the other. Real bytes are put at the schema's offsets
// and read back through the members. Runs in the source root.
#include <twinlink/frame.hpp>
#include <twinlink/layout.hpp>

#include <doctest/doctest.h>
#include <pugixml.hpp>

#include <cstring>
#include <map>
#include <set>
#include <string>

using namespace twinlink;

namespace {

struct SchemaType {
    std::string primitive;
    u32 count = 1;
    bool named = false;  // an enum or a set
};

u32 size_of(const std::string& primitive) {
    const std::map<std::string, u32> sizes{{"char", 1},   {"uint8", 1},  {"uint16", 2},
                                           {"uint32", 4}, {"uint64", 8}, {"int16", 2}};
    REQUIRE(sizes.contains(primitive));
    return sizes.at(primitive);
}

struct Schema {
    pugi::xml_document document;
    pugi::xml_node root;
    std::map<std::string, SchemaType> types;
    std::map<std::string, pugi::xml_node> enums;
    std::map<std::string, pugi::xml_node> messages;

    Schema() {
        REQUIRE(document.load_file("include/twinlink/acd_link.xml"));
        root = document.child("sbe:messageSchema");
        for (const pugi::xml_node group : root.children("types"))
            for (const pugi::xml_node type : group.children()) add(type);
        for (const pugi::xml_node m : root.children("sbe:message"))
            REQUIRE(messages.emplace(m.attribute("name").value(), m).second);
    }
    void add(pugi::xml_node type) {
        const std::string name = type.attribute("name").value();
        const std::string kind = type.name();
        if (kind == "type")
            types[name] = {type.attribute("primitiveType").value(), type.attribute("length").as_uint(1),
                           false};
        if (kind == "enum" || kind == "set") {
            types[name] = {type.attribute("encodingType").value(), 1, true};
            REQUIRE(enums.emplace(name, type).second);
        }
    }
    static const Schema& get() {
        static const Schema schema;
        return schema;
    }
};

template <class F>
void for_each_struct(F&& f) {
    f.template operator()<FrameHeader>();
    for_each_message(f);
}

u32 number(pugi::xml_node node, const char* attribute) {
    REQUIRE_MESSAGE(node.attribute(attribute),
                    attribute << " is missing in " << node.attribute("name").value());
    return node.attribute(attribute).as_uint();
}

/// Puts bytes that differ at the field's place in the schema; they must come out of the member, and of no
/// other.
template <class M, class T>
void check_round_trip(const layout::Field<M, T>& field, u32 offset) {
    std::array<std::byte, sizeof(M)> block{};
    T expected;
    std::array<std::byte, sizeof(T)> pattern;
    for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::byte>(0xA1 + i);
    std::memcpy(&expected, pattern.data(), sizeof expected);
    std::memcpy(block.data() + offset, pattern.data(), pattern.size());
    const M m = read<M>(block.data());
    CHECK(m.*field.member == expected);
    for_each_field(m, [&](const FieldLayout& other, const auto& value) {
        if (other.name == field.layout.name) return;
        CHECK_MESSAGE(value == std::remove_cvref_t<decltype(value)>{}, other.name);
    });
}

/// Both sides agree about a field; `schema_field` is its element.
void check_field(pugi::xml_node schema_field, const FieldLayout& f, u32 id) {
    const std::string type_name = schema_field.attribute("type").value();
    REQUIRE_MESSAGE(Schema::get().types.contains(type_name), type_name);
    const SchemaType& type = Schema::get().types.at(type_name);
    CHECK(schema_field.attribute("name").value() == std::string(f.name));
    CHECK(number(schema_field, "id") == id);
    CHECK(number(schema_field, "offset") == f.offset);
    CHECK(type.primitive == name_of(f.primitive));
    CHECK(type.count == f.count);
    CHECK(size_of(type.primitive) * type.count == f.size);
    CHECK((type.named ? type_name : std::string{}) == std::string(f.enum_name));
    CHECK(f.padding() == type_name.starts_with("Padding"));
}

}  // namespace

TEST_CASE("schema: its identity is the one that frames carry") {
    const pugi::xml_node root = Schema::get().root;
    CHECK(root.attribute("xmlns:sbe").value() == std::string("http://fixprotocol.io/2016/sbe"));
    CHECK(root.attribute("package").value() == std::string("acd_link"));
    CHECK(number(root, "id") == kSchemaId);
    CHECK(number(root, "version") == kSchemaVersion);
    CHECK(root.attribute("byteOrder").value() == std::string("littleEndian"));
    CHECK(root.attribute("headerType").value() == std::string("messageHeader"));
}

TEST_CASE("schema: the message header is the standard one, and ours") {
    const pugi::xml_node header = Schema::get().root.child("types").child("composite");
    REQUIRE(header.attribute("name").value() == std::string("messageHeader"));
    const std::array names{"blockLength", "templateId", "schemaId", "version"};
    const std::array offsets{offsetof(SbeHeader, block_length), offsetof(SbeHeader, template_id),
                             offsetof(SbeHeader, schema_id), offsetof(SbeHeader, version)};
    std::size_t i = 0;
    for (const pugi::xml_node member : header.children("type")) {
        REQUIRE(i < names.size());
        CHECK(member.attribute("name").value() == std::string(names[i]));
        CHECK(member.attribute("primitiveType").value() == std::string("uint16"));
        CHECK(offsets[i] == 2 * i);
        ++i;
    }
    CHECK(i == names.size());
}

TEST_CASE("schema: every message of either side is on the other, field by field") {
    CHECK(Schema::get().messages.size() == kMessageLayouts.size());
    std::set<u32> ids;
    for (const MessageLayout& m : kMessageLayouts) {
        CAPTURE(m.name);
        REQUIRE(Schema::get().messages.contains(std::string(m.name)));
        const pugi::xml_node node = Schema::get().messages.at(std::string(m.name));
        CHECK(number(node, "id") == m.template_id);
        CHECK(ids.insert(m.template_id).second);
        CHECK(number(node, "blockLength") == m.block_length);
        CHECK(m.block_length % 8 == 0);
        CHECK(node.child("group").empty());
        CHECK(node.child("data").empty());
        std::size_t n = 0;
        for (const pugi::xml_node field : node.children("field")) {
            CAPTURE(field.attribute("name").value());
            REQUIRE(n < m.fields.size());
            check_field(field, m.fields[n], static_cast<u32>(n + 1));
            ++n;
        }
        CHECK(n == m.fields.size());
    }
}

TEST_CASE("schema: a value put at a field's offset comes out of the struct's member, and nowhere else") {
    for_each_struct([]<class M>() {
        CAPTURE(layout::Fields<M>::name);
        const pugi::xml_node node = Schema::get().messages.at(std::string(layout::Fields<M>::name));
        CHECK(number(node, "id") == M::kTemplate);
        CHECK(number(node, "blockLength") == sizeof(M));
        std::apply(
            [&](const auto&... field) {
                (check_round_trip(
                     field, number(node.find_child_by_attribute("field", "name", field.layout.name.data()),
                                   "offset")),
                 ...);
            },
            layout::Fields<M>::all);
    });
}

TEST_CASE(
    "schema: every message begins with its time, call and agent messages with their call or agent behind "
    "it") {
    for (const MessageLayout& m : kMessageLayouts) {
        if (m.template_id == FrameHeader::kTemplate) continue;
        CAPTURE(m.name);
        CHECK(m.fields[0].name == "time");
        if (m.name.starts_with("Call") || m.name.starts_with("TrunkSeized"))
            CHECK(m.fields[1].name == "call");
        if (m.name.starts_with("Agent")) CHECK(m.fields[1].name == "agent");
    }
}

TEST_CASE("schema: enumerators and flags agree, and known() tells exactly them") {
    CHECK(Schema::get().enums.size() == kEnumLayouts.size());
    for (const EnumLayout& e : kEnumLayouts) {
        CAPTURE(e.name);
        REQUIRE(Schema::get().enums.contains(std::string(e.name)));
        const pugi::xml_node node = Schema::get().enums.at(std::string(e.name));
        CHECK(node.name() == std::string(e.set ? "set" : "enum"));
        std::size_t n = 0;
        for (const pugi::xml_node value : node.children()) {
            REQUIRE(n < e.values.size());
            CHECK(value.attribute("name").value() == std::string(e.values[n].name));
            const u32 v = value.text().as_uint();
            CHECK((e.set ? 1U << v : v) == e.values[n].value);
            ++n;
        }
        CHECK(n == e.values.size());
    }
    for_each_struct([]<class M>() {
        for_each_field(M{}, [](const FieldLayout& f, auto value) {
            using T = decltype(value);
            if constexpr (std::is_enum_v<T>) {
                CAPTURE(f.enum_name);
                for (u32 v = 0; v < 256; ++v)
                    CHECK(known(static_cast<T>(v)) == !name_of(static_cast<T>(v)).empty());
            }
        });
    });
}

TEST_CASE("schema: everything is described, times and durations with their unit, and no type is idle") {
    std::set<std::string> used;
    const auto described = [](pugi::xml_node node) {
        CHECK_MESSAGE(!std::string(node.attribute("description").value()).empty(),
                      node.attribute("name").value());
    };
    for (const auto& [name, message] : Schema::get().messages) {
        described(message);
        for (const pugi::xml_node field : message.children("field")) {
            described(field);
            const std::string field_name = field.attribute("name").value();
            const std::string type = field.attribute("type").value();
            const std::string text = std::string(field.attribute("description").value()) + ' ';
            used.insert(type);
            const std::string where = name + "." + field_name + ": " + text;
            CAPTURE(where);
            if (type.starts_with("TimeNs") || type == "EpochNs")
                CHECK((text.find(" ns") != std::string::npos || field_name == "epoch"));
            if (field_name.ends_with("_s")) CHECK(text.find(" s") != std::string::npos);
            if (field_name.ends_with("_minutes")) CHECK(text.find("minutes") != std::string::npos);
        }
    }
    for (const pugi::xml_node group : Schema::get().root.children("types"))
        for (const pugi::xml_node type : group.children()) {
            described(type);
            for (const pugi::xml_node part : type.children()) described(part);
        }
    for (const auto& [name, type] : Schema::get().types) CHECK_MESSAGE(used.contains(name), name);
}

TEST_CASE("layout: messages and enumerators are found by number, and what is unknown has no name") {
    CHECK(name_of(AgentState::kTemplate) == "AgentState");
    CHECK(name_of(FrameHeader::kTemplate) == "FrameHeader");
    CHECK(layout_of(CallQueued::kTemplate)->block_length == sizeof(CallQueued));
    for (u32 id = 0; id <= 0xFFFF; ++id) {
        const bool ours = id == FrameHeader::kTemplate || (id <= kTemplateMax && kBlockLengths[id] != 0);
        if (name_of(static_cast<u16>(id)).empty() == ours) FAIL_CHECK("template " << id);
    }
    CHECK(name_of(AgentMode::Acw) == "Acw");
    CHECK(name_of(AgentMode{200}).empty());
}
