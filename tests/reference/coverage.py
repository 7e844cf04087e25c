"""Which items the stories drive to a value: an item that is always 0 must say why."""
import re


def never_driven(catalogue, tables):
    """[(table, item)] of items that are 0 in every row; a family counts as one item."""
    driven = set()
    for rows in tables.rows.values():
        for (table, _), row in rows.items():
            driven |= {(table, catalogue.family[table, item]) for item, value in row.items() if value}
    every = {(table, catalogue.family[table, item]) for table, items in catalogue.items.items() for item in items}
    return sorted(every - driven - catalogue.always_zero)
