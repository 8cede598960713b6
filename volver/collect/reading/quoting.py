"""Names and values inside SQL that is built here: the only place that quotes."""


def literal(value: str) -> str:
    """A text value in SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def name(column: str) -> str:
    """A column name in SQL.

    >>> name('a"b')
    '"a""b"'
    """
    return '"' + column.replace('"', '""') + '"'
