"""What each dose step rested on, in words: the decision, the agreements, the plan, the rules and what was set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy import open_eyes
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import StateEntry
from sojourn.care.consent import texts
from sojourn.clinical.rules import Parameter, Rule
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.queries import Stamped, rules_at
from sojourn.interfaces.console.record.words import TimelineEntry, amount, clock, day, who

Basis = Mapping[str, Any]

_CEILING: Final = "dose.ceiling"
# What rests on no rule, by the part of its code before the colon.
_CODES: Final[Mapping[str, StrPromise]] = {
    "allergy": gettext_lazy("an allergy"),
    "capacity": gettext_lazy("capacity to decide"),
    "expired": gettext_lazy("a fact that is too old"),
    "not-asked": gettext_lazy("a fact that nobody asked"),
}


def set_aside(entry: StateEntry) -> list[str]:
    """What a prescriber set aside in a step, as it was read then; empty for a step of an older version."""
    return [str(each["said"]) for each in entry.basis.get("set_aside", ())]


def rested_on(record: SessionRecord, names: Mapping[int, str]) -> list[TimelineEntry]:
    """One entry for each step that asked the whole road; ``names`` are the titles of the steps by their number. What a
    later step rested on is said again only where it had changed."""
    found: list[TimelineEntry] = []
    before: tuple[Mapping[str, Any], str] | None = None
    for entry in record.states:
        own = {key: value for key, value in entry.basis.items() if key != "set_aside"}
        if not own:
            continue
        details: tuple[str, ...]
        if before is not None and before[0] == own:
            details = (_("The same as at %(time)s.") % {"time": before[1]},)
        else:
            details = tuple(_details(record, own))
            before = (own, clock(entry.at))
        found.append(TimelineEntry(entry.at, "scale", names[entry.seq], (*details, *_aside(entry)), "basis"))
    return found


def _details(record: SessionRecord, basis: Basis) -> Iterator[str]:
    yield from _decided(record, basis)
    yield from _agreed(record, basis)
    version = record.papers.versions.get(basis.get("plan_version") or 0)
    if version is not None and version.at is not None:
        yield _("Plan version %(number)s, signed by %(who)s on %(day)s.") % {
            "number": version.number, "who": who(version.by), "day": day(version.at)}  # fmt: skip
    if basis.get("accepted"):
        yield _("Accepted with the decision: %(list)s.") % {"list": "; ".join(map(_code, basis["accepted"]))}
    if basis.get("overridden_by_two"):
        yield _("Set aside by the signatures of two prescribers: %(list)s.") % {
            "list": "; ".join(map(_code, basis["overridden_by_two"]))}  # fmt: skip
    yield from _acted(record, basis)


def _decided(record: SessionRecord, basis: Basis) -> Iterator[str]:
    decision = record.papers.decisions.get(basis.get("decision") or 0)
    if decision is None:
        return
    yield _("Accepted by %(who)s on %(day)s (decision %(number)s).") % {
        "who": decision.by, "day": day(decision.at), "number": decision.id}  # fmt: skip
    for words in open_eyes.in_spite_of(decision.open_eyes):
        yield _("Accepted in spite of: %(what)s") % {"what": words}


def _agreed(record: SessionRecord, basis: Basis) -> Iterator[str]:
    known = record.papers.agreements
    said = [
        _("%(title)s, version %(version)s, signed on %(day)s")
        % {"title": _document(each.document_id), "version": each.version, "day": day(each.at)}
        for each in (known[number] for number in basis.get("agreements", ()) if number in known)
    ]
    if said:
        yield _("Agreements: %(list)s.") % {"list": "; ".join(said)}


def _acted(record: SessionRecord, basis: Basis) -> Iterator[str]:
    rules = basis.get("rules", ())
    acted = [_rule(one, row) for one, row in zip(rules_at(rules), rules, strict=True) if _of_the_drug(one, record)]
    if acted:
        yield _("Rules: %(list)s.") % {"list": "; ".join(acted)}


def _aside(entry: StateEntry) -> Iterator[str]:
    said = set_aside(entry)
    if said:
        yield _("Set aside by %(who)s: %(what)s") % {"who": who(entry.by), "what": " ".join(said)}


def _document(document_id: str) -> str:
    document = texts.newest().get(document_id)
    if document is None:
        return document_id
    language = (translation.get_language() or "en").partition("-")[0]
    return document.title.get(language) or document.title.get("en") or document_id


def _code(code: str) -> str:
    """A reason's code as the title of its rule."""
    stem, _colon, detail = code.partition(":")
    try:
        return (
            _(released_rulebook().rule(detail).title)
            if stem in {"rule", "interaction"}
            else str(_CODES.get(stem, code))
        )
    except KeyError:
        return code


def _of_the_drug(stamped: Stamped, record: SessionRecord) -> bool:
    """Whether a rule is about a drug of this session; one of another drug by the same route says nothing here."""
    drug = stamped.rule.fixed.get("drug") if stamped.rule is not None else None
    return drug is None or drug in {each.drug for each in record.doses}


def _rule(stamped: Stamped, row: Mapping[str, Any]) -> str:
    """A rule with its version; a ceiling with its numbers, any other with those that the clinic had changed."""
    if stamped.rule is None:
        return _("%(id)s v%(version)s (its text is no longer the one of that day)") % {
            "id": stamped.id, "version": stamped.version}  # fmt: skip
    title = f"{_(stamped.rule.title)}, v{stamped.version}"
    numbers = ", ".join(_numbers(stamped.rule, row.get("parameters") or {}))
    return f"{title} ({numbers})" if numbers else title


def _numbers(rule: Rule, changed: Iterable[str]) -> Iterator[str]:
    names = rule.parameters if rule.kind == _CEILING else changed
    for name in names:
        if name in rule.parameters:
            yield _number(rule.parameters[name])


def _number(number: Parameter) -> str:
    try:
        shown = unit(number.unit).display
    except UnknownUnit:
        shown = number.unit
    value = amount(int(number.value) if number.value == int(number.value) else number.value)
    return f"{_(number.label)} {value}\u00a0{shown}".strip()
