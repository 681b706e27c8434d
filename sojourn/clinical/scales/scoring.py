"""Questionnaires with their scoring: a rule of kind "scale", with the questions beside it where they may be shipped.

A new scale is one TOML file; nothing here knows any scale by name. A scale whose text belongs to somebody has its
numbers only: it is scored by item number, or its total is entered.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from sojourn.clinical.rules import MARKS, Parameter, Rule, RuleInvalid, Verification, content_hash, frozen, parse_rule
from sojourn.clinical.scales import compose, expression, fhir
from sojourn.clinical.scales.expression import ExpressionWrong
from sojourn.clinical.scales.items import NO_TEXT, Item, Option, Text, When, asked

KIND: Final = "scale"
LARGEST_TOTAL: Final = 100_000  # of a clinic's own scoring: what comes out must fit where scores are kept
# A number of these marks counts for nothing until a prescriber has adopted the rule.
_WAITING: Final = ("recalled",)
_TABLES: Final = frozenset(("rule", "instrument", "licence", "questionnaire", "finding"))

Number = int | Decimal
Reliable = Literal["better", "worse", "none"]
Ships = Literal["yes", "unread", "no", "own"]
Rater = Literal["self", "clinician"]
_SHIPS: Final[tuple[Ships, ...]] = ("yes", "unread", "no")


@dataclass(frozen=True, slots=True)
class Licence:
    """Whether the text comes with Sojourn: "yes", "unread" (it might, but nobody has compared it with a source),
    "no" (it belongs to ``holder``), "own" (a clinic loaded it). ``note`` is a message id."""

    ships: Ships
    holder: str
    note: str


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name, both ends included."""

    code: str
    label: str  # message id
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Subscale:
    """A subscale. ``score`` is None where only its own number can be entered."""

    code: str
    label: str  # message id
    score: expression.Node | None
    low: int
    high: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a pattern of answers amounts to beside the total ("provisional PTSD"); ``over_parts``: of subscales."""

    code: str
    label: str  # message id
    when: expression.Condition
    over_parts: bool
    source: str
    mark: Verification
    examples: tuple[tuple[str, tuple[int, ...], bool], ...]  # title, answers in order, met or not


@dataclass(frozen=True, slots=True)
class Score:
    """The result. ``safety`` names the items whose answer wants somebody at once."""

    scale_id: str
    version: int
    hash: str
    total: Number
    band: Band | None
    screen: bool | None  # at or past the screening cut-off; None where the scale has none
    prorated: bool
    missing: tuple[str, ...]
    safety: tuple[str, ...]
    answers: Mapping[str, int]
    parts: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreRefusal:
    """No total, and why: "too-many-missing", "never-prorated:9", "no-such-item:x", "no-such-answer:3"; for an entered
    score "not-enterable", "no-total", "out-of-range", "not-a-step", "part-out-of-range:x", "parts-disagree",
    "no-such-part:x", "safety-item:10".

    ``safety`` still holds: an alarming answer counts whether or not there is a total.
    """

    scale_id: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    safety: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """From a baseline to now. ``percent``: the improvement in percent of the baseline, None if that was 0.
    ``meaningful``: at least the smallest difference that matters to people, where the scale has one."""

    scale_id: str
    difference: Number  # now - baseline
    percent: Fraction | None
    response: bool | None
    remission: bool | None
    reliable: Reliable | None
    meaningful: Reliable | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """A questionnaire that can be scored, and asked where ``ships_text``. ``hash`` is of all of its file.

    ``family`` is what its scores are compared within: a clinic's own text of a known scale belongs to that scale.
    ``adopted``: a prescriber of the clinic has adopted the rule, so that its unverified numbers count too.
    """

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
    formula: expression.Node | None
    decimals: int
    step: int
    low: int
    high: int
    bands: tuple[Band, ...]
    parts: tuple[Subscale, ...]
    total_from_parts: expression.Node | None
    findings: tuple[Finding, ...]
    higher_is_worse: bool
    never_prorated: frozenset[str]
    safety_items: tuple[str, ...]
    licence: Licence
    construct: str  # message id
    rater: Rater
    family: str
    adopted: bool
    definition: Mapping[str, Any]  # the FHIR Questionnaire; empty where no text ships

    @property
    def ships_text(self) -> bool:
        """Whether it can be asked: the words of its questions are here."""
        return bool(self.definition)

    @property
    def enterable(self) -> bool:
        """Whether a total can be entered: its range is known."""
        return self.high > self.low

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

    def asked(self, answers: Mapping[str, int | None]) -> tuple[Item, ...]:
        """The items that are asked, given the answers so far."""
        return asked(self.items, answers)

    def band(self, total: Number) -> Band | None:
        """The band that a total falls into: the last one that begins at or below it."""
        if not self.low <= total <= self.high:
            return None
        return next((each for each in reversed(self.bands) if each.low <= total), None)

    def under(self, rule: Rule | None) -> Scale:
        """The scale with a clinic's adopted rule, or as it is where the clinic has adopted none."""
        return self if rule is None else replace(self, rule=rule, adopted=True)

    def counts(self, name: str) -> float | None:
        """A parameter of the rule that may be acted on now: verified enough, or adopted. None otherwise."""
        held = self.rule.parameters.get(name)
        if held is None:
            return None
        waits = held.verification in _WAITING or name in self.rule.fixed.get("adopt_first", ())
        return None if waits and not self.adopted else held.value

    @property
    def waiting(self) -> tuple[str, ...]:
        """The names of the numbers that wait for a prescriber's adoption."""
        return tuple(name for name in self.rule.parameters if self.counts(name) is None)

    def cutoff(self, sex: str | None = None) -> Parameter | None:
        """The screening cut-off for somebody of this sex, whether or not it may be acted on now; None where the scale
        has none. Where it differs by sex and that is not told, the more cautious holds."""
        parameters = self.rule.parameters
        by_sex = {
            name: parameters[held] for name in ("female", "male") if (held := f"screen_cutoff_{name}") in parameters
        }
        if not by_sex:
            return parameters.get("screen_cutoff")
        pick = min if self.higher_is_worse else max
        return by_sex.get(sex or "") or pick(by_sex.values(), key=lambda each: each.value)

    def screen(self, total: Number, sex: str | None = None) -> bool | None:
        """At or past the screening cut-off; None while there is none that may be acted on."""
        held = self.cutoff(sex)
        limit = None if held is None else self.counts(held.name)
        if limit is None:
            return None
        return float(total) >= limit if self.higher_is_worse else float(total) <= limit

    def safety(self, answers: Mapping[str, int | None]) -> tuple[str, ...]:
        """The safety items answered at or above their limit; to be asked after every single answer."""
        limit = self.rule.optional("safety_from")
        if limit is None:
            return ()
        given = {name: answers.get(name) for name in self.safety_items}
        return tuple(name for name, value in given.items() if value is not None and value >= limit)

    def score(self, answers: Mapping[str, int | None], sex: str | None = None) -> Score | ScoreRefusal:
        """The score of some answers by link id (None or absent: not answered), or every reason against it."""
        reasons = list(self._faults(answers))
        safety = self.safety(answers)
        if self.formula is None:
            reasons.append("not-scored")
        now = self.asked(answers)
        wanted = [each for each in now if each.scored]
        skipped = frozenset(each.link_id for each in self.items) - {each.link_id for each in now}
        given = {each.link_id: value for each in wanted if (value := answers.get(each.link_id)) is not None}
        missing = tuple(each.link_id for each in wanted if each.link_id not in given)
        if len(missing) > self.rule.number("most_missing") or (wanted and not given):
            reasons.append("too-many-missing")
        reasons += [f"never-prorated:{name}" for name in missing if name in self.never_prorated]
        if reasons or self.formula is None:
            return ScoreRefusal(self.id, tuple(reasons), missing, safety)
        bounds = self.bounds
        exact = {
            part.code: expression.value(part.score, given, bounds, skipped)
            for part in self.parts
            if part.score is not None
        }
        parts = {part.code: _rounded(exact[part.code], part.decimals) for part in self.parts if part.code in exact}
        total = _rounded(expression.value(self.formula, given, bounds, skipped), self.decimals)
        return self._scored(total, parts, given, skipped, missing, safety, sex)

    def enter(
        self,
        total: Number | None,
        parts: Mapping[str, Number] | None = None,
        answers: Mapping[str, int | None] | None = None,
        sex: str | None = None,
    ) -> Score | ScoreRefusal:
        """A score that somebody worked out on their own licensed form. ``parts`` are subscales, ``answers`` those of
        the safety items, which are always wanted."""
        parts, answers = dict(parts or {}), dict(answers or {})
        reasons = list(self._faults(answers))
        safety = self.safety(answers)
        if not self.enterable:
            reasons.append("not-enterable")
        known = {each.code: each for each in self.parts}
        for code, number in parts.items():
            if code not in known:
                reasons.append(f"no-such-part:{code}")
            elif not known[code].low <= number <= known[code].high or not _fits(number, known[code].decimals):
                reasons.append(f"part-out-of-range:{code}")
        if self.total_from_parts is not None and not reasons and len(parts) == len(known):
            whole = expression.value(self.total_from_parts, _exact(parts), dict.fromkeys(known, (0, 0)))
            reckoned = _rounded(whole, self.decimals)
            if total is None:
                total = reckoned
            elif abs(Fraction(total) - whole) > Fraction(1 if self.decimals else 0, 10):
                reasons.append("parts-disagree")
        if total is None:
            reasons.append("no-total")
        elif self.enterable and not (self.low <= total <= self.high and _fits(total, self.decimals)):
            reasons.append("out-of-range")
        elif self.decimals == 0 and (total - self.low) % self.step:
            reasons.append("not-a-step")
        reasons += [f"safety-item:{name}" for name in self.safety_items if answers.get(name) is None]
        if reasons or total is None:
            return ScoreRefusal(self.id, tuple(reasons), (), safety)
        given = {name: value for name, value in answers.items() if value is not None}
        return self._scored(total, parts, given, frozenset(), (), safety, sex, entered=True)

    def change(self, baseline: Score, now: Score) -> Change | ScoreRefusal:
        """What changed between two scores of this scale; refused for scores of another."""
        if baseline.scale_id != self.id or now.scale_id != self.id:
            return ScoreRefusal(self.id, ("another-scale",), (), ())
        return self.change_of_totals(baseline.total, now.total)

    def change_of_totals(self, baseline: Number, now: Number) -> Change:
        """The same for bare totals, as they come from a chart. Numbers that wait for adoption say nothing."""
        fall = Fraction(baseline) - Fraction(now)
        better = fall if self.higher_is_worse else -fall
        percent = None if baseline == 0 else better * 100 / Fraction(baseline)
        wanted, points = self.counts("response_percent"), self.counts("response_points")
        response: bool | None = None
        if wanted is not None:
            response = None if percent is None else percent >= wanted
        elif points is not None:
            response = better >= points
        below = self.counts("remission_below")
        return Change(
            scale_id=self.id,
            difference=now - baseline,
            percent=percent,
            response=response,
            remission=None if below is None else now < below,
            reliable=_direction(better, self.counts("reliable_change")),
            meaningful=_direction(better, self.counts("meaningful_change")),
        )

    @property
    def bounds(self) -> Mapping[str, tuple[int, int]]:
        """The lowest and highest answer of each item."""
        return {each.link_id: each.bounds for each in self.items}

    def _scored(
        self,
        total: Number,
        parts: Mapping[str, Number],
        given: Mapping[str, int],
        skipped: frozenset[str],
        missing: tuple[str, ...],
        safety: tuple[str, ...],
        sex: str | None,
        *,
        entered: bool = False,
    ) -> Score:
        bounds, exact = self.bounds, _exact(parts)
        found: list[str] = []
        for each in self.findings:
            needs = expression.used(each.when)
            if each.over_parts:
                met = needs <= set(parts) and expression.holds(each.when, exact, dict.fromkeys(parts, (0, 0)))
            else:
                met = not entered and expression.holds(each.when, given, bounds, skipped)
            if met:
                found.append(each.code)
        return Score(
            scale_id=self.id,
            version=self.version,
            hash=self.hash,
            total=total,
            band=self.band(total),
            screen=self.screen(total, sex),
            prorated=bool(missing),
            missing=missing,
            safety=safety,
            answers=MappingProxyType(dict(given)),
            parts=MappingProxyType(dict(parts)),
            findings=tuple(found),
        )

    def _faults(self, answers: Mapping[str, int | None]) -> Iterator[str]:
        known = {each.link_id: each for each in self.items}
        for name, value in answers.items():
            if name not in known:
                yield f"no-such-item:{name}"
            elif value is not None and not known[name].accepts(value):
                yield f"no-such-answer:{name}"


