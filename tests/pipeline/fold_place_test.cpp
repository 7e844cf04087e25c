// Sets of places: what came late, held against what a refold passed as missing.
#include "engine/fold_place.hpp"

#include <doctest/doctest.h>

using namespace twinlink;

namespace {

FoldSpan names(u64 epoch, u64 first, u64 end) {
    return {{Epoch{epoch}, Seq{first}}, {Epoch{epoch}, Seq{end}}};
}

FoldSpans set_of(std::initializer_list<FoldSpan> spans) {
    FoldSpans set;
    for (const FoldSpan& span : spans) set.add(span);
    return set;
}

}  // namespace

TEST_CASE("places: the first common one is found in whatever order names came") {
    const FoldSpans passed = set_of({names(1, 1, 10), names(1, 50, 60), names(2, 5, 8)});
    CHECK_FALSE(set_of({names(1, 10, 50)}).first_common(passed));
    CHECK_FALSE(set_of({names(2, 8, 9), names(1, 60, 99), names(1, 20, 30)}).first_common(passed));
    CHECK(set_of({names(2, 1, 9), names(1, 59, 70)}).first_common(passed) == FoldPlace{Epoch{1}, Seq{59}});
    CHECK(set_of({names(2, 1, 9)}).first_common(passed) == FoldPlace{Epoch{2}, Seq{5}});
    CHECK_FALSE(FoldSpans{}.first_common(passed));
    CHECK_FALSE(passed.first_common(FoldSpans{}));
}

TEST_CASE("places: a span across lives holds those in between") {
    FoldSpans passed;
    passed.add({{Epoch{1}, Seq{7}}, {Epoch{3}, Seq{1}}});
    CHECK(passed.meets(names(2, 1, 2)));
    CHECK(passed.meets(names(1, 100, 101)));
    CHECK_FALSE(passed.meets(names(1, 1, 7)));
    CHECK_FALSE(passed.meets(names(3, 1, 2)));
}

TEST_CASE("places: what is common is told from its first to its last name") {
    const FoldSpans passed = set_of({names(1, 1, 10), names(1, 50, 60)});
    const auto common = passed.common(names(1, 5, 55));
    REQUIRE(common);
    CHECK(common->first == FoldPlace{Epoch{1}, Seq{5}});
    CHECK(common->end == FoldPlace{Epoch{1}, Seq{55}});
    CHECK_FALSE(passed.common(names(1, 10, 50)));
}

TEST_CASE("places: neighbours become one, and nothing is added by nothing") {
    FoldSpans came = set_of({names(1, 1, 5), names(1, 5, 9), names(1, 9, 9)});
    CHECK(came.common(names(1, 1, 100))->end == FoldPlace{Epoch{1}, Seq{9}});
    CHECK(came.first() == FoldPlace{Epoch{1}, Seq{1}});
    came.clear();
    CHECK_FALSE(came.first());
}

TEST_CASE("places: a full set says too much, never too little") {
    FoldSpans came;
    for (u64 i = 0; i < kFoldSpansMax + 1; ++i) came.add(names(1, 10 + 3 * i, 11 + 3 * i));
    for (u64 i = 0; i < kFoldSpansMax + 1; ++i) REQUIRE(came.meets(names(1, 10 + 3 * i, 11 + 3 * i)));
    CHECK_FALSE(came.meets(names(1, 1, 10)));
    came.add(names(2, 1, 2));
    CHECK(came.meets(names(2, 1, 2)));
}
