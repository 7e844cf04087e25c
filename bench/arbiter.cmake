twinlink_bench(NAME arbiter SOURCES arbiter_bench.cpp USES twinlink::engine)