def _rounded(number: Fraction, decimals: int) -> Number:
    """To so many decimals, a half upwards."""
    if decimals == 0:
        return (number + Fraction(1, 2)).__floor__()
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _fits(number: Number, decimals: int) -> bool:
    """Whether a number has no more decimals than it may have."""
    return bool((Fraction(number) * 10**decimals).denominator == 1)


def _exact(parts: Mapping[str, Number]) -> Mapping[str, Any]:
    return {code: Fraction(number) for code, number in parts.items()}


def _direction(better: Fraction, least: float | None) -> Reliable | None:
    if least is None:
        return None
    return "better" if better >= least else "worse" if -better >= least else "none"


# --- reading a scale ---


def read(text: str) -> Scale:
    """A scale from its file (TOML); raises RuleInvalid."""
    try:
        tables = tomllib.loads(text)
    except ValueError as wrong:
        raise RuleInvalid(f"a scale cannot be read: {wrong}") from wrong
    if len(tables.get("rule", ())) != 1 or not {"instrument", "licence"} <= set(tables) or set(tables) - _TABLES:
        raise RuleInvalid("a scale is one rule, one instrument, one licence, and its questionnaire where that ships")
    rule = parse_rule(tables["rule"][0])
    instrument, licence = tables["instrument"], tables["licence"]
    if licence.get("ships") not in _SHIPS or (licence["ships"] == "yes") != ("questionnaire" in tables):
        raise RuleInvalid(f"{rule.id}: a questionnaire is in the file exactly where the licence lets it be shipped")
    form: fhir.Form | None = None
    if "questionnaire" in tables:
        try:
            form = fhir.read(compose.questionnaire(tables["questionnaire"]))
        except (fhir.FormInvalid, KeyError) as wrong:
            raise RuleInvalid(f"{rule.id}: {wrong}") from wrong
    return build(
        scale_id=str(instrument["id"]),
        rule=rule,
        title=form.title if form is not None else MappingProxyType(dict(instrument["title"])),
        form=form,
        licence=Licence(licence["ships"], str(licence.get("holder", "")), str(licence.get("note", ""))),
        construct=str(instrument["construct"]),
        rater=cast(Rater, instrument["rater"]),
        findings=tables.get("finding", ()),
    )


