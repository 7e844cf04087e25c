#!/usr/bin/env bash
# Proves on object files that a hot path cannot allocate, throw or lock: they may not even mention a function that does.
# usage: hot_path.sh FILE[:MEMBER]...   an object file, or a member of a static library
# Other folders use it for their own objects: add_test(NAME hot_path_link COMMAND .../hot_path.sh LIB:arbiter.cpp.o ...).
set -euo pipefail
forbidden='^(_Zn[wa]|_Zd[la]|malloc|calloc|realloc|free|aligned_alloc|posix_memalign|__cxa_throw|__cxa_rethrow'
forbidden="$forbidden|__cxa_allocate_exception|_ZSt[0-9]+__throw_|__cxa_guard_acquire|pthread_|sem_|futex|syscall"
forbidden="$forbidden|_ZNSt5mutex|_ZNSt18condition_variable|clock_gettime|_ZNSt6chrono|usleep|nanosleep)"
[ $# -gt 0 ] || { echo "hot_path.sh: no object given" >&2; exit 2; }
bad=0
for object in "$@"; do
    case $object in
        *.a:*) file=${object%:*} member=${object##*:} ;;
        *) file=$object member= ;;
    esac
    symbols=$(nm --undefined-only --print-file-name "$file" | if [ -n "$member" ]; then grep -F ":$member:" || true; else cat; fi)
    [ -n "$symbols" ] || { echo "$object: not there, or it calls nothing: is the name right?" >&2; exit 2; }
    found=$(printf '%s\n' "$symbols" | awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u | grep -E "$forbidden" || true)
    if [ -n "$found" ]; then
        echo "$object: a hot path may not call:" >&2
        printf '%s\n' "$found" | c++filt | sed 's/^/    /' >&2
        bad=1
    fi
done
exit $bad
