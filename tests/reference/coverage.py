"""Which items the stories drive to a value: an item that is always 0 must say why."""


def driven_items(tables):
    """{(table, item)} of items that are not 0 in some row."""
    every = ((table, row) for rows in tables.rows.values() for (table, _), row in rows.items())
    return {(table, item) for table, row in every for item, value in row.items() if value}


def never_driven(catalogue, driven):
    every = {(table, item) for table, items in catalogue.items.items() for item in items}
    return sorted(every - driven - catalogue.always_zero)
