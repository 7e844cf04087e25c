"""The rows: {interval: {(table, key): {item: value}}}, with exactly the items of the catalogue.

`key` is what names a row beside its interval: (skill,) in hsplit, (agent, skill) in hagent, and so on in the order of the
catalogue. Time is in ns. What nobody booked is 0. The rows of a table that the catalogue does not have are kept too,
with whatever was booked.
"""
import re

EVENTS = ("haglog", "call_rec", "ag_actv")  # their rows are single events
OF_ALL_ROWS = ("ROW_DATE", "STARTTIME", "STARTTIME_UTC", "INTRVL", "ACD")


class Catalogue:
    """`twinlink items --json`: the names of all items of a table, ranges such as ACDCALLS1..10 written out."""

    def __init__(self, document):
        self.items = {}
        self.keys = {}  # table: the names of what makes its key
        self.texts = set()  # (table, item): those whose values are text
        self.moments = set()  # (table, item): those whose values are moments; reports show 0 as not known
        self.always_zero = set()  # (table, item): those that say why
        for entry in document["items"]:
            table, names = entry["table"], self.written_out(entry["item"])
            if entry["kind"] == "=":  # a measure of reports: no row has it
                continue
            if entry["kind"] == "I" and entry["roll_up"] == "key":
                self.keys.setdefault(table, []).extend(n for n in names if n not in OF_ALL_ROWS)
            else:
                self.items.setdefault(table, []).extend(names)
            if " Always 0: " in entry["help"]:
                self.always_zero |= {(table, name) for name in names}
            if entry["unit"] == "time":
                self.moments |= {(table, name) for name in names}
            if entry["unit"] == "text":
                self.texts |= {(table, name) for name in names}

    @staticmethod
    def written_out(name):
        span = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", name)
        if span is None:
            return [name]
        return [f"{span[1]}{n}" for n in range(int(span[2]), int(span[3]) + 1)]


class Row(dict):
    def __missing__(self, item):
        return 0


class Tables:
    def __init__(self, catalogue):
        self.catalogue = catalogue
        self.rows = {}  # interval: {(table, key): row}

    def row(self, table, interval, key):
        rows = self.rows.setdefault(interval, {})
        if (table, key) not in rows:
            row = rows[table, key] = Row.fromkeys(self.catalogue.items.get(table, ()), 0)
            row.update({item: "" for of, item in self.catalogue.texts if of == table})
        return rows[table, key]

    def rows_of(self, interval):
        return [(table, key, row) for (table, key), row in self.rows.get(interval, {}).items()]

    def all_rows(self, table):
        for interval, rows in self.rows.items():
            for (of, key), row in rows.items():
                if of == table:
                    yield interval, key, row

    def known(self, table, row, item):
        if table in self.catalogue.items and item not in row:
            raise KeyError(f"{table} has no item {item}")

    def add(self, table, interval, key, item, value=1):
        if value != 0:
            row = self.row(table, interval, key)
            self.known(table, row, item)
            row[item] += value

    def at_least(self, table, interval, key, item, value):
        if value > 0:
            row = self.row(table, interval, key)
            self.known(table, row, item)
            row[item] = max(row[item], value)

    def put(self, table, interval, key, item, value):
        row = self.row(table, interval, key)
        self.known(table, row, item)
        row[item] = value
