"""Which items the stories drive to a value: an item that is always 0 must say why. A family counts as one item."""


def driven_items(catalogue, tables):
    """{(table, item)} of items that are not 0 in some row."""
    return {
        (table, catalogue.family[table, item])
        for rows in tables.rows.values()
        for (table, _), row in rows.items()
        for item, value in row.items()
        if value
    }


def never_driven(catalogue, driven):
    every = {(table, catalogue.family[table, item]) for table, items in catalogue.items.items() for item in items}
    return sorted(every - driven - catalogue.always_zero)
