"""Two who change one plan at the same moment: the second waits for the first, and nothing of either is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

import pytest
from django.db import connection
from django.utils import timezone

from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose, gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import CarePlan, DoubleCheck, PlanVersion
from sojourn.foundation.accounts.actor import acting_as
from tests.care.people import make_patient
from tests.care.way import day_of, signed_course
from tests.conftest import Cast

WAITS: Final = 0.5  # seconds in which the second would have finished, had it not to wait


@pytest.fixture
def open_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "gates", lambda *_asked: gates.Gates((), ()))


class Held:
    """Holds up whoever first calls ``name`` of ``module``, until the other has had time to overtake."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self._inside, self._go, self._call = threading.Event(), threading.Event(), getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._inside.is_set():
            self._inside.set()
            assert self._go.wait(30)
        return self._call(*args, **kwargs)

    def while_first_holds(self, first: Callable[[], Any], second: Callable[[], Any]) -> None:
        """Both, each on its own connection, the second begun while the first is held up."""
        with ThreadPoolExecutor(2) as pool:
            one: Future[Any] = pool.submit(first)
            assert self._inside.wait(30)
            other: Future[Any] = pool.submit(second)
            overtook = bool(wait([other], WAITS).done)
            self._go.set()
            one.result(30)
            other.result(30)
        assert not overtook


def _as(cast: Cast, role: str, act: Callable[..., Any], **asked: Any) -> Callable[[], Any]:
    by = cast.actor(role)

    def perform() -> Any:
        try:
            with acting_as(by):
                return act(by=by, **asked)
        finally:
            connection.close()

    return perform


def _next_version(cast: Cast) -> PlanVersion:
    """The second version of a course, worked out and not yet checked."""
    course = signed_course(cast, make_patient(cast), at=timezone.now())
    by = cast.actor("prescriber")
    with acting_as(by):
        version = plan_actions.draft(by=by, patient_id=course.patient_id, course_id=course.pk)
        return plan_actions.save_draft(
            by=by, version_id=version.pk, seen=version.revision, values={"sessions": 8, "change_reason": "It helps."}
        )


def _checking(cast: Cast, version: PlanVersion) -> Callable[[], Any]:
    return _as(
        cast, "nurse", plan_actions.double_check,
        version_id=version.pk, weight_kg=version.weight_kg, amount=version.per_kg,
    )  # fmt: skip


def _signing(cast: Cast, version: PlanVersion) -> Callable[[], Any]:
    with acting_as(cast.actor("prescriber")):
        read = dose.content_hash(plan_queries.version(version.pk))
    return _as(cast, "prescriber", plan_actions.sign, version_id=version.pk, seen_hash=read)


def test_a_course_that_ends_while_its_next_version_is_signed_has_ended(
    lasting: Cast, monkeypatch: pytest.MonkeyPatch, open_gates: None
):
    version = _next_version(lasting)
    _checking(lasting, version)()
    ending = _as(
        lasting, "prescriber", plan_actions.end, course_id=version.care_plan_id, ended_on=day_of(timezone.now())
    )
    Held(monkeypatch, gates, "gates").while_first_holds(_signing(lasting, version), ending)
    with acting_as(lasting.actor("prescriber")):
        course = CarePlan.objects.get(pk=version.care_plan_id)
        assert (course.planned_sessions, course.ended_on) == (8, day_of(timezone.now()))


def test_a_version_that_is_signed_while_it_is_checked_waits_for_the_check(
    lasting: Cast, monkeypatch: pytest.MonkeyPatch, open_gates: None
):
    version = _next_version(lasting)
    held = Held(monkeypatch, plan_actions, "_keep_weight")
    held.while_first_holds(_checking(lasting, version), _signing(lasting, version))
    with acting_as(lasting.actor("prescriber")):
        assert PlanVersion.objects.get(pk=version.pk).signed_at is not None
        assert DoubleCheck.objects.filter(version=version).count() == 1