def build(
    *,
    scale_id: str,
    rule: Rule,
    title: Text,
    form: fhir.Form | None,
    licence: Licence,
    construct: str = "",
    rater: Rater = "self",
    findings: Any = (),
    family: str = "",
    adopted: bool = False,
) -> Scale:
    """A scale from its rule and, where there is one, its form; raises RuleInvalid with all that does not fit."""
    if rule.kind != KIND or rule.fact("questionnaire") != scale_id:
        raise RuleInvalid(f"{rule.id} does not score {scale_id}")
    names = tuple(str(each) for each in rule.fact("items"))
    if form is not None:
        items = tuple(replace(each, scored=each.link_id in names) for each in form.items)
    else:
        items = tuple(_numbered(rule, names))
    absent = set(names) - {each.link_id for each in items}
    if absent:
        raise RuleInvalid(f"{rule.id}: no item {', '.join(sorted(absent))} in the questionnaire")
    ids = [each.link_id for each in items]
    span = tuple(int(each) for each in rule.fact("range")) or (0, 0)
    try:
        source = rule.fixed.get("score", f"sum[{', '.join(_quoted(each) for each in names)}]" if names else "")
        formula = expression.read(source, ids) if source else None
        parts = tuple(
            Subscale(
                code=str(each["code"]),
                label=str(each["label"]),
                score=expression.read(each["score"], ids) if "score" in each else None,
                low=int(each["range"][0]),
                high=int(each["range"][1]),
                decimals=int(each.get("decimals", 0)),
            )
            for each in rule.fixed.get("parts", ())
        )
        codes = [each.code for each in parts]
        whole = rule.fixed.get("total_from_parts")
        scale = Scale(
            id=scale_id,
            version=rule.version,
            hash=_hash(form, rule, findings),
            title=title,
            stem=NO_TEXT if form is None else form.stem,
            items=items,
            loinc=rule.fixed.get("loinc") if form is None else form.loinc,
            total_loinc=rule.fixed.get("total_loinc"),
            copyright="" if form is None else form.copyright,
            languages=frozenset() if form is None else form.languages,
            unverified_languages=frozenset() if form is None else form.unverified_languages,
            rule=rule,
            formula=formula,
            decimals=int(rule.fixed.get("decimals", 0)),
            step=int(rule.fixed.get("step", 1)) if not rule.fixed.get("decimals") else 1,
            low=span[0],
            high=span[1],
            bands=tuple(
                Band(str(each["code"]), str(each["label"]), int(each["from"]), int(each["to"]))
                for each in rule.fixed.get("bands", ())
            ),
            parts=parts,
            total_from_parts=None if whole is None else expression.read(whole, codes),
            findings=tuple(_finding(each, ids, codes) for each in findings),
            higher_is_worse=rule.fact("higher_is") == "worse",
            never_prorated=frozenset(rule.fact("never_prorated")),
            safety_items=tuple(rule.fact("safety_items")),
            licence=licence,
            construct=construct,
            rater=rater,
            family=family or scale_id,
            adopted=adopted,
            definition=MappingProxyType({}) if form is None else form.definition,
        )
    except ExpressionWrong as wrong:
        raise RuleInvalid(f"{rule.id}: {wrong}") from wrong
    wrong_ones = list(_unsound(scale))
    if wrong_ones:
        raise RuleInvalid(f"{rule.id}: " + "; ".join(wrong_ones))
    return scale


