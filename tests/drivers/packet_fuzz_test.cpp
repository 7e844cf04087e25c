// packet_fuzz_test
