// What LeakSanitizer is not to report: net_af_xdp of DPDK 22.11 never deletes its umem. Nothing of ours is
// named here.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:xsk_umem__create\n"; }