def _quoted(link_id: str) -> str:
    return link_id if link_id.isalnum() else f'"{link_id}"'


def _hash(form: fhir.Form | None, rule: Rule, findings: Any) -> str:
    parts = ("" if form is None else content_hash(form.definition)) + rule.hash
    if findings:
        parts += content_hash({"findings": list(findings)})
    return hashlib.sha256(parts.encode()).hexdigest()


def _finding(table: Mapping[str, Any], ids: list[str], codes: list[str]) -> Finding:
    over_parts = table.get("over") == "parts"
    if table.get("verification") not in MARKS:
        raise RuleInvalid(f"finding {table['code']}: verification must be one of {', '.join(MARKS)}")
    return Finding(
        code=str(table["code"]),
        label=str(table["label"]),
        when=expression.read_condition(table["when"], codes if over_parts else ids),
        over_parts=over_parts,
        source=str(table["source"]),
        mark=cast(Verification, table["verification"]),
        examples=tuple((each["title"], tuple(each["answers"]), each["met"]) for each in table.get("examples", ())),
    )


def _numbered(rule: Rule, names: tuple[str, ...]) -> Iterator[Item]:
    """Items that have a number and a range but no words."""
    values, branches = rule.fixed.get("values", {}), rule.fixed.get("branches", {})
    yes_no = rule.fixed.get("yes_no", ())
    for name in names:
        low, high = values.get(name) or values["each"]
        when = branches.get(name)
        plain = name in yes_no or "all" in yes_no
        options = tuple(
            Option(number, MappingProxyType({"en": str(number)}), None, "verified") for number in range(low, high + 1)
        )
        yield Item(
            *(name, f"{name}.", NO_TEXT, fhir.YES_NO if plain else options),
            required=True,
            scored=True,
            loinc=None,
            mark="verified",
            kind="yes_no" if plain else "choice",
            enable=() if when is None else (When(str(when), "=", 1),),
        )


