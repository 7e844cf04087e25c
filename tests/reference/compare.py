"""Rows of the reference against rows of the product: every item of every row, exactly."""
import datetime
import json
from dataclasses import dataclass

from tables import EVENTS


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


# ---- rows as the store has them: (acd, start, instance, minutes, closed, key)
def stored_rows(lines, catalogue):
    """{table: {name of the row: {item: value}}} of the lines that reference_rows prints."""
    rows = {table: {} for table in catalogue.items}
    for line in lines:
        table, acd, start, instance, minutes, closed, entities, values = json.loads(line)
        name = acd, start, instance, minutes, bool(closed), *entities[: len(catalogue.keys[table])]
        rows[table][name] = dict(zip(catalogue.items[table], values, strict=True))
    return rows


def is_closed(table, interval):
    """Rows that are single events are final as soon as they are there."""
    return interval.closed or table in EVENTS


def expected_rows(tables, table):
    return {
        (i.acd, i.start_ns, i.instance, i.minutes, is_closed(table, i), *key): row
        for i, key, row in tables.all_rows(table)
    }


def readable(name, key_items):
    acd, start, instance, minutes, closed, *key = name
    which = f"{minutes} min" + (f", instance {instance}" if instance else "") + ("" if closed else ", open")
    return f"ACD {acd} {utc(start)[:16]} ({which}) " + " ".join(f"{i} {k}" for i, k in zip(key_items, key))


def only_in_one(row):
    return {item: value for item, value in row.items() if value} if row is not None else None


def differences(tables, table, got):
    """`got` is {name of the row: {item: value}}."""
    expected = expected_rows(tables, table)
    for name in sorted(expected.keys() | got.keys(), key=str):
        row = readable(name, tables.catalogue.keys[table])
        want, seen = expected.get(name), got.get(name)
        if want is None or seen is None:
            yield Difference(name[0], table, row, "the row", only_in_one(want), only_in_one(seen))
            continue
        for item in tables.catalogue.items[table]:
            if want[item] != seen[item]:
                yield Difference(name[0], table, row, item, want[item], seen[item])


# ---- the same rows as `twinlink report` shows them, with what names the interval
def reported_row(row, catalogue, table):
    time = (
        row["STARTTIME_UTC"],
        row["ROW_DATE"],
        row["STARTTIME"],
        row["INTRVL"],
        row["INSTANCE"],
        row["CLOSED"],
    )
    name = row["ACD"], *time, *(number_of(row[item]) for item in catalogue.keys[table])

    def value(item):
        if (table, item) in catalogue.texts:
            return row[item]
        unknown = row[item] is None and (table, item) in catalogue.moments
        return 0 if unknown else number_of(row[item])

    return name, {item: value(item) for item in catalogue.items[table]}


def expected_report(tables, table):
    for interval, key, row in tables.all_rows(table):
        local = utc(interval.start_ns + interval.utc_offset_ns)
        date, clock = local[:10], int(local[11:13]) * 100 + int(local[14:16])
        time = utc(interval.start_ns), date, clock, interval.minutes, interval.instance, interval.closed
        yield (interval.acd, *time, *key), dict(row)


def report_differs(tables, table, document):
    """Names of rows that `twinlink report` shows differently."""
    got = dict(reported_row(row, tables.catalogue, table) for row in document["rows"])
    expected = dict(expected_report(tables, table))
    return [name for name in got.keys() | expected.keys() if got.get(name) != expected.get(name)]
