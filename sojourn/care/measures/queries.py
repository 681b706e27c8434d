"""What can be asked, what was asked, what was answered, and how it moves over time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from sojourn.care.measures import own
from sojourn.care.measures.models import Answer, MeasureRequest, MeasureSession, OwnScale, QuestionnaireResponse
from sojourn.clinical.rules import Rule
from sojourn.clinical.scales import Band, Change, Number, Scale
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import clinic_today
from sojourn.foundation.rulebook import scales as files
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import RuleStatus, decide, standings
from sojourn.foundation.scope import PatientScope, among, clinic_rows, one_row, rows_of

BATTERY = "battery."

# --- what can be asked ---


def scale(scale_id: str) -> Scale:
    """A scale of ours or of the actor's clinic ("own-12"); raises KeyError. One query for a clinic's own, else none."""
    if not scale_id.startswith(own.PREFIX):
        return files.scale(scale_id)
    number = scale_id.removeprefix(own.PREFIX)
    row = one_row(OwnScale, int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if row is None:
        raise KeyError(scale_id)
    return scale_of(row)


def scale_of(row: OwnScale) -> Scale:
    """The scale that a clinic's row makes. No query."""
    return own.kept(
        f"{own.PREFIX}{row.pk}",
        row.code,
        row.version,
        row.stands_for,
        row.questionnaire,
        json.dumps(row.scoring, sort_keys=True),
        row.licence_holder,
        row.licence_statement,
    )


def own_rows() -> list[OwnScale]:
    """The newest version of each of the clinic's own questionnaires that is not retired, by title. One query."""
    newest = clinic_rows(OwnScale).select_related("loaded_by").order_by("code", "-version").distinct("code")
    return sorted((row for row in newest if not row.retired), key=lambda row: (row.title, row.pk))


def askable() -> list[Scale]:
    """What a patient can be asked: our texts and the clinic's own, where it is the patient who answers. One query."""
    return _askable([scale_of(row) for row in own_rows()])


def _askable(mine: Iterable[Scale]) -> list[Scale]:
    return [each for each in (*files.asked_scales(), *mine) if each.rater == "self"]


def adopted_rules() -> dict[str, Rule]:
    """The rules that a prescriber of the actor's clinic has adopted, by id, with the clinic's numbers. One query."""
    clinic_id = current_actor().clinic_id
    return {} if clinic_id is None else _adopted(standings(clinic_id))


def _adopted(all_rules: Iterable[RuleStatus]) -> dict[str, Rule]:
    return {
        each.acting.id: each.acting
        for each in all_rules
        if each.acting is not None and each.adoption is not None and not each.adoption.retired
    }


def numbered() -> list[Scale]:
    """Our scales without text whose items are known by number: a clinic can load their text. No query."""
    return [each for each in files.scales() if not each.ships_text and each.items]


@dataclass(frozen=True, slots=True)
class MeasureSet:
    """What an indication begins with. ``asked`` is answered by the patient, ``entered`` by a clinician.

    ``adopted``: a prescriber has adopted it; until then it cannot be requested.
    """

    rule: Rule
    indication: str
    label: str  # message id
    asked: tuple[Scale, ...]
    entered: tuple[Scale, ...]
    adopted: bool


def batteries() -> list[MeasureSet]:
    """Every battery with what it comes to in this clinic, in the order of the book. One query."""
    return list(available_scales().batteries)


@dataclass(frozen=True)
class Shelf:
    """All that a clinic has to ask and to enter, read at once."""

    own: tuple[OwnScale, ...]
    rules: Mapping[str, Rule]  # adopted, by id
    batteries: tuple[MeasureSet, ...]

    @cached_property
    def mine(self) -> list[Scale]:
        return [scale_of(row) for row in self.own]

    @property
    def askable(self) -> list[Scale]:
        """What a patient can be asked."""
        return _askable(self.mine)

    @property
    def with_text(self) -> list[Scale]:
        """What can be entered answer by answer with its words."""
        return [*files.asked_scales(), *self.mine]

    @property
    def without_text(self) -> list[Scale]:
        """What is entered as a score, ours whose text the clinic has not loaded, by title."""
        loaded = {each.family for each in self.mine}
        return [each for each in files.scales() if not each.ships_text and each.id not in loaded]


