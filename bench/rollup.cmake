twinlink_bench(NAME rollup SOURCES rollup_bench.cpp USES twinlink::engine)
