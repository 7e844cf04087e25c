twinlink_bench(NAME store SOURCES store_bench.cpp USES twinlink::engine)