def _json(rows: QuerySet[Any], *names: str) -> ArraySubquery:
    return ArraySubquery(rows.values(row=JSONObject(**{name: F(name) for name in names})))


_OWN = (
    "id", "clinic_id", "code", "version", "title", "stands_for", "questionnaire", "scoring", "hash", "licence_holder",
    "licence_statement", "retired",
)  # fmt: skip
_ADOPTION = ("id", "rule_id", "version", "rule_hash", "parameters", "retired")


def available_scales() -> Shelf:
    """What the actor's clinic has to ask and to enter. One query."""
    clinic_id = current_actor().clinic_id
    if clinic_id is None:
        return Shelf((), {}, ())
    mine = clinic_rows(OwnScale).order_by("code", "-version").distinct("code")
    decided_so = clinic_rows(RuleAdoption).order_by("rule_id", "-id").distinct("rule_id")
    own_json, adopted_json = (
        Clinic.objects.filter(pk=clinic_id).values_list(_json(mine, *_OWN), _json(decided_so, *_ADOPTION)).get()
    )
    rows = sorted(
        (row for row in (OwnScale(**each) for each in own_json) if not row.retired), key=lambda row: (row.title, row.pk)
    )
    decided = {each["rule_id"]: RuleAdoption(**each) for each in adopted_json}
    all_rules = decide(decided, clinic_today(current_actor()))
    loaded = {each.stands_for: scale_of(each) for each in rows if each.stands_for}
    found = tuple(_measure_set(each, loaded) for each in all_rules if each.newest.kind == "battery")
    return Shelf(tuple(rows), _adopted(all_rules), found)


def _measure_set(status: RuleStatus, mine: Mapping[str, Scale]) -> MeasureSet:
    """A battery with the clinic's own texts, ``mine``, in the place of ours."""
    rule = status.acting or status.newest
    whole = [mine.get(str(name)) or files.scale(str(name)) for name in rule.fact("scales")]
    asked = tuple(one for one in whole if one.ships_text and one.rater == "self")
    return MeasureSet(
        rule=rule,
        indication=str(rule.fact("indication")),
        label=str(rule.fact("label")),
        asked=asked,
        entered=tuple(one for one in whole if one not in asked),
        adopted=status.acting is not None,
    )


