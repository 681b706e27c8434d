"""Every query that is asked about one patient, session, member, course or flag, beside others in the same clinic: what
they have changes nothing in the answer.

Row-level security keeps clinics apart by itself; between two people of one clinic there is only the scope that the
query is given (sojourn/foundation/scope.py). The walk is generated: a query that nobody named here is tried too.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import sojourn
from sojourn.care.intake.models import Goal
from sojourn.care.safety.models import FlagKind
from sojourn.foundation import scope
from sojourn.foundation.accounts.actor import acting_as
from tests import postgres_server
from tests.care.stage import adopt_everything
from tests.clock import DENVER, today
from tests.conftest import Cast
from tests.furnished import Furnished, hour_of
from tests.over import OVER, TELLS

ROOT: Final = Path(sojourn.__file__).parent
TABLES: Final = {model._meta.db_table for model in apps.get_models()}
SCOPES: Final = {each.__name__: each for each in scope.Scope.__subclasses__()}
# What several of them are called where a query takes their numbers.
SEVERAL: Final = {
    "patient_ids": "PatientScope", "encounter_ids": "SessionScope", "care_plan_ids": "CourseScope",
    "appointment_ids": "AppointmentScope", "member_ids": "MemberScope", "device_ids": "DeviceScope",
}  # fmt: skip


def _queries() -> Iterator[Callable[..., Any]]:
    """Every function of the house that takes a scope and is no action: whoever writes one more has it walked."""
    for path in sorted(ROOT.rglob("*.py")):
        if "migrations" in path.parts or "foundation.scope import" not in path.read_text(encoding="utf-8"):
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))
        for function in vars(module).values():
            if inspect.isfunction(function) and function.__module__ == module.__name__ and _scoped(function):
                yield function


def _scoped(function: Callable[..., Any]) -> bool:
    asked = inspect.signature(function).parameters
    return any(each.annotation in SCOPES or name in SEVERAL for name, each in asked.items())


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__.removeprefix('sojourn.')}.{function.__name__}"


QUERIES: Final = {_name(each): each for each in _queries()}


# ---------------------------------------------------------------- what they are asked

KEYS: Final[dict[str, Callable[[Furnished], int]]] = {
    "PatientScope": lambda of: of.running.patient.pk,
    "SessionScope": lambda of: of.running.id,
    "CourseScope": lambda of: of.running.appointment.care_plan_id,
    "AppointmentScope": lambda of: of.running.appointment.pk,
    "FlagScope": lambda of: of.flag.pk,
    "MemberScope": lambda of: of.member.pk,
    "DeviceScope": lambda of: of.put_on.pk,
}
THIRD, FOURTH = 21, 31
# What a query is given beside whom it is about: by the clinic, or as if it were another's (``their``).
Given = Callable[[Furnished, Furnished, datetime], Any]
BESIDE: Final[dict[str, Given]] = {
    "now": lambda _of, _their, now: now,
    "at": lambda _of, _their, now: now,
    "since": lambda _of, _their, now: now - timedelta(days=1),
    "from_at": lambda _of, _their, now: now,
    "until_at": lambda _of, _their, now: now + timedelta(hours=1),
    "filled_in_at": lambda _of, _their, _now: hour_of(THIRD),
    "on": lambda _of, _their, _now: today(),
    "by": lambda of, _their, _now: of.patient_actor,
    "actor": lambda of, _their, _now: of.cast.actor("nurse"),
    "clinic": lambda of, _their, _now: of.cast.clinic,
    "clinic_id": lambda of, _their, _now: of.cast.clinic.pk,
    "zone": lambda _of, _their, _now: DENVER,
    "drug": lambda _of, _their, _now: "ketamine",
    "route": lambda _of, _their, _now: "iv",
    "scale_id": lambda _of, _their, _now: "gad-7",
    "document_id": lambda _of, _their, _now: "driving",
    "question_id": lambda _of, _their, _now: "weight",
    "name": lambda _of, _their, _now: "height_cm",
    "value": lambda _of, _their, _now: 170,
    "told_by": lambda _of, _their, _now: "clinician",
    "model": lambda _of, _their, _now: Goal,
    "about": lambda _of, their, _now: their.flag.about,
    "kind": lambda _of, _their, _now: FlagKind.ASKED_FOR_HELP,
    "detail": lambda _of, _their, _now: "",
    "seen": lambda _of, _their, _now: None,
    "but": lambda _of, _their, _now: 0,
    "starts_at": lambda _of, _their, _now: hour_of(0),
    "minutes": lambda _of, _their, _now: 60,
    "own_person_id": lambda _of, _their, _now: 0,
    "care_plan_id": lambda _of, _their, _now: None,
    "course": lambda of, _their, _now: scope.CourseScope(of.running.appointment.care_plan_id),
    "chair_id": lambda _of, _their, _now: 0,
    "escort_id": lambda _of, their, _now: their.escort.pk,
    "gravest": lambda _of, _their, _now: {},
    "not_by": lambda _of, _their, _now: None,
}
NOT_WALKED: Final = {
    "care.scheduling.series_queries.alternatives": "the times that are free are the clinic's; _ahead is walked",
    "care.vitals.standing._newest": "it writes, by a cursor of its own",
    "care.messaging.actions._mark": "it writes",
    "care.consent.queries.signing_token": "it reads nothing",
}
# These sort what they find by the number that it carries, and answer for the numbers that they were given: what is
# found beside them comes into no answer and costs time. So how many rows they read is told with what they answer.
SORTED_BY_NUMBER: Final = {
    "care.measures.queries.latest",
    "care.measures.queries.open_requests",
    "care.coordination.queries.ride_home",
    "care.chart.queries.session_record",
    "care.session.snapshot.load",
}
BY_SQL: Final = {"care.intake.queries.lists"}  # its WHERE is its own
# Which chairs there are, an answer about one patient may say as well.
OF_THE_CLINIC: Final = {"seats", "in_chairs"}


def _whole(found: Any) -> Any:
    """An answer as plain values, rows with all their columns, so that two of them can be compared."""
    if isinstance(found, models.QuerySet):
        return [_whole(each) for each in found]
    if isinstance(found, models.Model):
        return (found._meta.label, _whole({k: v for k, v in found.__dict__.items() if not k.startswith("_")}))
    if is_dataclass(found) and not isinstance(found, type):
        return (type(found).__name__, _whole({each.name: getattr(found, each.name) for each in fields(found)}))
    if isinstance(found, Mapping):
        return {repr(key): _whole(value) for key, value in found.items() if key not in OF_THE_CLINIC}
    if isinstance(found, Set):
        return sorted(map(repr, found))
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        return [_whole(each) for each in found]
    if type(found).__module__.startswith("sojourn") and not isinstance(found, type | models.Choices):
        return (type(found).__name__, _whole(vars(found)))
    return repr(found)


def _asked(function: Callable[..., Any], of: Furnished, their: Furnished, now: datetime) -> dict[str, Any]:
    own, made = OF_ALL.get(_name(function), {}), {}
    for name, each in inspect.signature(function).parameters.items():
        if name in SEVERAL:
            made[name] = [KEYS[SEVERAL[name]](of)]
        elif each.annotation in SCOPES and name not in BESIDE:
            made[name] = SCOPES[each.annotation](KEYS[each.annotation](of))
        elif each.default is inspect.Parameter.empty:
            assert name in BESIDE or name in own, f"say in BESIDE what {_name(function)} is given as {name}"
            made[name] = (own.get(name) or BESIDE[name])(of, their, now)
    return made


def _answer(function: Callable[..., Any], of: Furnished, their: Furnished, now: datetime) -> Any:
    asked = _asked(function, of, their, now)
    try:
        with transaction.atomic(), _reading() as read:
            found = _whole(function(**asked))
        return (found, sum(read)) if _name(function) in SORTED_BY_NUMBER else found
    except Exception as refused:  # no such row, two of them, not now: that is an answer too
        return f"{type(refused).__name__}: {refused}"


@contextmanager
def _reading() -> Iterator[list[int]]:
    """How many rows each statement within finds."""
    read: list[int] = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        done = execute(sql, params, many, context)
        read.append(context["cursor"].rowcount)
        return done

    with connection.execute_wrapper(count):
        yield read


def _answers(pairs: Sequence[tuple[Furnished, Furnished]], now: datetime) -> dict[str, list[Any]]:
    with pytest.MonkeyPatch.context() as patch, acting_as(pairs[0][0].cast.actor("nurse")):
        patch.setattr(timezone, "now", lambda: now)
        return {
            name: [_answer(function, of, their, now) for of, their in pairs]
            for name, function in QUERIES.items()
            if name not in NOT_WALKED
        }


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name, answer in after.items() if answer != before[name]}


FAR: Final = 1_000_000


def _ids_from(far: int) -> None:
    """From now on rows have numbers so far behind those that there are, or before them. No program can: the owner of
    the machine does it."""
    moved = f"greatest(coalesce(last_value, 0) + {far}, 1)"
    postgres_server._admin(
        f"SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, {moved})"
        " FROM pg_sequences WHERE schemaname = 'public'",
        postgres_server.DATABASE,
    )


# ---------------------------------------------------------------- of the whole clinic

# Queries that mean the whole clinic, and what they are given.
OF_ALL: Final[dict[str, dict[str, Given]]] = {
    "care.candidacy.waiting_queries.undecided": {},
    "care.candidacy.waiting_queries.half_signed": {},
    "care.candidacy.waiting_queries.due": {"today": lambda _of, _their, _now: today()},
    "care.consent.queries.to_countersign": {},
    "care.consent.queries.unanswered": {},
    "care.consent.queries.taken_back": {},
    "care.coordination.queries.waiting": {},
    "care.coordination.queries.offers_by_time": {},
    "care.encounter.queries.running": {},
    "care.messaging.queries.waiting": {},
    "care.messaging.queries.recent": {},
    "care.plan.queries.without_signed_plan": {},
    "care.plan.queries.drafts_that_wait": {},
    "care.safety.duty_queries.duty": {},
    "care.safety.duty_queries.clinical_members": {},
    "care.safety.queries.open_flags": {},
    "care.safety.queries.open_count": {},
    "care.scheduling.queries.chairs": {},
    "care.scheduling.queries.on_day": {"day": lambda _of, _their, _now: today() + timedelta(days=1)},
    "care.scheduling.queries.ahead": {"until": lambda _of, _their, now: now + timedelta(days=2)},
    "care.scheduling.queries.attending_staff": {},
    "care.vitals.queries.free_monitors": {},
    "foundation.accounts.queries.staff": {},
    "foundation.accounts.queries.at_work": {"code": lambda _of, _their, _now: "nurse"},
    "foundation.accounts.queries.newcomers": {},
    "foundation.accounts.queries.invitations": {},
}


def _query(name: str) -> Callable[..., Any]:
    module, _dot, function = name.rpartition(".")
    return getattr(importlib.import_module(f"sojourn.{module}"), function)


# ---------------------------------------------------------------- the walks


@pytest.mark.alone
@pytest.mark.django_db
def test_what_another_patient_has_changes_no_answer(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    """One who has everything and one who has hardly anything are asked about, before and after others have everything
    too: whose rows come first, and whose come last. Without the scope every answer changes, of one of the two at least:
    none is right by chance."""
    adopt_everything(clinic)
    _ids_from(FAR)
    bare = Furnished(clinic, 11, "2")
    assert all((bare.running, bare.flag, bare.put_on, bare.escort))
    one = Furnished(clinic, 1, "")
    now = timezone.now() + timedelta(minutes=10)  # behind everything that is written here
    alone = _answers([(bare, bare)], now)
    one.furnish()
    assert _changed(alone, _answers([(bare, bare)], now)) == set()
    before = _answers([(one, bare), (bare, one)], now)
    _ids_from(-FAR)
    Furnished(clinic, FOURTH, "4").furnish()
    assert _changed(before, _answers([(one, bare), (bare, one)], now)) == set()
    _ids_from(FAR)
    Furnished(clinic, THIRD, "3").furnish()
    assert _changed(before, _answers([(one, bare), (bare, one)], now)) == set()

    monkeypatch.setattr(scope, "_only", lambda found, _whose: found)
    wide = _answers([(one, bare), (bare, one)], now)
    assert set(before) - _changed(before, wide) == BY_SQL


def test_the_walk_has_found_the_queries():
    """It walks what is there, and what it leaves out is there."""
    assert len(QUERIES) > 100
    assert set(NOT_WALKED) | SORTED_BY_NUMBER | BY_SQL <= set(QUERIES)


# ---------------------------------------------------------------- what is over


@pytest.mark.django_db
def test_what_is_over_changes_no_answer_but_those_that_tell_of_it(clinic: Cast):
    adopt_everything(clinic)
    one, bare = Furnished(clinic, 1, ""), Furnished(clinic, 11, "2")
    one.furnish()
    assert all((bare.running, bare.flag, bare.put_on, bare.escort))
    now = timezone.now() + timedelta(minutes=10)
    names = [*(name for name in QUERIES if name not in NOT_WALKED), *OF_ALL]
    before, read = {}, {}
    for name in names:
        with _tables() as read[name]:
            before |= _told([name], one, bare, now)
    found = {}
    for what, end in OVER.items():
        with transaction.atomic(), acting_as(clinic.actor("nurse")):
            with _tables() as written:
                end(one, timezone.now())
            after = _told([name for name in names if read[name] & written], one, bare, now)
            transaction.set_rollback(True)
        found[what] = {name for name, answer in after.items() if answer != before[name]}
    assert found == {what: TELLS.get(what, set()) for what in OVER}


@contextmanager
def _tables() -> Iterator[set[str]]:
    """Which tables the statements within name: a query that reads none of those that were written needs no asking."""
    named: set[str] = set()
    with CaptureQueriesContext(connection) as asked:
        yield named
    named.update(*(re.findall(r"\b[a-z]+_[a-z]+\b", each["sql"]) for each in asked))
    named &= TABLES


def _told(names: Sequence[str], of: Furnished, their: Furnished, now: datetime) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch, acting_as(of.cast.actor("nurse")):
        patch.setattr(timezone, "now", lambda: now)
        return {name: _answer(QUERIES.get(name) or _query(name), of, their, now) for name in names}
