"""A questionnaire that can be scored: answers make a total with its band, totals are entered and compared.

Nothing here knows any scale by name. A scale whose text belongs to somebody has its numbers only: it is scored by item
number, or its total is entered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical.rules import Parameter, Rule
from sojourn.clinical.scales import expression
from sojourn.clinical.scales.items import Item, Text, asked
from sojourn.clinical.scales.model import (
    Band,
    Change,
    Finding,
    Licence,
    Number,
    Rater,
    Reliable,
    Score,
    ScoreRefusal,
    Subscale,
)
from sojourn.clinical.units import rounded

# A number of these marks counts for nothing until a prescriber has adopted the rule.
_WAITING: Final = ("recalled",)
# How far a total with decimals may be from what its rounded subscales make.
_AGREES: Final = Fraction(1, 10)


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
        safety = self.safety(answers)
        now = self.asked(answers)
        wanted = [each.link_id for each in now if each.scored]
        skipped = frozenset(self.bounds) - {each.link_id for each in now}
        given = {name: value for name in wanted if (value := answers.get(name)) is not None}
        missing = tuple(name for name in wanted if name not in given)
        reasons = (*self._faults(answers), *self._against_a_total(given, missing))
        if reasons or self.formula is None:
            return ScoreRefusal(self.id, reasons, missing, safety)
        total = _rounded(expression.value(self.formula, given, self.bounds, skipped), self.decimals)
        return self._scored(total, self._part_totals(given, skipped), given, skipped, missing, safety, sex)

    def _against_a_total(self, given: Mapping[str, int], missing: tuple[str, ...]) -> Iterator[str]:
        if self.formula is None:
            yield "not-scored"
        if len(missing) > self.rule.number("most_missing") or (missing and not given):
            yield "too-many-missing"
        yield from (f"never-prorated:{name}" for name in missing if name in self.never_prorated)

    def _part_totals(self, given: Mapping[str, int], skipped: frozenset[str]) -> Mapping[str, Number]:
        return {
            part.code: _rounded(expression.value(part.score, given, self.bounds, skipped), part.decimals)
            for part in self.parts
            if part.score is not None
        }

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
        reasons += self._part_faults(parts)
        if not reasons:
            total, disagreement = self._made_of(parts, total)
            reasons += disagreement
        reasons += self._entry_faults(total, answers)
        if reasons or total is None:
            return ScoreRefusal(self.id, tuple(reasons), (), safety)
        given = {name: value for name, value in answers.items() if value is not None}
        return self._scored(total, parts, given, frozenset(), (), safety, sex, entered=True)

    def _part_faults(self, parts: Mapping[str, Number]) -> Iterator[str]:
        known = {each.code: each for each in self.parts}
        for code, number in parts.items():
            if code not in known:
                yield f"no-such-part:{code}"
            elif not known[code].low <= number <= known[code].high or not _fits(number, known[code].decimals):
                yield f"part-out-of-range:{code}"

    def _made_of(self, parts: Mapping[str, Number], total: Number | None) -> tuple[Number | None, tuple[str, ...]]:
        """The total that all subscales make where none was entered; and whether one that was does not agree."""
        known = {each.code for each in self.parts}
        if self.total_from_parts is None or len(parts) != len(known):
            return total, ()
        whole = expression.value(self.total_from_parts, _exact(parts), dict.fromkeys(known, (0, 0)))
        if total is None:
            return _rounded(whole, self.decimals), ()
        off = abs(Fraction(total) - whole) > (_AGREES if self.decimals else 0)
        return total, ("parts-disagree",) if off else ()

    def _entry_faults(self, total: Number | None, answers: Mapping[str, int | None]) -> Iterator[str]:
        if total is None:
            yield "no-total"
        elif self.enterable and not (self.low <= total <= self.high and _fits(total, self.decimals)):
            yield "out-of-range"
        elif self.decimals == 0 and (total - self.low) % self.step:
            yield "not-a-step"
        yield from (f"safety-item:{name}" for name in self.safety_items if answers.get(name) is None)

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
    return rounded(Decimal(number.numerator) / Decimal(number.denominator), decimals)


def _fits(number: Number, decimals: int) -> bool:
    """Whether a number has no more decimals than it may have."""
    return bool((Fraction(number) * 10**decimals).denominator == 1)


def _exact(parts: Mapping[str, Number]) -> Mapping[str, Any]:
    return {code: Fraction(number) for code, number in parts.items()}


def _direction(better: Fraction, least: float | None) -> Reliable | None:
    if least is None:
        return None
    return "better" if better >= least else "worse" if -better >= least else "none"