# --- what was asked and answered ---


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A questionnaire that waits for the patient. ``answered`` of ``questions`` are done (or left out)."""

    id: int
    patient_id: int
    scale_id: str
    due_at: datetime
    requested_at: datetime
    response_id: int | None
    answered: int
    given: Mapping[str, int | None] = field(default_factory=dict)
    measure_session_id: int | None = None

    @property
    def scale(self) -> Scale:
        return scale(self.scale_id)

    @property
    def questions(self) -> int:
        """How many are asked, as far as the answers so far tell."""
        return len(self.scale.asked(self.given))

    @property
    def started(self) -> bool:
        return self.answered > 0


@dataclass(frozen=True, slots=True)
class Scored:
    """A completed questionnaire. ``total`` is None where too much was left out for a score."""

    response_id: int
    patient_id: int
    scale_id: str
    scale_version: str
    at: datetime
    total: Number | None
    band_code: str
    safety_positive: bool
    family: str = ""
    parts: Mapping[str, Number] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    source: str = "patient"
    rater: str = ""

    @property
    def scale(self) -> Scale:
        return scale(self.scale_id)

    @property
    def score(self) -> Number | None:
        """The total, by its other name."""
        return self.total

    @property
    def completed_at(self) -> datetime:
        """When it was answered, or taken on paper."""
        return self.at

    @property
    def band(self) -> Band | None:
        return next((band for band in self.scale.bands if band.code == self.band_code), None)


@dataclass(frozen=True)
class Trend:
    """One questionnaire over time, oldest first, and the score that the others are compared with."""

    scale: Scale
    points: tuple[Scored, ...]
    baseline: Scored | None

    @cached_property
    def scored(self) -> tuple[Scored, ...]:
        return tuple(point for point in self.points if point.total is not None)

    @property
    def newest(self) -> Scored | None:
        """The newest that has a score."""
        return self.scored[-1] if self.scored else None

    def change(self, point: Scored) -> Change | None:
        """From the baseline to ``point``; None for the baseline, what came before it, and without a score."""
        if self.baseline is None or point.at <= self.baseline.at:
            return None
        if point.total is None or self.baseline.total is None:
            return None
        return self.scale.change_of_totals(self.baseline.total, point.total)


def _scored(row: QuestionnaireResponse) -> Scored:
    assert row.completed_at is not None
    return Scored(
        response_id=row.pk,
        patient_id=row.patient_id,
        scale_id=row.scale_id,
        scale_version=row.scale_version,
        at=row.completed_at,
        total=None if row.score is None else number(row.score),
        band_code=row.band,
        safety_positive=row.safety_positive,
        family=row.family or row.scale_id,
        parts={code: number(Decimal(str(each))) for code, each in row.parts.items()},
        findings=tuple(row.findings),
        source=row.source,
        rater=row.rater,
    )


def number(kept: Decimal) -> Number:
    """A score as people write it: whole where it is whole."""
    return int(kept) if kept == int(kept) else kept.normalize()


def _completed() -> QuerySet[QuestionnaireResponse]:
    return clinic_rows(QuestionnaireResponse).filter(completed_at__isnull=False)


def latest(of: PatientScope) -> dict[str, Scored]:
    """The newest completed response to each scale, by the scale's id. One query.

    A clinic's own text of a scale of ours counts as that scale ("madrs"); its other own ones are "own.<code>".
    """
    return {each.family: each for each in latest_of([of.patient_id]).get(of.patient_id, [])}


def latest_of(patient_ids: Iterable[int]) -> dict[int, list[Scored]]:
    """The same for many patients, by patient, in the order of the scales. One query."""
    rows = (
        among(_completed(), PatientScope, patient_ids)
        .order_by("patient_id", "scale_id", "-completed_at", "-id")
        .distinct("patient_id", "scale_id")
    )
    found: dict[int, dict[str, Scored]] = {}
    for row in rows:
        each, known = _scored(row), found.setdefault(row.patient_id, {})
        if each.family not in known or known[each.family].at < each.at:
            known[each.family] = each
    return {patient_id: [known[family] for family in sorted(known)] for patient_id, known in found.items()}


def trends(
    of: PatientScope, *, first_dose_at: datetime | None = None, rules: Mapping[str, Rule] | None = None
) -> list[Trend]:
    """Every scale that the patient has completed, over time, the one answered most often first. Two queries (one where
    the adopted ``rules`` are given), and one for each own scale.

    The baseline is the last score before ``first_dose_at``; without one, the first score.
    """
    rows: dict[str, list[Scored]] = {}
    for row in of.within(_completed()).order_by("completed_at", "id"):
        each = _scored(row)
        rows.setdefault(each.family, []).append(each)
    if rules is None:
        rules = adopted_rules() if rows else {}
    most_often = sorted(rows.items(), key=lambda each: (-len(each[1]), each[0]))
    return [_trend(family, points, rules, first_dose_at) for family, points in most_often]


def trend(of: PatientScope, scale_id: str, *, first_dose_at: datetime | None = None) -> Trend:
    """One scale over time. Two queries. Raises KeyError for an unknown scale."""
    asked = scale(scale_id)
    points = [
        each
        for row in of.within(_completed()).order_by("completed_at", "id")
        if (each := _scored(row)).family == asked.family
    ]
    rules = adopted_rules()
    return Trend(asked.under(rules.get(asked.rule.id)), tuple(points), _baseline(points, first_dose_at))


def _trend(family: str, points: list[Scored], rules: Mapping[str, Rule], first_dose_at: datetime | None) -> Trend:
    try:
        asked = files.scale(family)
    except KeyError:
        asked = scale(points[-1].scale_id)
    return Trend(asked.under(rules.get(asked.rule.id)), tuple(points), _baseline(points, first_dose_at))


def _baseline(points: Iterable[Scored], first_dose_at: datetime | None) -> Scored | None:
    scored = [point for point in points if point.total is not None]
    before = [point for point in scored if first_dose_at is not None and point.at <= first_dose_at]
    if before:
        return before[-1]
    return scored[0] if scored else None


def open_requests(of: PatientScope) -> list[OpenRequest]:
    """What waits for the patient's answers, the one wanted first first. One query."""
    return open_requests_of([of.patient_id]).get(of.patient_id, [])