def _unsound(scale: Scale) -> Iterator[str]:
    yield from _unsound_formula(scale)
    for part in scale.parts:
        if part.score is not None and expression.extent(part.score, scale.bounds) != (
            Fraction(part.low),
            Fraction(part.high),
        ):
            yield f"{part.code}: the items give another range"
    for name in (*scale.safety_items, *scale.never_prorated):
        if name not in {each.link_id for each in scale.items}:
            yield f"{name} is not an item"
    if scale.safety_items and scale.rule.optional("safety_from") is None:
        yield "safety items without a limit"
    at = scale.low
    for band in scale.bands:
        if band.low != at or band.high < band.low:
            yield f"the bands have a gap or an overlap at {band.code}"
        at = band.high + 1
    if scale.bands and at != scale.high + 1:
        yield "the bands do not reach the end of the range"


def _unsound_formula(scale: Scale) -> Iterator[str]:
    scored = {each.link_id for each in scale.scored}
    if scale.formula is None:
        if scored:
            yield "scored items without a score"
        return
    odd = expression.used(scale.formula) ^ scored
    if odd:
        yield f"the score must read every scored item and no other: {', '.join(sorted(odd))}"
    if scale.rule.number("most_missing") and not expression.prorates(scale.formula):
        yield "only a plain sum or mean can be prorated"
    optional = frozenset(each.link_id for each in scale.items if each.enable)
    low, high = expression.extent(scale.formula, scale.bounds, optional)
    if (low.__floor__(), high.__ceil__()) != (scale.low, scale.high):
        yield f"the items give {float(low):g} to {float(high):g}, the range says otherwise"


