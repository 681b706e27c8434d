"""The demo's people: every date after the one it rests on, nothing that cannot be, and the same for a seed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import transaction

from sojourn.config.demo import people, story
from sojourn.foundation.accounts.asker import as_asker
from sojourn.foundation.accounts.queries import house


@pytest.fixture(scope="module")
def clinics(django_db_setup: None, django_db_blocker) -> Iterator[dict[str, int]]:
    """Both clinics of the demo, loaded once for this file and rolled back after it."""
    from sojourn.config.demo.today import _clinic_id, set_stage

    with django_db_blocker.unblock(), transaction.atomic():
        found = {}
        for demo in people.CLINICS:
            began = time.perf_counter()
            story.make_clinic(demo, scale=1, seed=1)
            set_stage(demo)
            found[demo.slug] = _clinic_id(demo)
            print(demo.slug, round(time.perf_counter() - began, 1), "s")
        yield found
        transaction.set_rollback(True)


def test_loads(clinics):
    with as_asker(house(clinics["harbor-light"])):
        pass