def open_requests_of(patient_ids: Iterable[int]) -> dict[int, list[OpenRequest]]:
    """The same for many patients, by patient. One query."""
    newest = (
        clinic_rows(Answer).filter(response__request_id=OuterRef("pk")).order_by("link_id", "-id").distinct("link_id")
    )
    rows = (
        rows_of(MeasureRequest, PatientScope, patient_ids)
        .filter(withdrawn_at=None)
        .exclude(response__completed_at__isnull=False)
        .annotate(begun_id=F("response__id"), answers_given=_json(newest, "link_id", "value"))
        .order_by("due_at", "id")
    )
    found: dict[int, list[OpenRequest]] = {}
    for row in rows:
        given = {each["link_id"]: each["value"] for each in row.answers_given}
        found.setdefault(row.patient_id, []).append(
            OpenRequest(
                id=row.pk,
                patient_id=row.patient_id,
                scale_id=row.scale_id,
                due_at=row.due_at,
                requested_at=row.requested_at,
                response_id=row.begun_id,
                answered=len(given),
                given=given,
                measure_session_id=row.measure_session_id,
            )
        )
    return found


def _response_of(row: MeasureRequest) -> QuestionnaireResponse | None:
    return getattr(row, "response", None)


def answers_of(response_ids: Iterable[int]) -> dict[int, dict[str, int | None]]:
    """The answers that count (the newest of each item), by response and link id. One query."""
    rows = (
        clinic_rows(Answer)
        .filter(response_id__in=list(response_ids))
        .order_by("response_id", "link_id", "-id")
        .distinct("response_id", "link_id")
    )
    found: dict[int, dict[str, int | None]] = {}
    for row in rows:
        found.setdefault(row.response_id, {})[row.link_id] = row.value
    return found


def every_answer(response_id: int, link_ids: Iterable[str]) -> list[Answer]:
    """All answers ever given to some items of a response, oldest first: a changed one shows. One query."""
    return list(clinic_rows(Answer).filter(response_id=response_id, link_id__in=list(link_ids)).order_by("id"))


def request_of(request_id: int) -> tuple[MeasureRequest, QuestionnaireResponse | None]:
    """A request with its response, begun or not. One query. Raises MeasureRequest.DoesNotExist."""
    row = one_row(MeasureRequest, request_id).select_related("response").get()
    return row, _response_of(row)


def standing(given: Mapping[str, int | None], asked: Scale) -> int | None:
    """The number (from 1) of the first question that is asked and has no answer; None when all have one."""
    for place, item in enumerate(asked.asked(given), start=1):
        if item.link_id not in given:
            return place
    return None


@dataclass(frozen=True, slots=True)
class MeasureSessionPart:
    """One questionnaire of a measure session."""

    request_id: int
    scale: Scale
    answered: int
    questions: int
    done: bool
    withdrawn: bool

    @property
    def minutes(self) -> float:
        """About how long what is left takes."""
        return 0 if self.done else (self.questions - self.answered) * SECONDS_A_QUESTION / 60


# How long one question takes to read and tap: our own estimate, shown as "about".
SECONDS_A_QUESTION = 12


def measure_session(measure_session_id: int) -> tuple[MeasureSession, list[MeasureSessionPart]]:
    """A measure session with its questionnaires in the order in which they were asked. Three queries.

    Raises MeasureSession.DoesNotExist.
    """
    whole = one_row(MeasureSession, measure_session_id).get()
    rows = list(clinic_rows(MeasureRequest).select_related("response").filter(measure_session=whole).order_by("id"))
    begun = {row.pk: response for row in rows if (response := _response_of(row)) is not None}
    given: dict[int, dict[str, Any]] = answers_of(each.pk for each in begun.values()) if begun else {}
    parts = []
    for row in rows:
        asked, response = scale(row.scale_id), begun.get(row.pk)
        answers = given.get(response.pk, {}) if response is not None else {}
        parts.append(
            MeasureSessionPart(
                request_id=row.pk,
                scale=asked,
                answered=len(answers),
                questions=len(asked.asked(answers)),
                done=response is not None and response.completed_at is not None,
                withdrawn=row.withdrawn_at is not None,
            )
        )
    return whole, [each for each in parts if not each.withdrawn]
