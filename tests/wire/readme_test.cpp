// Keeps the worked example of engine/wire/README.md true: its bytes are what the builder makes, and they are
// valid.
#include "tests/wire/frames.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

using namespace twinlink;
using namespace twinlink::test;

namespace {

/// The frame that the document explains.
Buffer example() {
    Buffer room(kFrameBytesDefault);
    FrameBuilder builder{room};
    FrameHeader header = header_of(4'711, Link::B);
    builder.reset(header);
    builder.add(AgentState{1'700'000'123'000'000'000, 1'001, 0, 0, AgentMode::Acw, AgentMode::Aux, 3,
                           Direction::None, 0});
    const Bytes frame = builder.finish(Nanos{1'700'000'123'000'400'000});
    return {frame.begin(), frame.end()};
}

/// The hex digits of the document's ```hex block; what follows a | is explanation.
Buffer documented() {
    std::ifstream readme("engine/wire/README.md");
    REQUIRE(readme);
    Buffer bytes;
    bool inside = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("```"))
            inside = line == "```hex";
        else if (inside) {
            std::istringstream words(line.substr(0, line.find('|')));
            for (std::string word; words >> word;)
                bytes.push_back(static_cast<std::byte>(std::stoi(word, nullptr, 16)));
        }
    }
    return bytes;
}

std::string hex(const Buffer& bytes) {
    std::string text;
    std::array<char, 4> two;
    for (const std::byte b : bytes) {
        std::snprintf(two.data(), two.size(), "%02x ", static_cast<unsigned>(b));
        text += two.data();
    }
    return text;
}

}  // namespace

TEST_CASE("readme: the example frame in hex is what the builder makes") {
    CHECK(validate(example()) == FrameRefusal::Ok);
    CHECK(hex(documented()) == hex(example()));
}
