"""Questionnaires with their scoring: a FHIR R4 Questionnaire beside a rule of kind "scale".

A new scale is one JSON file and one TOML file; nothing here knows any scale by name.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from sojourn.clinical.rules import Rule, RuleInvalid, Verification, content_hash, parse_rule

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
VERIFICATION: Final = "urn:sojourn:verification"
KIND: Final = "scale"

Text = Mapping[str, str]  # language -> words; English is always there
Reliable = Literal["better", "worse", "none"]


def say(text: Text, language: str) -> str:
    """The words in a language ("es", "es-MX"), or in English where there is no translation."""
    return text.get(language) or text.get(language.partition("-")[0]) or text["en"]


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: the number that is stored and summed, and what the person reads."""

    value: int
    text: Text
    code: str | None  # LOINC answer code
    mark: Verification


@dataclass(frozen=True, slots=True)
class Item:
    """One question."""

    link_id: str
    prefix: str
    text: Text
    options: tuple[Option, ...]
    required: bool
    scored: bool
    loinc: str | None
    mark: Verification  # of the LOINC code

    @property
    def values(self) -> frozenset[int]:
        """The numbers that an answer may have."""
        return frozenset(each.value for each in self.options)


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name, both ends included."""

    code: str
    label: str  # message id
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Group:
    """Items that count together: their sum, or the highest of them."""

    items: tuple[str, ...]
    take: Literal["sum", "max"]


@dataclass(frozen=True, slots=True)
class Score:
    """The result. ``safety`` names the items whose answer wants somebody at once."""

    scale_id: str
    version: int
    hash: str
    total: int
    band: Band | None
    screen: bool | None  # at or past the screening cut-off; None where the scale has none
    prorated: bool
    missing: tuple[str, ...]
    safety: tuple[str, ...]
    answers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """No total, and why: "too-many-missing", "never-prorated:9", "no-such-item:x", "no-such-answer:3".

    ``safety`` still holds: an alarming answer counts whether or not there is a total.
    """

    scale_id: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    safety: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """From a baseline to now. ``percent``: the improvement in percent of the baseline, None if that was 0."""

    scale_id: str
    difference: int  # now - baseline
    percent: Fraction | None
    response: bool | None
    remission: bool | None
    reliable: Reliable | None


@dataclass(frozen=True, slots=True)
class Scale:
    """A questionnaire that can be asked and scored. ``hash`` is of definition and scoring together."""

    id: str
    version: int
    hash: str
    title: Text
    stem: Text
    items: tuple[Item, ...]
    loinc: str | None
    total_loinc: str | None
    copyright: str
    languages: frozenset[str]
    unverified_languages: frozenset[str]
    rule: Rule
    groups: tuple[Group, ...]
    multiply: int
    reverse: frozenset[str]
    low: int
    high: int
    bands: tuple[Band, ...]
    higher_is_worse: bool
    never_prorated: frozenset[str]
    safety_items: tuple[str, ...]
    definition: Mapping[str, Any]  # the FHIR Questionnaire as it ships

    def item(self, link_id: str) -> Item:
        """The item with this link id; raises KeyError."""
        for each in self.items:
            if each.link_id == link_id:
                return each
        raise KeyError(link_id)

    @property
    def scored(self) -> tuple[Item, ...]:
        """The items that count."""
        return tuple(each for each in self.items if each.scored)

    def band(self, total: int) -> Band | None:
        """The band that a total falls into."""
        return next((each for each in self.bands if each.low <= total <= each.high), None)

    def safety(self, answers: Mapping[str, int | None]) -> tuple[str, ...]:
        """The safety items answered at or above their limit; to be asked after every single answer."""
        limit = self.rule.optional("safety_from")
        if limit is None:
            return ()
        given = {name: answers.get(name) for name in self.safety_items}
        return tuple(name for name, value in given.items() if value is not None and value >= limit)

    def score(self, answers: Mapping[str, int | None]) -> Score | Refusal:
        """The score of some answers by link id (None or absent: not answered), or every reason against it."""
        reasons = list(self._faults(answers))
        safety = self.safety(answers)
        given = {each.link_id: value for each in self.scored if (value := answers.get(each.link_id)) is not None}
        missing = tuple(each.link_id for each in self.scored if each.link_id not in given)
        if len(missing) > self.rule.number("most_missing"):
            reasons.append("too-many-missing")
        reasons += [f"never-prorated:{name}" for name in missing if name in self.never_prorated]
        if reasons:
            return Refusal(self.id, tuple(reasons), missing, safety)
        total = self._total(given, len(missing))
        cutoff = self.rule.optional("screen_cutoff")
        screen = None if cutoff is None else (total >= cutoff if self.higher_is_worse else total <= cutoff)
        return Score(
            *(
                self.id,
                self.version,
                self.hash,
                total,
                self.band(total),
                screen,
                bool(missing),
                missing,
                safety,
            ),
            MappingProxyType(given),
        )

    def change(self, baseline: Score, now: Score) -> Change | Refusal:
        """What changed between two scores of this scale; refused for scores of another."""
        if baseline.scale_id != self.id or now.scale_id != self.id:
            return Refusal(self.id, ("another-scale",), (), ())
        return self.change_of_totals(baseline.total, now.total)

    def change_of_totals(self, baseline: int, now: int) -> Change:
        """The same for bare totals, as they come from a chart."""
        better = baseline - now if self.higher_is_worse else now - baseline
        percent = None if baseline == 0 else Fraction(better * 100, baseline)
        wanted, least = self.rule.optional("response_percent"), self.rule.optional("reliable_change")
        below = self.rule.optional("remission_below")
        reliable: Reliable | None = None
        if least is not None:
            reliable = "better" if better >= least else "worse" if -better >= least else "none"
        return Change(
            scale_id=self.id,
            difference=now - baseline,
            percent=percent,
            response=None if wanted is None or percent is None else percent >= wanted,
            remission=None if below is None else now < below,
            reliable=reliable,
        )

    def _faults(self, answers: Mapping[str, int | None]) -> Iterator[str]:
        known = {each.link_id: each for each in self.items}
        for name, value in answers.items():
            if name not in known:
                yield f"no-such-item:{name}"
            elif value is not None and (isinstance(value, bool) or value not in known[name].values):
                yield f"no-such-answer:{name}"

    def _total(self, given: Mapping[str, int], missing: int) -> int:
        counted = {
            name: (max(self.item(name).values) - value if name in self.reverse else value)
            for name, value in given.items()
        }
        total = Fraction(0)
        for group in self.groups:
            values = [counted[name] for name in group.items if name in counted]
            if values:
                total += max(values) if group.take == "max" else sum(values)
        if missing:
            total = total * (len(given) + missing) / len(given)
        return int(total * self.multiply + Fraction(1, 2))  # a half rounds up: totals are never negative


# --- reading the two files ---


def parse(definition: str, scoring: str) -> Scale:
    """A scale from its FHIR Questionnaire (JSON) and its rule (TOML); raises RuleInvalid."""
    try:
        questionnaire: dict[str, Any] = json.loads(definition)
        tables = tomllib.loads(scoring)
    except ValueError as wrong:
        raise RuleInvalid(f"a scale cannot be read: {wrong}") from wrong
    if questionnaire.get("resourceType") != "Questionnaire" or len(tables.get("rule", ())) != 1:
        raise RuleInvalid("a scale is one FHIR Questionnaire and one rule")
    rule = parse_rule(tables["rule"][0])
    identity = str(questionnaire.get("id"))
    if rule.kind != KIND or rule.fact("questionnaire") != identity:
        raise RuleInvalid(f"{rule.id} does not score {identity}")
    scored = tuple(str(each) for each in rule.fact("items"))
    items = tuple(_item(identity, each, scored) for each in questionnaire["item"] if each["type"] != "display")
    absent = set(scored) - {each.link_id for each in items}
    if absent:
        raise RuleInvalid(f"{rule.id}: no item {', '.join(sorted(absent))} in the questionnaire")
    stem = next((each for each in questionnaire["item"] if each["type"] == "display"), None)
    low, high = (int(each) for each in rule.fact("range"))
    scale = Scale(
        id=identity,
        version=rule.version,
        hash=hashlib.sha256((content_hash(questionnaire) + rule.hash).encode()).hexdigest(),
        title=_text(questionnaire, "title"),
        stem=MappingProxyType({"en": ""}) if stem is None else _text(stem, "text"),
        items=items,
        loinc=_code(questionnaire)[0],
        total_loinc=rule.fixed.get("total_loinc"),
        copyright=str(questionnaire.get("copyright", "")),
        languages=frozenset.intersection(*(frozenset(each.text) for each in items)),
        unverified_languages=frozenset(_unverified(questionnaire)),
        rule=rule,
        groups=tuple(
            Group(tuple(each["items"]), each["take"])
            for each in rule.fixed.get("groups", ({"items": scored, "take": "sum"},))
        ),
        multiply=int(rule.fixed.get("multiply", 1)),
        reverse=frozenset(rule.fixed.get("reverse", ())),
        low=low,
        high=high,
        bands=tuple(
            Band(str(each["code"]), str(each["label"]), int(each["from"]), int(each["to"]))
            for each in rule.fixed.get("bands", ())
        ),
        higher_is_worse=rule.fact("higher_is") == "worse",
        never_prorated=frozenset(rule.fact("never_prorated")),
        safety_items=tuple(rule.fact("safety_items")),
        definition=questionnaire,
    )
    wrong_ones = list(_unsound(scale))
    if wrong_ones:
        raise RuleInvalid(f"{rule.id}: " + "; ".join(wrong_ones))
    return scale


def _unsound(scale: Scale) -> Iterator[str]:
    scored = {each.link_id for each in scale.scored}
    grouped = [name for group in scale.groups for name in group.items]
    if sorted(grouped) != sorted(scored):
        yield "the groups must hold every scored item once"
    if any(group.take not in ("sum", "max") for group in scale.groups):
        yield "a group takes the sum or the max"
    if scale.rule.number("most_missing") and any(group.take != "sum" for group in scale.groups):
        yield "only a plain sum can be prorated"
    for name in (*scale.safety_items, *scale.never_prorated, *scale.reverse):
        if name not in scored:
            yield f"{name} is not a scored item"
    if scale.safety_items and scale.rule.optional("safety_from") is None:
        yield "safety items without a limit"
    ends = [0, 0]
    for group in scale.groups:
        if group.take in ("sum", "max"):
            take = sum if group.take == "sum" else max
            ends[0] += take(min(scale.item(name).values) for name in group.items)
            ends[1] += take(max(scale.item(name).values) for name in group.items)
    low, high = (each * scale.multiply for each in ends)
    if (low, high) != (scale.low, scale.high):
        yield f"the items give {low} to {high}, the range says otherwise"
    at = scale.low
    for band in scale.bands:
        if band.low != at or band.high < band.low:
            yield f"the bands have a gap or an overlap at {band.code}"
        at = band.high + 1
    if scale.bands and at != scale.high + 1:
        yield "the bands do not reach the end of the range"


def _item(identity: str, table: Mapping[str, Any], scored: tuple[str, ...]) -> Item:
    options = tuple(_option(each["valueCoding"]) for each in table.get("answerOption", ()))
    link_id = str(table["linkId"])
    if table["type"] != "choice" or not options or len({each.value for each in options}) != len(options):
        raise RuleInvalid(f"{identity}: item {link_id} needs a choice of answers with different numbers")
    code, mark = _code(table)
    return Item(
        link_id=link_id,
        prefix=str(table.get("prefix", "")),
        text=_text(table, "text"),
        options=options,
        required=bool(table.get("required", False)),
        scored=link_id in scored,
        loinc=code,
        mark=mark,
    )


def _option(coding: Mapping[str, Any]) -> Option:
    value = next((each["valueDecimal"] for each in coding.get("extension", ()) if each["url"] == ORDINAL), None)
    if value is None or int(value) != value:
        raise RuleInvalid(f"answer {coding.get('display')!r} has no whole number")
    code = str(coding["code"]) if coding.get("system") == "http://loinc.org" else None
    return Option(int(value), _text(coding, "display"), code, _mark(coding))


def _code(table: Mapping[str, Any]) -> tuple[str | None, Verification]:
    for each in table.get("code", ()):
        if each.get("system") == "http://loinc.org":
            return str(each["code"]), _mark(each)
    return None, "verified"


def _mark(coding: Mapping[str, Any]) -> Verification:
    for each in coding.get("extension", ()):
        if each["url"] == VERIFICATION:
            return cast(Verification, each["valueCode"])
    return "verified"


def _text(table: Mapping[str, Any], key: str) -> Text:
    words = {"en": str(table[key])}
    for extension in table.get(f"_{key}", {}).get("extension", ()):
        if extension["url"] == TRANSLATION:
            parts = {part["url"]: part for part in extension["extension"]}
            words[str(parts["lang"]["valueCode"])] = str(parts["content"]["valueString"])
    return MappingProxyType(words)


def _unverified(questionnaire: Mapping[str, Any]) -> Iterator[str]:
    for extension in questionnaire.get("extension", ()):
        if extension["url"] == VERIFICATION:
            parts = {part["url"]: part for part in extension["extension"]}
            if parts["mark"]["valueCode"] != "verified":
                yield str(parts["language"]["valueCode"])