# --- a clinic's own form ---


@dataclass(frozen=True, slots=True)
class OwnScoring:
    """How a clinic's own form is scored. ``bands``: (code, label, from, to)."""

    score: str
    higher_is: Literal["worse", "better"] = "worse"
    most_missing: int = 0
    decimals: int = 0
    safety_items: tuple[str, ...] = ()
    safety_from: int = 1
    bands: tuple[tuple[str, str, int, int], ...] = ()


def own(*, scale_id: str, family: str, version: int, form: fhir.Form, scoring: OwnScoring, licence: Licence) -> Scale:
    """A clinic's own form with its own scoring; raises RuleInvalid or ExpressionWrong."""
    from datetime import date

    ids = [each.link_id for each in form.items]
    formula = expression.read(scoring.score, ids)
    names = expression.used(formula)
    bounds = {each.link_id: each.bounds for each in form.items}
    optional = frozenset(each.link_id for each in form.items if each.enable)
    low, high = expression.extent(formula, bounds, optional)
    if max(-low, high) > LARGEST_TOTAL:
        raise RuleInvalid(f"scale.{scale_id}: the total can go beyond {LARGEST_TOTAL:,}")
    parameters: dict[str, Any] = {
        "most_missing": {"value": scoring.most_missing, "unit": "{items}", "tighten": "fixed"}
    }
    if scoring.safety_items:
        parameters["safety_from"] = {"value": scoring.safety_from, "unit": "{score}", "tighten": "fixed"}
    rule = parse_rule(
        {
            "id": f"scale.{scale_id}",
            "version": version,
            "kind": KIND,
            "title": form.title["en"],
            "statement": scoring.score,
            "sources": [licence.note or licence.holder],
            "verification": "convention",
            "effective_from": date(2000, 1, 1),
            "parameters": parameters,
            "fixed": {
                "questionnaire": scale_id,
                "items": [each for each in ids if each in names],
                "score": scoring.score,
                "decimals": scoring.decimals,
                "never_prorated": [],
                "safety_items": list(scoring.safety_items),
                "higher_is": scoring.higher_is,
                "range": [low.__floor__(), high.__ceil__()],
                "bands": [
                    {"code": code, "label": label, "from": first, "to": last}
                    for code, label, first, last in scoring.bands
                ],
            },
        }
    )
    return build(
        scale_id=scale_id, rule=rule, title=form.title, form=form, licence=licence, family=family, adopted=True
    )


def text_for(known: Scale, form: fhir.Form, *, scale_id: str, licence: Licence) -> Scale:
    """A known scale with a clinic's own text: the items in their order take the numbers of the known ones.

    Raises FormInvalid where the form does not have the items, or an item not the answers, of the known scale.
    """
    wanted = known.items
    faults: list[fhir.Fault] = []
    if len(form.items) != len(wanted):
        faults.append(fhir.Fault("other-count", detail=f"{len(form.items)}/{len(wanted)}"))
    for theirs, ours in zip(form.items, wanted, strict=False):
        if theirs.values != ours.values:
            low, high = ours.bounds
            faults.append(fhir.Fault("other-answers", theirs.link_id, f"{low}–{high}"))
    if faults or not known.items:
        raise fhir.FormInvalid(*(faults or [fhir.Fault("no-scoring")]))
    names = {theirs.link_id: ours.link_id for theirs, ours in zip(form.items, wanted, strict=True)}
    items = tuple(
        replace(
            theirs,
            link_id=ours.link_id,
            scored=ours.scored,
            enable=tuple(replace(each, link_id=names[each.link_id]) for each in theirs.enable) or ours.enable,
        )
        for theirs, ours in zip(form.items, wanted, strict=True)
    )
    return replace(
        known,
        id=scale_id,
        hash=hashlib.sha256((content_hash(form.definition) + known.hash).encode()).hexdigest(),
        title=form.title,
        stem=form.stem,
        items=items,
        copyright=form.copyright,
        languages=form.languages,
        unverified_languages=form.unverified_languages,
        licence=licence,
        family=known.family,
        definition=cast(Mapping[str, Any], frozen(form.definition)),
    )
