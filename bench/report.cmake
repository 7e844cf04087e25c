twinlink_bench(NAME report SOURCES report_bench.cpp USES twinlink_cli twinlink::engine benchmark::benchmark_main)
