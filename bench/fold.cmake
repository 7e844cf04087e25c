twinlink_bench(NAME fold SOURCES fold_bench.cpp USES twinlink::engine benchmark::benchmark_main)
