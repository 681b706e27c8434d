"""A rule as this clinic sees it: its numbers, whether it acts here, and who decided it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.clinical import dosing, interactions
from sojourn.clinical.protocol import known_of
from sojourn.clinical.rules import Parameter, Rule
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.rulebook.models import CeilingRaise
from sojourn.foundation.rulebook.queries import RuleStatus
from sojourn.foundation.scope import MemberScope, rows_of
from sojourn.foundation.ui.numbers import shown
from sojourn.interfaces.console.medicines import interaction_words
from sojourn.interfaces.console.rules.forms import field_name
from sojourn.interfaces.console.rules.words import (
    ALWAYS,
    HEADINGS,
    SHORT_MARKS,
    figure,
    hint,
    mark_of,
    may_words,
    maybe_figure,
    moment_words,
    standing_words,
    unit_words,
    where_words,
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a rule as this clinic sees it."""

    name: str
    label: str
    unit: str
    released: str
    with_unit: str
    ours: str
    fixed: bool
    changed: bool
    mark: StrPromise
    verified: bool
    may: str
    typed: str
    field: str
    must_type: bool = False
    hint: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Raise:
    """A ceiling that waits for a second signature to go up, or a stated limit to be loosened. ``mine``: this person
    gave the first. ``of``: the rule's title."""

    id: int
    of: str
    title: str
    words: str
    numbers: list[tuple[str, str]]
    mine: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as this clinic sees it."""

    id: str
    anchor: str
    title: str
    statement: str
    url: str
    mark: StrPromise
    short_mark: StrPromise
    verified: bool
    version: int
    hash: str
    sources: tuple[str, ...]
    numbers: list[Number]
    acts: bool
    adopted: bool
    waits: bool
    retired: bool
    outdated: bool
    always: bool
    standing: str
    reason: str
    where: str
    ceiling: bool
    stated: bool
    known: list[tuple[str, str]]
    waiting: Raise | None


def _numbers(standing: RuleStatus, typed: Mapping[str, str], refused: ActionRefused | None) -> list[Number]:
    rule, acting = standing.newest, standing.acting
    must_type = {each.name for each in rule.typed}
    found = []
    for each in rule.numbers:
        own = acting.parameters.get(each.name) if acting is not None else None
        released = each.value if isinstance(each, Parameter) else None
        ours = released if own is None else own.value
        field = field_name(rule.id, each.name)
        prefilled = "" if each.name in must_type or ours is None else shown(ours)
        found.append(
            Number(
                each.name, _(each.label), unit_words(each.unit), maybe_figure(released),
                "" if released is None else f"{figure(released)} {unit_words(each.unit)}".strip(),
                maybe_figure(ours), each.tighten == "fixed", released is not None and ours != released,
                SHORT_MARKS[each.verification], each.verification == "verified", may_words(each),
                typed.get(field, prefilled), field, each.name in must_type, hint(each, must_type),
                _error(_(each.label), refused),
            )
        )  # fmt: skip
    return found


def _error(label: str, refused: ActionRefused | None) -> str:
    """What is wrong with a number, of what a refusal says."""
    reasons = () if refused is None else map(str, refused.reasons)
    return next((each for each in reasons if f"{label}: " in f"{each} " or f": {label}." in each), "")


def reasons_of(numbers: Iterable[Number], refused: ActionRefused | None) -> list[dict[str, str]]:
    """Every reason of a refusal for the summary of a page, each with the field that it is about."""
    at = {each.error: f"#{each.field}" for each in numbers if each.error}
    said = () if refused is None else map(str, refused.reasons)
    return [{"href": at.get(each, ""), "text": each} for each in said]


def waits(standing: RuleStatus) -> bool:
    """A prescriber of this clinic has still to decide about the rule."""
    return standing.waits and standing.newest.kind not in ALWAYS


def waiting_of(row: CeilingRaise, rule: Rule, actor: Actor) -> Raise:
    if rule.kind == dosing.CEILING:
        title = _("A higher dose waits")
        words = _(
            "A higher dose waits for a second prescriber: signed on %(day)s by %(name)s. Until then nothing changes."
        )
    else:
        title = _("A looser limit waits")
        words = _(
            "A looser limit waits for a second prescriber: signed on %(day)s by %(name)s. Until then nothing changes."
        )
    return Raise(
        row.pk,
        _(rule.title),
        title,
        words % {"day": moment_words(row.signed_at), "name": str(row.signed_by)},
        [
            (_(each.label), f"{figure(float(value))} {unit_words(each.unit)}".strip())
            for each in rule.numbers
            if (value := row.parameters.get(each.name, getattr(each, "value", None))) is not None
        ],
        row.signed_by.person_id == actor.person_id,
    )


def line(
    standing: RuleStatus, people: Mapping[int, str], typed: Mapping[str, str] | None = None,
    waiting: Raise | None = None, refused: ActionRefused | None = None,
) -> RuleRow:  # fmt: skip
    """A rule as this clinic sees it, with what was typed for it, why that was refused, and the looser numbers that wait
    for a second signature, if any."""
    rule = standing.newest
    row = standing.adoption
    always = rule.kind in ALWAYS
    return RuleRow(
        id=rule.id, anchor=rule.id.replace(".", "-"), title=_(rule.title), statement=_(rule.statement),
        url=reverse("console:rule", args=[rule.id]), mark=mark_of(rule),
        short_mark=SHORT_MARKS[rule.verification], verified=rule.verification == "verified", version=rule.version,
        hash=rule.hash, sources=rule.sources, numbers=_numbers(standing, typed or {}, refused),
        acts=always or standing.acting is not None, adopted=row is not None and not row.retired,
        waits=waits(standing), always=always,
        retired=row is not None and row.retired, outdated=standing.outdated,
        standing=standing_words(standing, people), reason=row.reason if row is not None else "",
        where=where_words(rule),
        ceiling=rule.kind == dosing.CEILING, stated=bool(rule.open),
        known=[(_(each.says), each.source) for each in known_of(rule)], waiting=waiting,
    )  # fmt: skip


def raised_of(
    rows: Mapping[str, CeilingRaise], standings: Iterable[RuleStatus], actor: Actor
) -> dict[str, Raise]:  # fmt: skip
    """What waits for a second signature, by rule."""
    known = {each.newest.id: each.newest for each in standings}
    return {rule_id: waiting_of(row, known[rule_id], actor) for rule_id, row in rows.items() if rule_id in known}


def acts_here(standing: RuleStatus) -> bool:
    """Whether the rule acts in this clinic, of itself or because somebody decided so."""
    return standing.newest.kind in ALWAYS or standing.acting is not None


def people_of(standings: Iterable[RuleStatus]) -> dict[int, str]:
    """The names of those who decided. One query."""
    ids = {each.adoption.adopted_by_id for each in standings if each.adoption is not None}
    return {row.pk: str(row) for row in rows_of(Membership, MemberScope, ids)} if ids else {}


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    heading: StrPromise
    lines: list[RuleRow]
    acting: int
    waiting: int


def group_of(rule: Rule) -> str:
    """Under which heading a rule stands."""
    kind = "scale" if rule.kind.startswith("score.") and rule.kind not in _PLACED else rule.kind
    return _PLACED.get(kind, "other")


_PLACED: Mapping[str, str] = {kind: anchor for anchor, _words, kinds in HEADINGS for kind in kinds}


def sections(
    standings: Iterable[RuleStatus], people: Mapping[int, str], waiting: Mapping[str, Raise]
) -> list[Section]:  # fmt: skip
    """Every rule under its heading; ``waiting`` are the ceilings that wait for a second signature, by rule."""
    found: dict[str, list[RuleRow]] = {anchor: [] for anchor, _words, _kinds in HEADINGS}
    for each in standings:
        found[group_of(each.newest)].append(line(each, people, waiting=waiting.get(each.newest.id)))
    return [
        Section(anchor, heading, lines, sum(each.acts for each in lines), sum(each.waits for each in lines))
        for (anchor, heading, _kinds), lines in zip(HEADINGS, found.values(), strict=True)
        if lines
    ]


def is_shown(standing: RuleStatus, show: str) -> bool:
    match show:
        case "waits":
            return waits(standing)
        case "unverified":
            return standing.newest.verification != "verified"
        case "tightened":
            return standing.acting is not None and standing.acting.tightened
        case "outdated":
            return standing.outdated
        case _:
            return True


def says(rule: Rule, text: str) -> bool:
    """Whether a rule holds every word of a search: in its id, its texts as shown, its sources, its medicines. Every one
    does where nothing is sought."""
    if not text:
        return True
    medicines = interaction_words.names_of(rule) if rule.kind == interactions.KIND else ()
    texts = (rule.id, rule.title, _(rule.title), rule.statement, _(rule.statement), *rule.sources, *medicines)
    held = interactions.fold(" ".join(texts))
    return all(word in held for word in interactions.fold(text).split())
