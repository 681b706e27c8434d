"""The intake's questions as data: ``intake_form.toml`` beside this file, read once and checked while it is read."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from sojourn.clinical.eligibility.facts import VOCABULARY, Value
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.clinical.raising import SEVERITIES
from sojourn.clinical.shapes import anything, by, either, some, table, text, word

Kind = Literal["yes_no", "number", "choice", "checklist", "day", "text", "list"]
LISTS: Final = ("medicines", "allergies", "treatments", "goals", "concerns", "people")
RECORD_SEX: Final = "record.sex"
# What a patient cannot tell: it is measured, examined, taken from the record, or asked on the day of a session.
NOT_ASKED: Final = frozenset({
    "age_years", "sex",  # from the record
    "nyha", "sbp", "dbp", "heart_rate", "respiratory_rate", "spo2", "temperature", "consciousness", "on_oxygen",
    "etco2", "moaas",  # measured beside the patient
    "alt", "ast", "alp", "ggt", "bilirubin", "alt_uln", "ast_uln", "alp_uln", "ggt_uln", "bilirubin_uln",
    "egfr", "qtc_ms", "ecg", "child_pugh", "pregnancy_test",
    "suicide_risk", "lacks_capacity",  # judged by a clinician
    "intoxicated_today", "fasted", "food_min", "liquid_min", "nasal_drug_min",  # on the day
})  # fmt: skip
# kg in a pound and cm in an inch are definitions (international yard and pound, 1959).
_TO_KG: Final = {"kg": Decimal(1), "lb": Decimal("0.45359237")}
_TO_CM: Final = {"cm": Decimal(1), "ft": Decimal("2.54")}
_FEET = re.compile(
    r"^\s*(\d)\s*(?:(?:'|′|’|ft\.?|feet|foot|pies|\s)\s*"
    r"(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|”|''|in\.?|inches)?)?)?\s*$"
)


class BadIntakeForm(ValueError):
    """The file contradicts itself, or a fact is not in the vocabulary."""


class Unreadable(ValueError):
    """``code``: what is wrong with something typed; the interface says it in words. ``refused``: what the reader of
    numbers says of it."""

    def __init__(self, code: str, refused: NumberRefusal | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where the answer to ``of`` (a question, or "record.sex") is one of ``among``.

    Words: "yes", "no", "unsure", "skipped", the id of a choice, or of a ticked line of a checklist.
    """

    of: str
    among: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice, with the facts that it tells. In a checklist ``fact`` is yes where ticked."""

    id: str
    text: str
    hint: str = ""
    facts: Mapping[str, Value] = field(default_factory=dict)
    fact: str = ""


@dataclass(frozen=True, slots=True)
class DangerSign:
    """An answer that a clinician must see at once. ``on``: the words of a Condition. ``kind`` and ``severity`` are
    those of a flag (care/safety)."""

    on: frozenset[str]
    kind: str
    severity: str


@dataclass(frozen=True, slots=True)
class Question:
    """One screen. ``fact``: what a yes, a number or a day tells. ``words`` are English message ids."""

    id: str
    section: str
    kind: Kind
    text: str
    why: str
    hint: str = ""
    fact: str = ""
    units: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    of: str = ""  # which list
    when: tuple[Condition, ...] = ()
    any_of: tuple[Condition, ...] = ()
    danger: tuple[DangerSign, ...] = ()

    def signs_of(self, told: StatedAnswer) -> tuple[tuple[str, str], ...]:
        """(kind, severity) of every flag that an answer calls for, in the order of the file: the gravest first."""
        words = _words_of(told)
        return tuple(dict.fromkeys((each.kind, each.severity) for each in self.danger if each.on & words))

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact that an answer can tell, once."""
        own = [self.fact] if self.fact else []
        for choice in self.choices:
            own += [*([choice.fact] if choice.fact else []), *choice.facts]
        return tuple(dict.fromkeys(own))

    def choice(self, choice_id: str) -> Choice | None:
        return next((each for each in self.choices if each.id == choice_id), None)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    lead: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Answers that do not go together. It is asked about when ``on`` is answered, and may be confirmed."""

    id: str
    on: str
    when: tuple[Condition, ...]
    words: str


@dataclass(frozen=True, slots=True)
class StatedAnswer:
    """An answer without where it is stored. ``standing``: told, unsure, skipped."""

    standing: str
    value: Any = None


@dataclass(frozen=True)
class IntakeForm:
    version: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    contradictions: tuple[Contradiction, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        return MappingProxyType({each.id: each for each in self.questions})

    def shown(self, told: Mapping[str, StatedAnswer], sex: str) -> tuple[Question, ...]:
        """The questions that apply, given what has been said so far."""
        out: list[Question] = []
        seen: dict[str, StatedAnswer] = {}
        for each in self.questions:
            if _applies(each, seen, sex):
                out.append(each)
                if each.id in told:
                    seen[each.id] = told[each.id]
        return tuple(out)

    def contradicted(self, question_id: str, told: Mapping[str, StatedAnswer], sex: str) -> tuple[Contradiction, ...]:
        """What ``told`` says against itself, of that which is asked about at ``question_id``."""
        return tuple(
            each
            for each in self.contradictions
            if each.on == question_id and all(_holds(condition, told, sex) for condition in each.when)
        )

    def facts(self, told: Mapping[str, StatedAnswer], sex: str) -> dict[str, Value]:
        """What the answers to the questions that apply tell. Unsure and skipped tell nothing."""
        out: dict[str, Value] = {}
        for each in self.shown(told, sex):
            if each.id in told:
                out.update(tells(each, told[each.id]))
        return out


def _words_of(told: StatedAnswer | None) -> frozenset[str]:
    if told is None:
        return frozenset()
    if told.standing != "told":
        return frozenset({told.standing})
    match told.value:
        case bool():
            return frozenset({"yes" if told.value else "no"})
        case str():
            return frozenset({told.value})
        case {"yes": list(ticked)}:
            return frozenset(ticked)
    return frozenset()


def _holds(condition: Condition, told: Mapping[str, StatedAnswer], sex: str) -> bool:
    words = frozenset({sex}) if condition.of == RECORD_SEX else _words_of(told.get(condition.of))
    return bool(words & condition.among)


def _applies(question: Question, told: Mapping[str, StatedAnswer], sex: str) -> bool:
    if not all(_holds(condition, told, sex) for condition in question.when):
        return False
    return not question.any_of or any(_holds(condition, told, sex) for condition in question.any_of)


def tells(question: Question, told: StatedAnswer) -> dict[str, Value]:
    """The facts of one answer. Of a checklist, what was not ticked is "no" unless the rest was left unsure."""
    if told.standing != "told":
        return {}
    if question.kind == "choice":
        chosen = question.choice(told.value)
        return dict(chosen.facts) if chosen is not None else {}
    if question.kind == "checklist":
        ticked, rest_unsure = set(told.value["yes"]), bool(told.value.get("rest_unsure"))
        return {
            each.fact: each.id in ticked
            for each in question.choices
            if each.fact and (each.id in ticked or not rest_unsure)
        }
    return {question.fact: _single(question, told.value)} if question.fact else {}


def _single(question: Question, value: Any) -> Value:
    if question.kind == "number":
        return float(value["number"])
    return date.fromisoformat(value["day"]) if question.kind == "day" else bool(value)


def number(text: str, unit: str, question: Question) -> dict[str, Any]:
    """A number as typed with its unit, and in the unit of the fact. Raises Unreadable: feet, unit, and what the one
    reader of numbers refuses."""
    if question.units and unit not in question.units:
        raise Unreadable("unit")
    typed = text.strip()
    if unit == "ft":
        found = _FEET.match(typed)
        if not found:
            raise Unreadable("feet")
        inches = int(found[1]) * 12 + _read(found[2] or "0")
        value = inches * _TO_CM["ft"]
    else:
        value = _read(typed, unit) * (_TO_KG | _TO_CM).get(unit, Decimal(1))
    return {"typed": typed, "unit": unit, "number": float(round(value, 2))}


def _read(text: str, unit: str = "") -> Decimal:
    found = read_amount(text, unit)
    if isinstance(found, NumberRefusal):
        raise Unreadable(found.why, found)
    return found


# ---------------------------------------------------------------- reading the file


def _conditions(rows: list[dict[str, Any]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(row["of"], frozenset([row["is"]] if isinstance(row["is"], str) else row["is"])) for row in rows
    )


def _signs(rows: list[dict[str, Any]]) -> tuple[DangerSign, ...]:
    return tuple(DangerSign(frozenset(row["on"]), row["kind"], row["severity"]) for row in rows)


def _question(row: dict[str, Any], section: str) -> Question:
    parts = dict(row)
    choices = tuple(
        Choice(
            id=each["id"], text=each["text"], hint=each.get("hint", ""), fact=each.get("fact", ""),
            facts=each.get("facts", {}),
        )
        for each in parts.pop("choices", [])
    )  # fmt: skip
    return Question(
        section=section,
        choices=choices,
        when=_conditions(parts.pop("when", [])),
        any_of=_conditions(parts.pop("any_of", [])),
        danger=_signs(parts.pop("danger", [])),
        units=tuple(parts.pop("units", [])),
        **parts,
    )


_WHEN: Final = some(table({"of": text, "is": either(text, some(text))}))
_CHOICE: Final = table(
    {"id": text, "text": text}, {"hint": text, "fact": word(VOCABULARY), "facts": by(text, anything)}
)
# Which flags an answer can raise: kinds of care/safety, which stands above this room.
DANGERS: Final = ("suicidal_thoughts", "self_harm", "voices")
_SIGN: Final = table({"on": some(text), "kind": word(DANGERS), "severity": word(SEVERITIES)})
_QUESTION: Final = table(
    {"id": text, "kind": word(get_args(Kind)), "text": text, "why": text},
    {
        "hint": text, "fact": text, "units": some(word({*_TO_KG, *_TO_CM})), "of": word(LISTS),
        "choices": some(_CHOICE), "when": _WHEN, "any_of": _WHEN, "danger": some(_SIGN),
    },
)  # fmt: skip
_FILE: Final = table(
    {"version": text, "section": some(table({"id": text, "title": text, "lead": text, "question": some(_QUESTION)}))},
    {"contradiction": some(table({"id": text, "on": text, "when": _WHEN, "words": text}))},
)
# The kind of fact that a kind of question tells.
_TELLS: Final[Mapping[str, str]] = {"yes_no": "yes_no", "number": "number", "day": "day"}


def _can_be(question: Question) -> frozenset[str]:
    """The words of every answer that a question can have."""
    own = {"yes_no": {"yes", "no"}, "list": {"none", "done"}}.get(question.kind, {each.id for each in question.choices})
    return frozenset({"unsure", "skipped", *own})


def _check_words(form: IntakeForm) -> None:
    """What is never answered so can never be met: a question would never be asked, a danger never be heard."""
    answers = {RECORD_SEX: frozenset(VOCABULARY["sex"].choices), **{each.id: _can_be(each) for each in form.questions}}
    asked = [(each.id, one) for each in form.questions for one in (*each.when, *each.any_of)]
    asked += [(each.id, one) for each in form.contradictions for one in each.when]
    for name, condition in asked:
        if stray := condition.among - answers[condition.of]:
            raise BadIntakeForm(f"{name}: {condition.of} is never {', '.join(sorted(stray))}")
    for each in form.questions:
        for sign in each.danger:
            if stray := sign.on - answers[each.id]:
                raise BadIntakeForm(f"{each.id}: danger: it is never answered by {', '.join(sorted(stray))}")


def _check_names(kind: str, names: list[str]) -> None:
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise BadIntakeForm(f"{kind} {', '.join(twice)} stands twice")


def _check(form: IntakeForm) -> None:
    _check_names("section", [each.id for each in form.sections])
    _check_names("contradiction", [each.id for each in form.contradictions])
    before: set[str] = {RECORD_SEX}
    told: set[str] = set()
    for each in form.questions:
        if each.id in before:
            raise BadIntakeForm(f"{each.id} stands twice")
        for condition in (*each.when, *each.any_of):
            if condition.of not in before:
                raise BadIntakeForm(f"{each.id} depends on {condition.of}, which is not asked before it")
        before.add(each.id)
        _check_question(each)
        if twice := told & set(each.facts):
            raise BadIntakeForm(f"{each.id} tells {sorted(twice)}, which another question tells")
        told.update(each.facts)
    for contradiction in form.contradictions:
        places = {contradiction.on, *(condition.of for condition in contradiction.when)}
        if places - before:
            raise BadIntakeForm(f"contradiction {contradiction.id} speaks of what is not asked")
    _check_words(form)


def _check_question(question: Question) -> None:
    if not question.why.strip():
        raise BadIntakeForm(f"{question.id} does not say why it is asked")
    for name in question.facts:
        if name not in VOCABULARY:
            raise BadIntakeForm(f"{question.id} tells {name}, which is no fact")
    _check_names(f"{question.id}:", [each.id for each in question.choices])
    if question.fact and VOCABULARY[question.fact].kind != _TELLS.get(question.kind):
        raise BadIntakeForm(f"{question.id}: {question.kind} cannot tell {question.fact}")
    unit = VOCABULARY[question.fact].unit if question.fact else ""
    fitting = next((units for units in (_TO_KG, _TO_CM) if unit in units), {})
    if bool(question.units) != bool(fitting) or not {*question.units} <= {*fitting}:
        raise BadIntakeForm(f"{question.id}: units of {question.fact or question.kind} cannot be {question.units}")
    for choice in question.choices:
        if choice.fact and (VOCABULARY[choice.fact].kind != "yes_no" or question.kind != "checklist"):
            raise BadIntakeForm(f"{question.id} {choice.id} cannot tell {choice.fact}")
        for name, value in choice.facts.items():
            if fault := VOCABULARY[name].fault(value):
                raise BadIntakeForm(f"{question.id} {choice.id}: {name} is {fault}")
    if (question.kind == "list") != (question.of in LISTS):
        raise BadIntakeForm(f"{question.id} is of no list")
    if (question.kind in {"choice", "checklist"}) != bool(question.choices):
        raise BadIntakeForm(f"{question.id} has the wrong choices")


def read(toml: str) -> IntakeForm:
    """An intake from its TOML. Raises BadIntakeForm."""
    try:
        raw = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as wrong:
        raise BadIntakeForm(str(wrong)) from wrong
    if wrong_ones := list(_FILE("intake_form", raw)):
        raise BadIntakeForm("; ".join(wrong_ones))
    sections, questions = [], []
    for row in raw["section"]:
        sections.append(Section(row["id"], row["title"], row["lead"]))
        questions += [_question(each, row["id"]) for each in row["question"]]
    form = IntakeForm(
        version=raw["version"],
        sections=tuple(sections),
        questions=tuple(questions),
        contradictions=tuple(
            Contradiction(row["id"], row["on"], _conditions(row["when"]), row["words"])
            for row in raw.get("contradiction", [])
        ),
    )
    _check(form)
    return form


def source() -> str:
    return resources.files("sojourn.care.intake").joinpath("intake_form.toml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def intake_form() -> IntakeForm:
    """The intake that this version of the house asks."""
    return read(source())


@lru_cache(maxsize=1)
def digest() -> str:
    """SHA-256 of the intake's file."""
    return hashlib.sha256(source().encode()).hexdigest()


def messages() -> Iterator[tuple[str, str]]:
    """Every English text of the intake that a person reads, with where it stands, for the translators."""
    for section in intake_form().sections:
        yield section.title, section.id
        yield section.lead, section.id
    for each in intake_form().questions:
        of_choices = (words for choice in each.choices for words in (choice.text, choice.hint))
        for words in (each.text, each.why, each.hint, *of_choices):
            if words:
                yield words, each.id
    for contradiction in intake_form().contradictions:
        yield contradiction.words, contradiction.id
