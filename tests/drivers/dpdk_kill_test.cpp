// dpdk_kill_test
