"""Rows as PostgreSQL array literals, for the few tables that take thousands of rows a second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]


def columns(rows: Sequence[Row]) -> list[str]:
    """The columns of ``rows`` as PostgreSQL array literals. psycopg would make the same lists in many times the time,
    and this is where a thousand messages a second spend most of theirs."""
    times: dict[datetime, str] = {}
    return ["{" + _literal(column, times) + "}" for column in zip(*rows, strict=True)]


def _literal(column: Row, times: dict[datetime, str]) -> str:
    """One column, by its type: numbers as Python writes them, and text as it is where nothing needs quoting."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS:
        return repr(list(column))[1:-1].replace("None", "NULL")
    if kinds == {str}:
        said = "".join(column)
        if '"' not in said and "\\" not in said:
            return '"' + '","'.join(column) + '"'
        return ",".join(map(_quoted, column))
    return ",".join([_element(value, times) for value in column])


_NUMBERS = frozenset((int, float, bool, type(None)))


def _element(value: Any, times: dict[datetime, str]) -> str:
    if value is None:
        return "NULL"
    if type(value) is datetime:  # the readings of a message share their times
        text = times.get(value)
        if text is None:
            text = times[value] = value.isoformat()
        return text
    if type(value) is bytes:
        return f'"\\\\x{value.hex()}"'
    return _quoted(value) if type(value) is str else repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
