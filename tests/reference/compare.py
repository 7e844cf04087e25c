"""Rows of the reference against rows of the product: every item of every row, exactly."""
import datetime
from dataclasses import dataclass


@dataclass
class Difference:
    acd: int
    table: str
    row: str
    item: str
    expected: object
    got: object

    def __str__(self):
        return f"{self.table} {self.row}: {self.item}: expected {self.expected!r}, got {self.got!r}"


def utc(ns):
    start = datetime.datetime.fromtimestamp(ns // 1_000_000_000, datetime.timezone.utc)
    return start.strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 1_000_000_000:09}Z"


def number_of(value):
    """Moments are written as text for people: as ns since 1970 again."""
    if not isinstance(value, str):
        return value
    seconds, _, fraction = value.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(seconds + "+00:00")
    return round(moment.timestamp()) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def expected_name(interval, key):
    """How a row is named in both worlds."""
    local = utc(interval.start_ns + interval.utc_offset_ns)
    date, clock = local[:10], int(local[11:13]) * 100 + int(local[14:16])
    time = utc(interval.start_ns), date, clock, interval.minutes, interval.instance
    return interval.acd, *time, interval.closed, *key


def got_name(row, key_items):
    time = row["STARTTIME_UTC"], row["ROW_DATE"], row["STARTTIME"], row["INTRVL"], row["INSTANCE"]
    return row["ACD"], *time, row["CLOSED"], *(number_of(row[item]) for item in key_items)


def readable(name, key_items):
    acd, start, _, _, minutes, instance, closed, *key = name
    which = f"{minutes} min" + (f", instance {instance}" if instance else "") + ("" if closed else ", open")
    return f"ACD {acd} {start[:16]} ({which}) " + " ".join(f"{i} {k}" for i, k in zip(key_items, key))


def value_of(catalogue, table, item, value):
    return value if (table, item) in catalogue.texts else number_of(value)


def differences(tables, table, document):
    catalogue, keys = tables.catalogue, tables.catalogue.keys[table]
    items = catalogue.items[table]
    expected = {expected_name(interval, key): row for interval, key, row in tables.all_rows(table)}
    got = {got_name(row, keys): row for row in document["rows"]}
    for name in sorted(expected.keys() | got.keys(), key=str):
        row = readable(name, keys)
        want = expected.get(name)
        seen = {item: value_of(catalogue, table, item, got[name][item]) for item in items} if name in got else {}
        if want is None or not seen:
            one, other = ({k: v for k, v in row.items() if v} if row else None for row in (want, seen))
            yield Difference(name[0], table, row, "the row", one, other)
            continue
        for item in items:
            if want[item] != seen[item]:
                yield Difference(name[0], table, row, item, want[item], seen[item])
