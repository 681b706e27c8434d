"""What is known of a person before treatment: what they told, what clinicians entered, and what changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar

from django.db import connection
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from sojourn.care.intake.intake_form import LISTS as LISTED
from sojourn.care.intake.intake_form import StatedAnswer, intake_form, tells
from sojourn.care.intake.models import (
    AllergyIntolerance,
    ClinicalFact,
    Concern,
    Goal,
    IntakeAnswer,
    IntakeSubmission,
    ListItem,
    MedicationStatement,
    Outcome,
    PreviousTreatment,
)
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.clinical.eligibility.facts import VOCABULARY, Fact, Facts, Value, known
from sojourn.clinical.eligibility.substances import names_ketamine
from sojourn.clinical.interactions import Medicine
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.foundation.scope import PatientScope

AnyListItem = TypeVar("AnyListItem", bound=ListItem)
OwnWords = TypeVar("OwnWords", Goal, Concern)

WEIGHT: Final = "weight_kg"
ALLERGY: Final = "allergy_ketamine"


# ---------------------------------------------------------------- facts


def facts(patient: Patient, today: date) -> Facts:
    """All that is known of a patient, the newest of each. Three queries.

    Age and sex come from the record ("record"); answers from the newest answer to each question that applies
    ("patient"); the rest from clinicians and laboratories. On the same day a clinician's word goes before an
    import, and an import before what the patient said. What nobody told is absent. A line of the allergies that names
    ketamine stands until it is removed, whatever was answered beside it.
    """
    return facts_of(
        patient,
        today,
        answers(PatientScope(patient.pk)),
        entered_facts(PatientScope(patient.pk)),
        allergies(PatientScope(patient.pk)),
    )


def facts_of(
    patient: Patient, today: date, given: Mapping[str, Answered], entered: Iterable[EnteredFact],
    allergic: Iterable[Allergy],
) -> Facts:  # fmt: skip
    """The facts of what was read already. No query."""
    own = [Fact("age_years", float(patient.age_on(today)), today, "record")]
    if patient.sex != "unknown":
        own.append(Fact("sex", patient.sex, today, "record"))
    by_rank = sorted(
        (each.fact for each in entered if not each.retracted), key=lambda fact: fact.told_by == "clinician"
    )
    lines = [Fact(ALLERGY, True, today, "record") for each in allergic if names_ketamine(each.substance)]
    return known(*told_facts(given, patient.sex), *by_rank, *own, *lines[:1])


def told_facts(given: Mapping[str, Answered], sex: str) -> tuple[Fact, ...]:
    """What the answers tell, each with the day on which it was said. No query."""
    said: list[Fact] = []
    told = {each.question_id: each.told for each in given.values()}
    for question in intake_form().shown(told, sex):
        answer = given.get(question.id)
        if answer is not None:
            day = clinic_day(answer.said_at, current_actor())
            said += [Fact(name, value, day, "patient") for name, value in answer.tells().items()]
    return tuple(said)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Who struck a fact as entered in error, when and why."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class EnteredFact:
    """A fact as a clinician or an import gave it. ``taken_back``: struck as entered in error, by whom, when and why."""

    id: int
    fact: Fact
    note: str
    at: datetime
    by: str
    taken_back: TakenBack | None = None

    @property
    def retracted(self) -> bool:
        """Whether it was struck, and counts for nothing any more."""
        return self.taken_back is not None

    @property
    def unit(self) -> str:
        return VOCABULARY[self.fact.name].unit


def _value(name: str, value: Any) -> Value:
    as_kept: Value = value
    return date.fromisoformat(value) if VOCABULARY[name].kind == "day" else as_kept


def teller(told_by: str) -> Literal["clinician", "imported"]:
    """Who gave a fact that was not told by the patient, as its row names it."""
    return "imported" if told_by == "imported" else "clinician"


def _entered(row: ClinicalFact, struck: ClinicalFact | None) -> EnteredFact:
    fact = Fact(row.name, _value(row.name, row.value), row.observed_on, teller(row.told_by))
    back = None if struck is None else TakenBack(struck.entered_at, struck.entered_by_name, struck.source_note)
    return EnteredFact(row.pk, fact, row.source_note, row.entered_at, row.entered_by_name, back)


def entered_facts(of: PatientScope) -> tuple[EnteredFact, ...]:
    """Every fact that was entered or imported, oldest observation first, retracted ones marked. One query."""
    return entered_of(of.rows(ClinicalFact).order_by("observed_on", "id"))


def entered_of(given: Iterable[ClinicalFact]) -> tuple[EnteredFact, ...]:
    """The same of rows that were read already, all those of a patient. No query."""
    rows = list(given)
    gone = {row.retracts_id: row for row in rows if row.retracts_id is not None}
    return tuple(
        _entered(row, gone.get(row.pk)) for row in rows if row.retracts_id is None and row.name in VOCABULARY
    )  # fmt: skip


# ---------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class Answered:
    """The newest answer to a question."""

    id: int
    question_id: str
    told: StatedAnswer
    said_at: datetime
    on_behalf: bool
    confirmed: tuple[str, ...]

    def tells(self) -> dict[str, Value]:
        return tells(intake_form().by_id[self.question_id], self.told)


def answers(of: PatientScope) -> dict[str, Answered]:
    """The newest answer to each question that is still asked, by question. One query."""
    rows = of.rows(IntakeAnswer).order_by("question_id", "-id").distinct("question_id")
    return {row.question_id: _answered(row) for row in rows if row.question_id in intake_form().by_id}


def _answered(row: IntakeAnswer) -> Answered:
    return Answered(
        row.pk, row.question_id, StatedAnswer(row.standing, row.value), row.said_at, row.on_behalf, tuple(row.confirmed)
    )


def access_needs(of: PatientScope) -> tuple[str, ...]:
    """What the patient needs when they come (an interpreter, room for a wheelchair), in words, with what they wrote
    about it. One query."""
    given = answers(of)
    told = {name: each.told.value for name, each in given.items() if each.told.standing == "told"}
    ticked = set(told.get("access_needs", {}).get("yes", ()))
    needs = [_(each.text) for each in intake_form().by_id["access_needs"].choices if each.id in ticked]
    return (*needs, told["access_words"]) if needs and "access_words" in told else tuple(needs)


def history(of: PatientScope, question_id: str) -> tuple[Answered, ...]:
    """Every answer ever given to a question, newest first. One query."""
    rows = of.rows(IntakeAnswer).filter(question_id=question_id).order_by("-id")
    return tuple(_answered(row) for row in rows)


# ---------------------------------------------------------------- lists


def newest_lines(model: type[AnyListItem], of: PatientScope) -> QuerySet[AnyListItem]:
    """The newest row of each line that is not removed, in the order in which the lines were begun. One query."""
    said = of.rows(model)
    newest = said.values("line").annotate(newest=Max("id")).values("newest")
    return said.filter(pk__in=newest, removed=False).order_by("id")


@dataclass(frozen=True, slots=True)
class MedicineTaken:
    """A medicine as the person named it. ``ingredient`` None: it was not recognised, and is not checked."""

    line: str
    name: str
    ingredient: str | None
    rxcui: str | None
    dose: str
    how_often: str
    since: str
    current: bool
    stopped_on: date | None
    said_on: date
    row_id: int
    route: str = ""

    @property
    def medicines(self) -> tuple[Medicine, ...]:
        """Its ingredients, those of a product apart; what nobody knows as it was written. By the list of now: what was
        written down before the list had grown is read anew."""
        return shipped.taken(self.name, self.ingredient or "", self.route)

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What of it the list of medicines does not know."""
        return tuple(each.shown for each in self.medicines if not each.known)

    @property
    def checked(self) -> bool:
        """Whether the interactions can be looked up, of all of it."""
        return not self.not_checked


