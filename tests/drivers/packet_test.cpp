// packet_test
