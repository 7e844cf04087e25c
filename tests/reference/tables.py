"""The rows: {(table, interval, key): {item: value}}, with exactly the items of the catalogue.

`key` is (skill,) in hsplit and (agent, skill) in hagent. Time is in ns. What nobody booked is 0.
"""
import re


class Catalogue:
    """`twinlink items --json`: the names of all items of a table, ranges such as ACDCALLS1..10 written out."""

    def __init__(self, document):
        self.items = {}
        self.row_identifiers = {}
        for entry in document["items"]:
            target = (
                self.row_identifiers if entry["kind"] == "I" and entry["roll_up"] == "key" else self.items
            )
            target.setdefault(entry["table"], []).extend(self.written_out(entry["item"]))

    @staticmethod
    def written_out(name):
        span = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", name)
        if span is None:
            return [name]
        return [f"{span[1]}{n}" for n in range(int(span[2]), int(span[3]) + 1)]


class Tables:
    def __init__(self, catalogue):
        self.catalogue = catalogue
        self.rows = {}

    def row(self, table, interval, key):
        name = table, interval, key
        if name not in self.rows:
            self.rows[name] = dict.fromkeys(self.catalogue.items[table], 0)
        return self.rows[name]

    def rows_of(self, interval):
        return [(table, key, row) for (table, of, key), row in self.rows.items() if of is interval]

    def drop(self, table, interval, key):
        del self.rows[table, interval, key]

    def add(self, table, interval, key, item, value=1):
        if value != 0:
            row = self.row(table, interval, key)
            if item not in row:
                raise KeyError(f"{table} has no item {item}")
            row[item] += value

    def at_least(self, table, interval, key, item, value):
        if value > 0:
            row = self.row(table, interval, key)
            row[item] = max(row[item], value)

    def put(self, table, interval, key, item, value):
        self.row(table, interval, key)[item] = value
