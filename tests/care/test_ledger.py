"""The array literals in which whole batches travel to PostgreSQL come back as they went."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sojourn.care.alarms.columns import columns

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=30)
WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**62), 2**62),
            st.floats(allow_nan=False),
            st.none() | TEXT,
            st.none() | WHEN,
            st.binary(max_size=40),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_columns_come_back_as_they_went(db, rows):
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute(
            "SELECT * FROM unnest(%s::bigint[], %s::float8[], %s::text[], %s::timestamptz[], %s::bytea[])",
            columns(rows),
        )
        assert [(*row[:4], bytes(row[4])) for row in cursor.fetchall()] == rows