def medicines(of: PatientScope) -> tuple[MedicineTaken, ...]:
    """What the person takes or took, current ones first. One query."""
    rows = [medicine_of(row) for row in newest_lines(MedicationStatement, of)]
    return tuple(sorted(rows, key=lambda each: not each.current))


def medicine_of(row: MedicationStatement) -> MedicineTaken:
    """A row of the list as the person said it. No query."""
    return MedicineTaken(
        line=str(row.line), name=row.name, ingredient=row.ingredient or None, rxcui=row.rxcui or None,
        dose=row.dose, how_often=row.how_often, since=row.since, current=row.current, stopped_on=row.stopped_on,
        said_on=clinic_day(row.said_at, current_actor()), row_id=row.pk, route=row.route,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Allergy:
    line: str
    substance: str
    reaction: str
    said_on: date
    row_id: int


def allergies(of: PatientScope) -> tuple[Allergy, ...]:
    """What the person is allergic to. Empty is not "none": that is the answer to the question. One query."""
    return tuple(map(_allergy, newest_lines(AllergyIntolerance, of)))


def _allergy(row: AllergyIntolerance) -> Allergy:
    return Allergy(str(row.line), row.substance, row.reaction, clinic_day(row.said_at, current_actor()), row.pk)


@dataclass(frozen=True, slots=True)
class TriedBefore:
    """A treatment tried before. ``adequate``: long enough at a full dose, by the person's own word; None unsure."""

    line: str
    kind: str
    drug: str
    ingredient: str | None
    rxcui: str | None
    dose: str
    duration: str
    outcome: Outcome
    adequate: bool | None
    said_on: date
    row_id: int


def previous_treatments(of: PatientScope) -> tuple[TriedBefore, ...]:
    """What was tried before, in the order in which it was told. One query."""
    return tuple(map(_treatment, newest_lines(PreviousTreatment, of)))


def _treatment(row: PreviousTreatment) -> TriedBefore:
    return TriedBefore(
        line=str(row.line), kind=row.kind, drug=row.name, ingredient=row.ingredient or None, rxcui=row.rxcui or None,
        dose=row.dose, duration=row.duration, outcome=Outcome(row.outcome), adequate=row.long_enough,
        said_on=clinic_day(row.said_at, current_actor()), row_id=row.pk,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """A goal or a worry, in the person's own words."""

    line: str
    text: str
    said_on: date
    row_id: int


def goals(of: PatientScope) -> tuple[Words, ...]:
    """What the person hopes for. One query."""
    return _words(Goal, of)


def concerns(of: PatientScope) -> tuple[Words, ...]:
    """Worries and questions. One query."""
    return _words(Concern, of)


def _words(model: type[OwnWords], of: PatientScope) -> tuple[Words, ...]:
    return tuple(map(_word, newest_lines(model, of)))


def _word(row: Goal | Concern) -> Words:
    return Words(str(row.line), row.text, clinic_day(row.said_at, current_actor()), row.pk)


# ---------------------------------------------------------------- sent to the clinic


def submissions(of: PatientScope) -> list[IntakeSubmission]:
    """Every time the intake was sent, newest first. One query."""
    return list(of.rows(IntakeSubmission).order_by("-id"))


def latest_submission(of: PatientScope) -> IntakeSubmission | None:
    """The newest sending, or None. One query."""
    return of.rows(IntakeSubmission).order_by("-id").first()


def content(patient: Patient) -> dict[str, Any]:
    """All that was said, as it is sent: plain values that JSON can hold. Three queries."""
    return snapshot(
        patient.sex,
        answers(PatientScope(patient.pk)),
        lists(PatientScope(patient.pk)),
        people_of(PatientScope(patient.pk)),
    )


def snapshot(
    sex: str, given: Mapping[str, Answered], everything: Lists, people: Sequence[RelatedPerson]
) -> dict[str, Any]:
    """The content of what was read already. No query."""
    told = {each.question_id: each.told for each in given.values()}
    return {
        "answers": {
            each.id: {
                "standing": given[each.id].told.standing,
                "value": given[each.id].told.value,
                "on_behalf": given[each.id].on_behalf,
            }
            for each in intake_form().shown(told, sex)
            if each.id in given
        },
        **{name: [_kept(each) for each in everything.of(name)] for name in _MODELS},
        "people": [
            {"line": str(each.pk), "name": each.name, "relationship": each.relationship, "phone": each.phone,
             "email": each.email} | ({"emergency_contact": True} if each.emergency_contact else {})
            for each in people
        ],
    }  # fmt: skip


_UNSENT = {"said_on", "row_id"}


def _kept(each: Any) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(each).items()
        if name not in _UNSENT and (name != "route" or value)  # intakes were sent before anybody was asked the route
    }


def anything(sent: Mapping[str, Any]) -> bool:
    """Whether a content holds anything at all that was said."""
    return any(sent[name] for name in ("answers", *LISTED))


@dataclass(frozen=True, slots=True)
class Change:
    """Something that differs between two sendings. ``of``: "answers" or a list; ``key``: the question or the line.

    ``was`` or ``now`` is None where it was not there.
    """

    of: str
    key: str
    was: Mapping[str, Any] | None
    now: Mapping[str, Any] | None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What was added, changed or taken away from one content to the next. No query."""
    found: list[Change] = []
    for of in ("answers", *LISTED):
        old, new = _keyed(before.get(of, {})), _keyed(after.get(of, {}))
        for key in dict.fromkeys((*new, *old)):
            if old.get(key) != new.get(key):
                found.append(Change(of, key, old.get(key), new.get(key)))
    return tuple(found)


def _keyed(part: Any) -> dict[str, Any]:
    return dict(part) if isinstance(part, dict) else {each["line"]: each for each in part}


# ---------------------------------------------------------------- timeline


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened on the way in. ``kind``: "sent", "fact", "retracted", "medicine", "treatment".

    ``what`` is the name of a fact, a medicine or a treatment as said; ``value`` its value, if it has one.
    """

    on: date
    kind: str
    what: str
    value: Value | None = None
    unit: str = ""
    by: str = ""
    note: str = ""


def timeline(of: PatientScope) -> tuple[Moment, ...]:
    """What was sent, entered, started and stopped, newest day first. Three queries."""
    moments: list[Moment] = []
    for sent in submissions(of):
        moments.append(Moment(clinic_day(sent.said_at, current_actor()), "sent", ""))
    for each in entered_facts(of):
        kind = "retracted" if each.retracted else "fact"
        moments.append(Moment(each.fact.on, kind, each.fact.name, each.fact.value, each.unit, each.by, each.note))
    for taken in medicines(of):
        if taken.stopped_on is not None:
            moments.append(Moment(taken.stopped_on, "medicine", taken.name))
    return tuple(sorted(moments, key=lambda moment: moment.on, reverse=True))


_MODELS: Mapping[str, type[ListItem]] = {
    "medicines": MedicationStatement,
    "allergies": AllergyIntolerance,
    "treatments": PreviousTreatment,
    "goals": Goal,
    "concerns": Concern,
}


@dataclass(frozen=True, slots=True)
class Lists:
    """Every list that one adds to."""

    medicines: tuple[MedicineTaken, ...]
    allergies: tuple[Allergy, ...]
    treatments: tuple[TriedBefore, ...]
    goals: tuple[Words, ...]
    concerns: tuple[Words, ...]

    def of(self, name: str) -> tuple[Any, ...]:
        """The lines of the list called ``name``."""
        found: tuple[Any, ...] = getattr(self, name)
        return found


def lists(of: PatientScope) -> Lists:
    """The newest row of each line of all five lists. One query."""
    parts = [
        f"SELECT '{name}', to_jsonb(t) FROM (SELECT DISTINCT ON (line) * FROM {model._meta.db_table}"  # noqa: S608
        " WHERE patient_id = %s ORDER BY line, id DESC) t WHERE NOT removed"
        for name, model in _MODELS.items()
    ]
    rows: dict[str, list[Any]] = {name: [] for name in _MODELS}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [of.patient_id] * len(parts))
        for name, kept in cursor.fetchall():
            raw = json.loads(kept) if isinstance(kept, str) else kept
            model = _MODELS[name]
            fields = model._meta.concrete_fields
            rows[name].append(model(**{field.attname: field.to_python(raw[str(field.column)]) for field in fields}))
    for each in rows.values():
        each.sort(key=lambda row: row.pk)
    return Lists(
        medicines=tuple(sorted(map(medicine_of, rows["medicines"]), key=lambda each: not each.current)),
        allergies=tuple(map(_allergy, rows["allergies"])),
        treatments=tuple(map(_treatment, rows["treatments"])),
        goals=tuple(map(_word, rows["goals"])),
        concerns=tuple(map(_word, rows["concerns"])),
    )
