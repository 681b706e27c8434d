"""Questionnaires with their scoring: a rule of kind "scale", with the questions beside it where they may be shipped.

A new scale is one TOML file; nothing here knows any scale by name.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from sojourn.clinical.rules import MARKS, Rule, RuleInvalid, content_hash, one_of, parse_rule
from sojourn.clinical.scales import compose, expression, fhir, shape
from sojourn.clinical.scales.expression import ExpressionWrong
from sojourn.clinical.scales.items import NO_TEXT, Item, Option, Text, When
from sojourn.clinical.scales.model import KIND, RATERS, Band, Finding, Licence, Rater, Subscale
from sojourn.clinical.scales.scoring import Scale

Table = Mapping[str, Any]  # as a file holds it


def read(text: str) -> Scale:
    """A scale from its file (TOML); raises RuleInvalid."""
    try:
        tables = tomllib.loads(text)
    except ValueError as wrong:
        raise RuleInvalid(f"a scale cannot be read: {wrong}") from wrong
    match tables.get("rule"):
        case [only]:
            rule = parse_rule(only)
        case _:
            raise RuleInvalid(
                "a scale is one rule, one instrument, one licence, and its questionnaire where that ships"
            )
    if misshapen := list(_misshapen(tables, rule)):
        raise RuleInvalid(f"{rule.id}: " + "; ".join(misshapen))
    instrument, licence = tables["instrument"], tables["licence"]
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
        licence=Licence(licence["ships"], licence["holder"], licence["note"]),
        construct=str(instrument["construct"]),
        rater=one_of(instrument["rater"], RATERS),
        findings=tables.get("finding", ()),
    )


def _misshapen(tables: Table, rule: Rule) -> Iterator[str]:
    """What is wrong with the parts of a file and with how they fit, before anything is made of them."""
    found = [*shape.FILE("file", tables), *shape.FIXED("fixed", rule.fixed), *shape.numbers(rule.parameters)]
    yield from found
    yield from (f"{name}.value is missing" for name in rule.open)
    if found:
        return
    form, instrument = tables.get("questionnaire"), tables["instrument"]
    if (tables["licence"]["ships"] == "yes") != (form is not None):
        yield "a questionnaire is in the file exactly where the licence lets it be shipped"
    if form is None and "title" not in instrument:
        yield "instrument.title is missing"
    if form is not None and form["id"] != instrument["id"]:
        yield f"questionnaire.id is {form['id']}, the instrument is {instrument['id']}"
    if rule.id != f"scale.{instrument['id']}":
        yield f"the rule of {instrument['id']} is called scale.{instrument['id']}"
    first = rule.fixed.get("adopt_first", ())
    yield from (f"fixed.adopt_first: {each} is no number of the rule" for each in first if each not in rule.parameters)
    yield from _stray(rule.fixed, form is None)


def _stray(fixed: Table, unworded: bool) -> Iterator[str]:
    """Names that no item bears, and items that have no range."""
    items, values = fixed["items"], fixed.get("values", {})
    named = {"values": ({*values}, "each"), "branches": ({*fixed.get("branches", {})}, "")}
    named |= {"yes_no": ({*fixed.get("yes_no", ())}, "all"), "asked": ({*fixed.get("branches", {}).values()}, "")}
    for where, (names, also) in named.items():
        yield from (f"fixed.{where}: {each} is no item" for each in sorted(names - {*items, also}))
    if unworded and "each" not in values:
        yield from (f"fixed.values: {each} has no range" for each in items if each not in values)


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
    asked = _scored(rule, names, _unworded(rule, names) if form is None else form)
    ids = _ids(asked)
    low, high = rule.fact("range") or fhir.NO_LIMITS
    decimals = int(rule.fixed.get("decimals", 0))
    try:
        parts = _parts(rule, ids)
        codes = [each.code for each in parts]
        scale = Scale(
            id=scale_id,
            version=rule.version,
            hash=_hash(form, rule, findings),
            title=title,
            stem=asked.stem,
            items=asked.items,
            loinc=asked.loinc,
            total_loinc=rule.fixed.get("total_loinc"),
            copyright=asked.copyright,
            languages=asked.languages,
            unverified_languages=asked.unverified_languages,
            rule=rule,
            formula=_read_or_none(rule.fixed.get("score", _plain_sum(names)), ids),
            decimals=decimals,
            step=1 if decimals else int(rule.fixed.get("step", 1)),
            low=low,
            high=high,
            bands=tuple(map(_band, rule.fixed.get("bands", ()))),
            parts=parts,
            total_from_parts=_read_or_none(rule.fixed.get("total_from_parts"), codes),
            findings=_findings(findings, ids, codes),
            higher_is_worse=rule.fact("higher_is") == "worse",
            never_prorated=frozenset(rule.fact("never_prorated")),
            safety_items=tuple(rule.fact("safety_items")),
            licence=licence,
            construct=construct,
            rater=rater,
            family=family or scale_id,
            adopted=adopted,
            definition=asked.definition,
        )
    except ExpressionWrong as wrong:
        raise RuleInvalid(f"{rule.id}: {wrong}") from wrong
    _must_be_sound(scale)
    return scale


def _must_be_sound(scale: Scale) -> None:
    if faults := list(_unsound(scale)):
        raise RuleInvalid(f"{scale.rule.id}: " + "; ".join(faults))


def _ids(form: fhir.Form) -> list[str]:
    return [each.link_id for each in form.items]


def _scored(rule: Rule, names: tuple[str, ...], form: fhir.Form) -> fhir.Form:
    """The form, with the items of these names as those that count."""
    if absent := set(names) - set(_ids(form)):
        raise RuleInvalid(f"{rule.id}: no item {', '.join(sorted(absent))} in the questionnaire")
    return replace(form, items=tuple(replace(each, scored=each.link_id in names) for each in form.items))


def _unworded(rule: Rule, names: tuple[str, ...]) -> fhir.Form:
    """In place of a form whose words belong to somebody: its items have a number and a range."""
    nowhere: frozenset[str] = frozenset()
    return fhir.Form(
        id="",
        title=NO_TEXT,
        stem=NO_TEXT,
        items=tuple(_numbered(rule, names)),
        loinc=rule.fixed.get("loinc"),
        copyright="",
        languages=nowhere,
        unverified_languages=nowhere,
        definition={},
    )


def _plain_sum(names: tuple[str, ...]) -> str:
    return f"sum[{', '.join(_quoted(each) for each in names)}]" if names else ""


def _read_or_none(source: str | None, ids: list[str]) -> expression.Node | None:
    return expression.read(source, ids) if source else None


def _parts(rule: Rule, ids: list[str]) -> tuple[Subscale, ...]:
    return tuple(_part(each, ids) for each in rule.fixed.get("parts", ()))


def _part(table: Table, ids: list[str]) -> Subscale:
    low, high = table["range"]
    return Subscale(
        code=str(table["code"]),
        label=str(table["label"]),
        score=_read_or_none(table.get("score"), ids),
        low=low,
        high=high,
        decimals=table.get("decimals", 0),
    )


def _band(table: Table) -> Band:
    return Band(str(table["code"]), str(table["label"]), int(table["from"]), int(table["to"]))


def _quoted(link_id: str) -> str:
    return link_id if link_id.isalnum() else f'"{link_id}"'


def _hash(form: fhir.Form | None, rule: Rule, findings: Any) -> str:
    parts = ("" if form is None else content_hash(form.definition)) + rule.hash
    if findings:
        parts += content_hash({"findings": list(findings)})
    return hashlib.sha256(parts.encode()).hexdigest()


def _findings(tables: Any, ids: list[str], codes: list[str]) -> tuple[Finding, ...]:
    return tuple(_finding(each, ids, codes) for each in tables)


def _finding(table: Table, ids: list[str], codes: list[str]) -> Finding:
    over_parts = table.get("over") == "parts"
    return Finding(
        code=str(table["code"]),
        label=str(table["label"]),
        when=expression.read_condition(table["when"], codes if over_parts else ids),
        over_parts=over_parts,
        source=str(table["source"]),
        mark=one_of(table.get("verification"), MARKS),
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
        range_of_part = (Fraction(part.low), Fraction(part.high))
        if part.score is not None and expression.extent(part.score, scale.bounds) != range_of_part:
            yield f"{part.code}: the items give another range"
    known = {each.link_id for each in scale.items}
    yield from (f"{name} is not an item" for name in (*scale.safety_items, *scale.never_prorated) if name not in known)
    if scale.safety_items and scale.rule.optional("safety_from") is None:
        yield "safety items without a limit"
    yield from _unsound_bands(scale)


def _unsound_bands(scale: Scale) -> Iterator[str]:
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
