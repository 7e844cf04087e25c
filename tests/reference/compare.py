"""Rows of the reference against rows of the product: every item of every row, exactly."""
import datetime
from dataclasses import dataclass

REPORTS = {"hsplit": "skills", "hagent": "agents"}


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


def name_of(row):
    """How a row is named in both worlds."""
    interval = row["STARTTIME_UTC"], row["ROW_DATE"], row["STARTTIME"], row["INTRVL"], row["INSTANCE"]
    return row["ACD"], *interval, row["CLOSED"], row.get("LOGID"), row["SPLIT"]


def readable(name):
    acd, start, _, _, minutes, instance, closed, agent, skill = name
    which = f"{minutes} min" + (f", instance {instance}" if instance else "") + ("" if closed else ", open")
    return f"ACD {acd} {start[:16]} ({which})" + (f" agent {agent}" if agent else "") + f" skill {skill}"


def utc(ns):
    start = datetime.datetime.fromtimestamp(ns // 1_000_000_000, datetime.timezone.utc)
    return start.strftime("%Y-%m-%dT%H:%M:%S") + f".{ns % 1_000_000_000:09}Z"


def expected_name(interval, table, key):
    local = utc(interval.start_ns + interval.utc_offset_ns)
    date, clock = local[:10], int(local[11:13]) * 100 + int(local[14:16])
    time = utc(interval.start_ns), date, clock, interval.minutes, interval.instance
    return interval.acd, *time, interval.closed, key[0] if table == "hagent" else None, key[-1]


def expected_rows(tables, table):
    return {
        expected_name(interval, table, key): items
        for (of, interval, key), items in tables.rows.items()
        if of == table
    }


def got_rows(document):
    return {name_of(row): row for row in document["rows"]}


def differences(tables, table, document):
    expected, got = expected_rows(tables, table), got_rows(document)
    for name in sorted(expected.keys() | got.keys(), key=str):
        if name not in got:
            yield Difference(
                name[0],
                table,
                readable(name),
                "the row",
                {k: v for k, v in expected[name].items() if v},
                None,
            )
        elif name not in expected:
            items = {item: got[name][item] for item in tables.catalogue.items[table] if got[name][item]}
            yield Difference(name[0], table, readable(name), "the row", None, items)
        else:
            for item in tables.catalogue.items[table]:
                if expected[name][item] != got[name][item]:
                    yield Difference(
                        name[0], table, readable(name), item, expected[name][item], got[name][item]
                    )
