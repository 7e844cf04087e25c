// checksum_test
