twinlink_bench(NAME wire SOURCES wire_bench.cpp USES twinlink::engine)
