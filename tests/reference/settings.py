"""What waits are measured by: the service level and the wait buckets, of skills and of VDNs alike."""

SECOND_NS = 1_000_000_000


class Unset:
    """Of what no pump-up has told."""

    service_level_s = 0
    period_s = [0] * 9
    skill = [0] * 3


def acceptable(info, wait):
    level_ns = info.service_level_s * SECOND_NS
    return level_ns > 0 and wait <= level_ns


def bucket(info, wait):
    """The number of the wait bucket, 1 .. 10."""
    if not any(info.period_s):
        return 1
    for n, limit_s in enumerate(info.period_s, 1):
        if wait <= limit_s * SECOND_NS:
            return n
    return 10
