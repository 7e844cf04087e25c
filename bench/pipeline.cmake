twinlink_bench(NAME pipeline SOURCES pipeline_bench.cpp USES twinlink::engine twinlink_sim)
