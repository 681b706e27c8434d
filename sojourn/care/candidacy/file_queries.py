"""Everything that candidacy keeps of one patient, read at once, and what happened day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, Subquery
from django.db.models.functions import JSONObject

from sojourn.care.candidacy.models import CandidacyDecision, Clearance, Override, OverrideSignature
from sojourn.care.candidacy.queries import Overridden
from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.models import ClinicalFact, IntakeSubmission
from sojourn.care.intake.queries import EnteredFact, MedicineTaken
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.queries import Scored
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope, rows_of

AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, slots=True)
class File:
    """What candidacy keeps of a patient, read at once. Only the newest decision carries its ``basis``."""

    patient: Patient
    decisions: tuple[CandidacyDecision, ...]  # newest first
    overrides: tuple[Overridden, ...]  # newest first
    clearances: tuple[Clearance, ...]  # newest first, without what was struck
    entered: tuple[EnteredFact, ...]  # oldest observation first, retracted ones marked
    sent_at: tuple[datetime, ...]  # when the intake was sent, newest first

    @property
    def newest(self) -> CandidacyDecision | None:
        return next(iter(self.decisions), None)


def file_of(of: PatientScope) -> File:
    """Decisions, overrides, entered facts and sendings of a patient. One query. Raises Patient.DoesNotExist."""
    newest = rows_of(CandidacyDecision, PatientScope, OuterRef("pk")).order_by("-id").values("basis")[:1]
    found = (
        of.rows(Patient)
        .annotate(
            all_decisions=_rows(CandidacyDecision, without="basis"),
            newest_basis=Subquery(newest),
            all_overrides=_rows(Override, second={each: f"second__{each}" for each in _SECOND}),
            all_clearances=_rows(Clearance, struck=None),
            all_facts=_rows(ClinicalFact),
            all_sent=ArraySubquery(
                rows_of(IntakeSubmission, PatientScope, OuterRef("pk")).order_by("-id").values("said_at")
            ),
        )
        .get()
    )
    values = found.__dict__
    decided = [_read(CandidacyDecision, each) for each in reversed(values["all_decisions"])]
    if decided:
        decided[0].basis = values["newest_basis"]
    signed = []
    for each in reversed(values["all_overrides"]):
        second = {name: each.pop(f"second_{name}") for name in _SECOND}
        row = _read(Override, each)
        made = {**second, "override_id": row.pk, "patient_id": row.patient_id, "clinic_id": row.clinic_id}
        signed.append(Overridden(row, _read(OverrideSignature, made) if second["id"] else None))
    facts = [_read(ClinicalFact, each) for each in values["all_facts"]]
    facts.sort(key=lambda row: (row.observed_on, row.pk))
    cleared = tuple(_read(Clearance, each) for each in reversed(values["all_clearances"]))
    return File(
        found, tuple(decided), tuple(signed), cleared, intake_queries.entered_of(facts), tuple(values["all_sent"])
    )


_SECOND: Final = ("id", "signed_at", "signed_by_id", "signer_name")


def _rows(model: type[Model], without: str = "", second: Mapping[str, str] | None = None, **only: Any) -> ArraySubquery:
    """Every row of a patient, as JSON, oldest first."""
    names = {field.attname: field.attname for field in model._meta.concrete_fields if field.attname != without}
    more = {f"second_{name}": where for name, where in (second or {}).items()}
    rows = rows_of(model, PatientScope, OuterRef("pk")).filter(**only).order_by("id")
    return ArraySubquery(rows.values(row=JSONObject(**names, **more)))


def _read(model: type[AnyModel], row: Mapping[str, Any]) -> AnyModel:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    made = model(**{name: fields[name].to_python(value) for name, value in row.items()})
    made._state.adding = False
    return made


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened. ``kind``: "sent", "fact", "retracted", "stopped", "score", "decision", "override",
    "signed". ``what``: the name of a fact, the id of a scale, a title (message id) or a kind of decision; ``value`` and
    ``unit`` of a fact, ``words`` said about it, ``entered`` the fact itself."""

    on: date
    kind: str
    what: str = ""
    value: Any = None
    unit: str = ""
    by: str = ""
    words: str = ""
    entered: EnteredFact | None = None


def _override_moments(one: Overridden) -> Iterator[Moment]:
    title = str(one.row.shown["title"])
    on = clinic_day(one.row.signed_at, current_actor())
    yield Moment(on, "override", title, by=one.row.signer_name, words=one.row.reason)
    if one.second is not None:
        yield Moment(clinic_day(one.second.signed_at, current_actor()), "signed", title, by=one.second.signer_name)


def moments(file: File, taken: Iterable[MedicineTaken], scores: Iterable[Scored]) -> tuple[Moment, ...]:
    """What was sent, entered, stopped, scored, overridden and decided, the newest first. No query."""
    found = [Moment(clinic_day(at, current_actor()), "sent") for at in file.sent_at]
    for each in file.entered:
        kind = "retracted" if each.retracted else "fact"
        told = each.fact
        found.append(Moment(told.on, kind, told.name, told.value, each.unit, each.by, each.note, each))
    found += [Moment(each.stopped_on, "stopped", each.name) for each in taken if each.stopped_on is not None]
    for score in scores:
        words = score.band.label if score.band else ""
        found.append(Moment(clinic_day(score.at, current_actor()), "score", score.scale_id, score.total, words=words))
    for one in file.overrides:
        found += _override_moments(one)
    for row in file.decisions:
        found.append(Moment(clinic_day(row.decided_at, current_actor()), "decision", row.kind, by=row.decider_name))
    place = {kind: number for number, kind in enumerate(("decision", "signed", "override"))}
    return tuple(sorted(found, key=lambda each: (-each.on.toordinal(), place.get(each.kind, len(place)))))


def timeline(of: PatientScope) -> tuple[Moment, ...]:
    """Facts, medicines, scores and decisions in one, the newest first. Three queries."""
    scored = [point for each in measures_queries.trends(of, rules={}) for point in each.points]
    return moments(file_of(of), intake_queries.medicines(of), scored)
