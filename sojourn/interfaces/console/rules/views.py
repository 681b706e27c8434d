"""The clinical rules: what they say, where they come from, whether they act here, and who decided it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrPromise

from sojourn.clinical import calls, deadlines, dosing, eligibility, interactions, jurisdictions, raising, recovery
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.clinical.protocol import HARD_FLOOR, known_of
from sojourn.clinical.rules import OpenNumber, Parameter, Rule, Verification
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.rulebook import actions, queries
from sojourn.foundation.rulebook.differences import differences
from sojourn.foundation.rulebook.models import CeilingRaise, RuleAdoption
from sojourn.foundation.rulebook.queries import Standing
from sojourn.foundation.ui.numbers import number_words, shown
from sojourn.interfaces.console.medicines import interaction_words
from sojourn.interfaces.console.sessions.words import DRUGS, ROUTES

# Headings in the order of the page: the kinds of rule under each.
HEADINGS: tuple[tuple[str, StrPromise, tuple[str, ...]], ...] = (
    ("protocols", gettext_lazy("Protocols of a session"), ("protocol",)),
    ("floors", gettext_lazy("Limits that nobody passes"), (HARD_FLOOR,)),
    (
        "alarms",
        gettext_lazy("Alarms"),
        ("alarm.threshold", "alarm.rise", "alarm.silence", "alarm.fault", "alarm.escalation", calls.ESCALATION),
    ),
    ("doses", gettext_lazy("Doses"), dosing.KINDS),
    ("eligibility", gettext_lazy("Who may be treated"), (eligibility.KIND, eligibility.evidence.KIND)),
    ("accepting", gettext_lazy("What an acceptance says"), (eligibility.signature.KIND,)),
    ("interactions", gettext_lazy("Medicines beside ketamine"), (interactions.KIND,)),
    ("leaving", gettext_lazy("Leaving after a dose"), recovery.KINDS),
    ("danger", gettext_lazy("When a patient may be in danger"), (deadlines.KIND,)),
    ("scores", gettext_lazy("Scores"), ("score.recovery", "score.news2")),
    ("signing", gettext_lazy("Agreements"), (recovery.SIGNING,)),
    ("measures", gettext_lazy("Questionnaires"), ("scale",)),
    ("raising", gettext_lazy("What raises a flag"), (raising.KIND,)),
    ("plausible", gettext_lazy("What a reading can be"), ("plausibility",)),
    ("law", gettext_lazy("Law by place"), (jurisdictions.KIND,)),
    ("other", gettext_lazy("Other rules"), ()),
)

MARKS: Mapping[Verification, StrPromise] = {
    "verified": gettext_lazy("Read in its source: acts by itself."),
    "second-hand": gettext_lazy(
        "Read in a copy or in a text that cites the source: acts only when a prescriber adopts it."
    ),
    "derived": gettext_lazy("Derived from a source by reasoning: acts only when a prescriber adopts it."),
    "convention": gettext_lazy("Convention, no source: acts only when a prescriber adopts it."),
    "recalled": gettext_lazy("From memory, not yet seen in a source: acts only when a prescriber adopts it."),
}
SHORT_MARKS: Mapping[Verification, StrPromise] = {
    "verified": gettext_lazy("read in its source"),
    "second-hand": gettext_lazy("second-hand"),
    "derived": gettext_lazy("derived"),
    "convention": gettext_lazy("convention"),
    "recalled": gettext_lazy("from memory"),
}

# Kinds that the engine uses as they are, whatever a clinic decides: they mark, add up or put off.
ALWAYS: Mapping[str, StrPromise] = {
    "alarm.fault": gettext_lazy("Used everywhere: it says that something is wrong with what a monitor sends."),
    "plausibility": gettext_lazy(
        "Used everywhere: it only marks a reading as doubtful. A marked reading stays on the chart; it may raise an"
        " alarm, and ends none."
    ),
    "score.recovery": gettext_lazy(
        "Used everywhere to add up what people enter. What lets a patient go is a number of the protocol."
    ),
    recovery.SIGNING: gettext_lazy(
        "Used everywhere: it only puts a signature off until the next morning. Saying no is always possible."
    ),
    eligibility.signature.KIND: gettext_lazy(
        "Used everywhere: it asks for words at the signature, and for a specialist's answer where a rule wants one."
    ),
    raising.KIND: gettext_lazy(
        "Used everywhere: a sign of danger that waits for an adoption would be heard by nobody."
    ),
    "scale": gettext_lazy("Used everywhere to add up what a patient answered. It sets nothing off by itself."),
    jurisdictions.KIND: gettext_lazy("There to be read. It is dated, and it sets nothing off by itself."),
}
# A ceiling is a prescriber's decision, also where its number was read.
CEILING_READ: StrPromise = gettext_lazy("Read in its source. A highest dose acts only when a prescriber adopts it.")
_OWN_UNITS: Mapping[str, StrPromise | str] = {"a": gettext_lazy("years"), "{count}": ""}
STAGES: Mapping[str, StrPromise] = {
    "treatment": gettext_lazy("before a course"),
    "session": gettext_lazy("before a dose"),
}
SEVERITIES: Mapping[eligibility.Severity, StrPromise] = {
    "absolute": gettext_lazy("Absolute"),
    "relative-high": gettext_lazy("Relative, high"),
    "relative": gettext_lazy("Relative"),
    "caution": gettext_lazy("Caution"),
    "indication": gettext_lazy("Indication"),
}
ACTIONS: Mapping[eligibility.Action, StrPromise] = {
    "block": gettext_lazy("Blocks; a prescriber overrides with a reason and a second signature"),
    "block_unless_specialist": gettext_lazy("Blocks unless a specialist decides otherwise"),
    "hold": gettext_lazy("Waits for a prescriber"),
    "urgent_review": gettext_lazy("Seen today by a psychiatrist"),
    "specialist_review": gettext_lazy("A specialist reviews"),
    "monitor": gettext_lazy("Monitored more closely"),
    "document": gettext_lazy("Written down"),
}
LEVELS: Mapping[interactions.Level, StrPromise] = {
    "major": gettext_lazy("Major"),
    "moderate": gettext_lazy("Moderate"),
    "minor": gettext_lazy("Minor"),
    "unknown": gettext_lazy("Not known"),
    "none": gettext_lazy("None"),
}
LAW: Mapping[str, StrPromise] = {
    "schedule": gettext_lazy("Schedule or class"),
    "who_may_prescribe": gettext_lazy("Who may prescribe"),
    "at_home": gettext_lazy("At home"),
    "esketamine": gettext_lazy("Esketamine"),
    "records": gettext_lazy("Records"),
    "key_points": gettext_lazy("Key points"),
    "fact_base": gettext_lazy("How far it was checked"),
}
RELATIONS: Mapping[str, StrPromise] = {
    "above": gettext_lazy("%(what)s above %(limit)s"),
    "at_least": gettext_lazy("%(what)s %(limit)s or more"),
    "below": gettext_lazy("%(what)s below %(limit)s"),
    "at_most": gettext_lazy("%(what)s %(limit)s or less"),
    "within_days": gettext_lazy("%(what)s within %(limit)s"),
    "days_ago_at_least": gettext_lazy("%(what)s %(limit)s ago or more"),
}
# What one may see of the list.
SHOWS: Mapping[str, StrPromise] = {
    "all": gettext_lazy("All rules"),
    "waits": gettext_lazy("Waiting for adoption"),
    "unverified": gettext_lazy("Not read in a source"),
    "tightened": gettext_lazy("Made stricter here"),
    "outdated": gettext_lazy("With a newer version"),
}


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
    gave the first."""

    id: int
    title: str
    words: str
    numbers: list[tuple[str, str]]
    mine: bool


@dataclass(frozen=True, slots=True)
class Line:
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


def _unit(code: str) -> str:
    if code in _OWN_UNITS:
        return str(_OWN_UNITS[code])
    try:
        return unit(code).display
    except UnknownUnit:
        return code


def _figure(value: float) -> str:
    return str(number_format(int(value) if value == int(value) else value))


def _may(parameter: Parameter | OpenNumber) -> str:
    """How far a clinic may change the number, or what it may state, in words."""
    if isinstance(parameter, OpenNumber):
        bounds = [_maybe_figure(parameter.least), _maybe_figure(parameter.most)]
        if not all(bounds):
            return _("Type the number you decide on.")
        return _("Type the number you decide on, from %(least)s to %(most)s %(unit)s.") % {
            "least": bounds[0], "most": bounds[1], "unit": _unit(parameter.unit)}  # fmt: skip
    if parameter.tighten == "fixed":
        return _("cannot be changed")
    shown = _unit(parameter.unit)
    far = "" if parameter.furthest is None else f"{_figure(parameter.furthest)} {shown}".strip()
    if parameter.tighten == "lower":
        return _("may be lowered to %(far)s") % {"far": far} if far else _("may be lowered")
    return _("may be raised to %(far)s") % {"far": far} if far else _("may be raised")


def field_name(rule_id: str, name: str) -> str:
    """The form field of a rule's number."""
    return f"number:{rule_id}:{name}"


def _numbers(standing: Standing, typed: Mapping[str, str], refused: Refused | None) -> list[Number]:
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
                each.name, _(each.label), _unit(each.unit), _maybe_figure(released),
                "" if released is None else f"{_figure(released)} {_unit(each.unit)}".strip(),
                _maybe_figure(ours), each.tighten == "fixed", released is not None and ours != released,
                SHORT_MARKS[each.verification], each.verification == "verified", _may(each),
                typed.get(field, prefilled), field, each.name in must_type, _hint(each, must_type),
                _error(_(each.label), refused),
            )
        )  # fmt: skip
    return found


def _error(label: str, refused: Refused | None) -> str:
    """What is wrong with a number, of what a refusal says."""
    reasons = () if refused is None else map(str, refused.reasons)
    return next((each for each in reasons if f"{label}: " in f"{each} " or f": {label}." in each), "")


def reasons_of(numbers: Iterable[Number], refused: Refused | None) -> list[dict[str, str]]:
    """Every reason of a refusal for the summary of a page, each with the field that it is about."""
    at = {each.error: f"#{each.field}" for each in numbers if each.error}
    said = () if refused is None else map(str, refused.reasons)
    return [{"href": at.get(each, ""), "text": each} for each in said]


def _maybe_figure(value: float | None) -> str:
    return "" if value is None else _figure(value)


def _hint(each: Parameter | OpenNumber, must_type: Collection[str]) -> str:
    """What stands under the label of a number: what is proposed, how far a clinic may go, whether it is typed."""
    if isinstance(each, OpenNumber):
        return _("No number is proposed. %(may)s") % {"may": _may(each)}
    said = {"value": f"{_figure(each.value)} {_unit(each.unit)}".strip(), "may": _may(each)}
    if each.name in must_type:
        return _("Proposed: %(value)s; %(may)s. Type the number you decide on.") % said
    return _("Released: %(value)s; %(may)s") % said


def _standing_words(standing: Standing, people: Mapping[int, str]) -> str:
    """Whether the rule acts in this clinic, since when and by whom."""
    if standing.newest.kind in ALWAYS:
        return str(ALWAYS[standing.newest.kind])
    row = standing.adoption
    since = {"day": _day(row.adopted_at), "name": people.get(row.adopted_by_id, _("a prescriber"))} if row else {}
    if standing.acting is not None:
        return _acts_words(standing.newest, row) % since
    if standing.newest.kind in dosing.ALWAYS:
        return _("Used everywhere with its released numbers until a prescriber adopts stricter ones.")
    words = _rests_words(row) % since
    if standing.newest.kind == dosing.CEILING:
        words += " " + _("Without an adopted highest dose this drug is not given by this route.")
    if standing.newest.kind == HARD_FLOOR:
        words += " " + _("Until a prescriber states it, no dose is given.")
    return words


def _acts_words(rule: Rule, row: RuleAdoption | None) -> str:
    if row is None or row.retired:
        return _("Acts here by itself: its numbers were read in their source.")
    if row.raised_id is not None and rule.kind != dosing.CEILING:
        return _("Acts here since %(day)s, loosened by two prescribers; %(name)s signed second.")
    if row.raised_id is not None:
        return _("Acts here since %(day)s, raised by two prescribers; %(name)s signed second.")
    return _("Acts here since %(day)s, adopted by %(name)s.")


def _rests_words(row: RuleAdoption | None) -> str:
    if row is None:
        return _("Does not act here: nobody has decided about it yet.")
    if row.retired:
        return _("Does not act here: retired on %(day)s by %(name)s.")
    return _("Does not act here: what was adopted on %(day)s by %(name)s is no longer in the rulebook.")


def _day(at: datetime) -> str:
    return formats.date_format(page_local(at), _("j F Y, H:i"))


def _where(rule: Rule) -> str:
    """For which vital signs, routes and drugs a rule speaks."""
    parts = []
    if vitals := rule.fixed.get("vitals"):
        parts.append(", ".join(_(VITALS[str(code)].label) for code in vitals))
    routes = rule.fixed.get("routes", () if "route" not in rule.fixed else (rule.fixed["route"],))
    if set(routes) >= set(ROUTES) - {"film"}:  # most rules are older than the film
        parts.append(_("by any route"))
    elif routes:
        parts.append(", ".join(str(ROUTES.get(str(code), code)) for code in routes))
    if stages := rule.fixed.get("stages"):
        parts.append(", ".join(str(STAGES.get(str(code), code)) for code in stages))
    if drugs := rule.fixed.get("drugs", () if "drug" not in rule.fixed else (rule.fixed["drug"],)):
        parts.append(", ".join(str(DRUGS.get(str(code), code)) for code in drugs))
    return " · ".join(parts)


def waits(standing: Standing) -> bool:
    """A prescriber of this clinic has still to decide about the rule."""
    return standing.waits and standing.newest.kind not in ALWAYS


def _mark(rule: Rule) -> StrPromise:
    """How far a rule was checked, and whether it acts by itself."""
    ceiling = rule.kind == dosing.CEILING and rule.verification == "verified"
    return CEILING_READ if ceiling else MARKS[rule.verification]


def _waiting(row: CeilingRaise, rule: Rule, asker: Asker) -> Raise:
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
        title,
        words % {"day": _day(row.signed_at), "name": str(row.signed_by)},
        [
            (_(each.label), f"{_figure(float(value))} {_unit(each.unit)}".strip())
            for each in rule.numbers
            if (value := row.parameters.get(each.name, getattr(each, "value", None))) is not None
        ],
        row.signed_by.person_id == asker.person_id,
    )


def line(
    standing: Standing, people: Mapping[int, str], typed: Mapping[str, str] | None = None,
    waiting: Raise | None = None, refused: Refused | None = None,
) -> Line:  # fmt: skip
    """A rule as this clinic sees it, with what was typed for it, why that was refused, and the looser numbers that wait
    for a second signature, if any."""
    rule = standing.newest
    row = standing.adoption
    always = rule.kind in ALWAYS
    return Line(
        id=rule.id, anchor=rule.id.replace(".", "-"), title=_(rule.title), statement=_(rule.statement),
        url=reverse("console:rule", args=[rule.id]), mark=_mark(rule),
        short_mark=SHORT_MARKS[rule.verification], verified=rule.verification == "verified", version=rule.version,
        hash=rule.hash, sources=rule.sources, numbers=_numbers(standing, typed or {}, refused),
        acts=always or standing.acting is not None, adopted=row is not None and not row.retired,
        waits=waits(standing), always=always,
        retired=row is not None and row.retired, outdated=standing.outdated,
        standing=_standing_words(standing, people), reason=row.reason if row is not None else "", where=_where(rule),
        ceiling=rule.kind == dosing.CEILING, stated=bool(rule.open),
        known=[(_(each.says), each.source) for each in known_of(rule)], waiting=waiting,
    )  # fmt: skip


def people_of(standings: Iterable[Standing]) -> dict[int, str]:
    """The names of those who decided. One query."""
    ids = {each.adoption.adopted_by_id for each in standings if each.adoption is not None}
    return {row.pk: str(row) for row in Membership.objects.filter(pk__in=ids)} if ids else {}


def _clinic(request: Request) -> int:
    assert request.asker.clinic_id is not None
    return request.asker.clinic_id


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    heading: StrPromise
    lines: list[Line]
    acting: int
    waiting: int


def group_of(rule: Rule) -> str:
    """Under which heading a rule stands."""
    kind = "scale" if rule.kind.startswith("score.") and rule.kind not in _PLACED else rule.kind
    return _PLACED.get(kind, "other")


_PLACED: Mapping[str, str] = {kind: anchor for anchor, _words, kinds in HEADINGS for kind in kinds}


def sections(
    standings: Iterable[Standing], people: Mapping[int, str], waiting: Mapping[str, Raise]
) -> list[Section]:  # fmt: skip
    """Every rule under its heading; ``waiting`` are the ceilings that wait for a second signature, by rule."""
    found: dict[str, list[Line]] = {anchor: [] for anchor, _words, _kinds in HEADINGS}
    for each in standings:
        found[group_of(each.newest)].append(line(each, people, waiting=waiting.get(each.newest.id)))
    return [
        Section(anchor, heading, lines, sum(each.acts for each in lines), sum(each.waits for each in lines))
        for (anchor, heading, _kinds), lines in zip(HEADINGS, found.values(), strict=True)
        if lines
    ]


def _shown(standing: Standing, show: str) -> bool:
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


def _says(rule: Rule, text: str) -> bool:
    """Whether a rule holds every word of a search: in its id, its texts as shown, its sources, its medicines."""
    medicines = interaction_words.names_of(rule) if rule.kind == interactions.KIND else ()
    texts = (rule.id, rule.title, _(rule.title), rule.statement, _(rule.statement), *rule.sources, *medicines)
    held = interactions.fold(" ".join(texts))
    return all(word in held for word in interactions.fold(text).split())


@allowed("rules.read")
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule of the book with what this clinic has decided about it; ``show`` and ``q`` narrow it."""
    asked = cast(Request, request)
    standings = queries.standings(_clinic(asked))
    show = request.GET.get("show", "all")
    show = show if show in SHOWS else "all"
    text = request.GET.get("q", "").strip()[:120]
    found = [each for each in standings if _shown(each, show) and (not text or _says(each.newest, text))]
    newest = {each.newest.id: each.newest for each in standings}
    raised = {
        rule_id: _waiting(row, newest[rule_id], asked.asker)
        for rule_id, row in queries.raises(_clinic(asked)).items()
        if rule_id in newest
    }
    context = {
        "sections": sections(found, people_of(found), raised),
        "raised": [(_(newest[rule_id].title), reverse("console:rule", args=[rule_id])) for rule_id in raised],
        "waiting": sum(waits(each) for each in standings),
        "total": len(standings),
        "found": len(found),
        "narrowed": show != "all" or bool(text),
        "show": show,
        "shows": [(code, words, code == show) for code, words in SHOWS.items()],
        "text": text,
        "acting": sum(each.acting is not None or each.newest.kind in ALWAYS for each in standings),
        "may_adopt": asked.asker.may("rules.adopt"),
    }
    return render(request, "console/rules/list.html", context)


# ---------------------------------------------------------------- one rule


def example(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What goes in or comes out of a worked example, as words and values."""
    return [(key.replace("_", " "), _value(key, value)) for key, value in values.items()]


def _value(key: str, value: Any) -> str:
    """A value of an example. Readings are pairs of seconds and value; the latest ones of value and age in minutes."""
    if isinstance(value, Mapping):
        return "; ".join(f"{_code(name)} {_value(key, each)}" for name, each in value.items()) or "–"
    if isinstance(value, tuple):
        return _several(key, value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _figure(float(value)) if isinstance(value, int | float) else str(value).replace("_", " ")


def _several(key: str, value: tuple[Any, ...]) -> str:
    if key == "readings":
        return ", ".join(_("%(value)s at %(s)s s") % {"value": _figure(v), "s": _figure(s)} for s, v in value)
    if key == "latest" and len(value) == 2:
        return _("%(value)s, %(age)s min old") % {"value": _figure(value[0]), "age": _figure(value[1])}
    return ", ".join(_value(key, each) for each in value) or "–"


def _code(name: str) -> str:
    if name in eligibility.VOCABULARY:
        return str(_(eligibility.VOCABULARY[name].label))
    return str(_(VITALS[name].short)) if name in VITALS else name.replace("_", " ")


def _one(
    request: Request, rule_id: str, *, refused: Refused | None = None, typed: Mapping[str, str] | None = None,
    reason: str = "",
) -> HttpResponse:  # fmt: skip
    standing = next(iter(queries.standings(_clinic(request), only={rule_id})), None)
    if standing is None:
        raise Http404
    rule = standing.newest
    raised = queries.raises(_clinic(request), {rule_id}).get(rule_id) if rule.loosened_by_two else None
    waiting = None if raised is None else _waiting(raised, rule, request.asker)
    shown = line(standing, people_of([standing]), typed, waiting, refused)
    context = {
        "rule": shown,
        "examples": [(_(each.title), example(each.given), example(each.expect)) for each in rule.examples],
        "items": items(rule),
        "details": details(rule),
        "compared": _compared(standing),
        "versions": sorted(number for name, number in queries.known_rules() if name == rule_id),
        "effective_from": rule.effective_from,
        "may_adopt": request.asker.may("rules.adopt"),
        "reasons": reasons_of(shown.numbers, refused),
        "reason": reason,
    }
    return render(request, "console/rules/rule.html", context, status=409 if refused else 200)


# ---------------------------------------------------------------- what a rule of candidacy says

Detail = tuple[str, str]


def details(rule: Rule) -> list[tuple[str, list[Detail]]]:
    """The parts of a rule that are no numbers: (heading, [(what, words)])."""
    if rule.kind == eligibility.KIND:
        return _of_eligibility(eligibility.read(rule))
    if rule.kind == eligibility.evidence.KIND:
        return _of_evidence(eligibility.evidence.read(rule))
    if rule.kind == interactions.KIND:
        return _of_interaction(interactions.read(rule))
    if rule.kind == jurisdictions.KIND:
        return _of_law(jurisdictions.read(rule))
    return []


def _of_eligibility(ready: eligibility.EligibilityRule) -> list[tuple[str, list[Detail]]]:
    found: list[tuple[str, list[Detail]]] = []
    for grade in ready.grades:
        found.append(
            (
                str(SEVERITIES[grade.severity]),
                [
                    (_("When"), condition_words(grade.when, ready.rule)),
                    (_("Then"), str(ACTIONS[grade.action])),
                    (_("What to do"), _(grade.advice)),
                ],
            )
        )
    if ready.never_overridden:
        found.append((_("Override"), [(_("Override"), _("Never, by anybody."))]))
    said = ready.rule.fact("fact_base")
    rows = [(_("Severity"), str(said["severity"])), (_("Action"), str(said["action"])),
            (_("Verification"), str(said["verification"]))]  # fmt: skip
    if note := ready.rule.fixed.get("note"):
        rows.append((_("Note"), str(note)))
    return [*found, (_("In the words of the fact base"), rows)]


def _of_evidence(ready: eligibility.EvidenceRule) -> list[tuple[str, list[Detail]]]:
    facts = ", ".join(_(eligibility.VOCABULARY[name].label) for name in ready.facts)
    rows = [(_("Facts"), facts)]
    if note := ready.rule.fixed.get("note"):
        rows.append((_("Note"), str(note)))
    return [(_("How long evidence counts"), rows)]


def _of_interaction(ready: interactions.InteractionRule) -> list[tuple[str, list[Detail]]]:
    rows = [
        (_("How grave"), str(LEVELS[ready.severity])),
        *((f"{ROUTES.get(route, route)}", str(LEVELS[level])) for route, level in ready.by_route),
        (_("Effect"), _(ready.effect)),
        (_("Evidence"), _(ready.evidence)),
        (_("What to do"), _(ready.action)),
    ]
    said = ready.rule.fact("fact_base")
    return [
        (_("Of which medicines"), list(interaction_words.whom(ready))),
        (_("Interaction"), rows),
        (
            _("In the words of the fact base"),
            [(_("Severity"), str(said["severity"])), (_("Verification"), str(said["verification"]))],
        ),
    ]


def _of_law(ready: jurisdictions.Jurisdiction) -> list[tuple[str, list[Detail]]]:
    rows = [(str(words), ready.text(part)) for part, words in LAW.items()]
    day = page_today()
    stale = ready.stale(day)
    dates = [
        (_("Read on"), formats.date_format(ready.as_of)),
        (_("Read again by"), formats.date_format(ready.review_on)),
        *((_("Ends on %(day)s") % {"day": formats.date_format(each.on)}, each.what) for each in ready.ends),
        (_("Today"), _("Stale: read the law again before relying on it.") if stale else _("Not stale.")),
    ]
    return [(_("What was read"), rows), (_("Dates"), dates)]


def condition_words(condition: eligibility.conditions.Condition, rule: Rule) -> str:
    """A condition as a person reads it."""
    match condition:
        case eligibility.conditions.All(parts):
            return _(" and ").join(f"({condition_words(each, rule)})" for each in parts)
        case eligibility.conditions.AnyOf(parts):
            return _(" or ").join(condition_words(each, rule) for each in parts)
        case eligibility.conditions.Not(part):
            return _("not (%(what)s)") % {"what": condition_words(part, rule)}
        case eligibility.conditions.Is(name, values):
            return _is_words(_label(name), values)
        case eligibility.conditions.Compares() | eligibility.conditions.Multiple():
            limit = _limit_words(condition, rule)
            return RELATIONS[condition.relation] % {"what": _label(condition.fact), "limit": limit}
        case _:
            return _told_words(condition)


def _told_words(condition: eligibility.conditions.Known | eligibility.conditions.Unstated) -> str:
    if isinstance(condition, eligibility.conditions.Known):
        return _("%(what)s is known") % {"what": _label(condition.fact)}
    return _("nobody has stated the number")


def _limit_words(condition: eligibility.conditions.Compares | eligibility.conditions.Multiple, rule: Rule) -> str:
    """What a fact is compared with: a number of the rule, or so many times another fact."""
    number = rule.parameters.get(condition.parameter)
    words = f"{_figure(number.value)} {_unit(number.unit)}".strip() if number else _("what a prescriber states")
    if isinstance(condition, eligibility.conditions.Compares):
        return words
    return _("%(number)s × %(what)s") % {
        "number": _figure(number.value) if number else words, "what": _label(condition.of),
    }  # fmt: skip


def _label(name: str) -> str:
    return _(eligibility.VOCABULARY[name].label)


def _is_words(label: str, values: tuple[eligibility.Value, ...]) -> str:
    if values == (True,):
        return label
    if values == (False,):
        return _("%(what)s: no") % {"what": label}
    return f"{label}: {', '.join(str(each) for each in values)}"


def _compared(standing: Standing) -> list[tuple[str, str, str]]:
    """What differs between the version that acts here and the newest, where there is a newer one."""
    acting = queries.known_rules().get((standing.newest.id, standing.newest.version - 1))
    if standing.outdated and standing.acting is not None:
        acting = queries.known_rules().get((standing.acting.id, standing.acting.version))
    if acting is None:
        return []
    return [
        (each.part.replace(".", " · ").replace("_", " "), _whole(each.before), _whole(each.after))
        for each in differences(acting, standing.newest)
    ]


def _whole(value: Any) -> str:
    """A part of a rule, whatever it is."""
    if value is None:
        return "–"
    if isinstance(value, date):
        return formats.date_format(value)
    return _value("", value)


def items(rule: Rule) -> list[tuple[str, list[tuple[str, str, StrPromise]]]]:
    """The checks that a protocol asks for, each with its source and mark."""
    found = []
    for name, heading in (("checklist", _("Before the dose")), ("discharge", _("Before leaving"))):
        rows = [
            (_(str(each["label"])), str(each["source"]), SHORT_MARKS[each["verification"]])
            for each in rule.fixed.get(name, ())
        ]
        if rows:
            found.append((heading, rows))
    return found


@allowed("rules.read")
@require_GET
def one(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule whole: its statement, numbers, sources, examples, and what the clinic has decided."""
    return _one(cast(Request, request), rule_id)


def typed_numbers(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.POST.items() if name.startswith("number:")}


def _parameters(rule: Rule, typed: Mapping[str, str]) -> dict[str, float]:
    """The numbers that were typed for a rule. Raises Refused for what is no number; what was left empty was not
    typed."""
    found: dict[str, float] = {}
    wrong: list[str] = []
    codes: list[str] = []
    for each in rule.numbers:
        text = typed.get(field_name(rule.id, each.name), "").strip()
        if not text:
            continue
        value = read_amount(text, each.unit)
        if isinstance(value, NumberRefusal):
            wrong.append(f"{_(each.label)}: {number_words(value)}")
            codes.append(value.why)
        else:
            found[each.name] = float(value)
    if wrong:
        raise Refused(*wrong, codes=codes)
    return found


def _in_words(rule: Rule, refused: Refused) -> Refused:
    """A refusal of looser numbers, with the labels and units that stand on the page."""
    reasons = []
    for number, each in enumerate(refused.reasons):
        code = refused.codes[number] if number < len(refused.codes) else ""
        text = str(each)
        if code == "loosened":
            text = next((_loosened_words(each) for each in rule.numbers if f" {each.name}: " in text), text)
        reasons.append(text)
    return Refused(*reasons, codes=refused.codes)


def _loosened_words(each: Parameter | OpenNumber) -> str:
    if isinstance(each, OpenNumber):
        return f"{_(each.label)}: {_may(each)}"
    return _("%(label)s: a clinic may only make it stricter than %(value)s %(unit)s; it %(may)s.") % {
        "label": _(each.label), "value": _figure(each.value), "unit": _unit(each.unit), "may": _may(each),
    }  # fmt: skip


def newest(rule_id: str) -> Rule:
    """The newest version of a rule that this clinic may decide about, or 404."""
    try:
        return queries.newest(rule_id)
    except KeyError:
        raise Http404 from None


def adopt_as_typed(request: Request, rule_id: str, typed: Mapping[str, str], seen_hash: str) -> tuple[Rule, bool]:
    """Adopt a rule with what was typed; whether it acts, or waits for a second signature. Raises Refused, in the words
    of the page."""
    rule = newest(rule_id)
    if rule.kind in ALWAYS:
        raise Http404  # there is nothing to decide
    try:
        row = actions.adopt(by=request.asker, rule_id=rule_id, parameters=_parameters(rule, typed), rule_hash=seen_hash)
    except Refused as refused:
        raise _in_words(rule, refused) from refused
    return rule, isinstance(row, RuleAdoption)


@allowed("rules.adopt")
@require_POST
def adopt(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Adopt one rule, with stricter numbers if typed. Looser ones are refused with the reason."""
    asked = cast(Request, request)
    typed = typed_numbers(request)
    try:
        rule, acts = adopt_as_typed(asked, rule_id, typed, request.POST.get("hash", ""))
    except Refused as refused:
        return _one(asked, rule_id, refused=refused, typed=typed)
    if acts:
        words = _("“%(title)s” acts in this clinic now.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s”: your signature is kept. The higher dose acts once a second prescriber has signed.")
    else:
        words = _("“%(title)s”: your signature is kept. The looser limit acts once a second prescriber has signed.")
    messages.success(request, words % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)


@allowed("rules.adopt")
@require_POST
def second_sign(request: HttpRequest, raise_id: int) -> HttpResponse:
    """Give the second signature under a higher ceiling."""
    asked = cast(Request, request)
    rule_id = queries.raised_rule(raise_id)
    if rule_id is None:
        raise Http404
    rule = newest(rule_id)
    try:
        actions.second_sign(by=asked.asker, raise_id=raise_id)
    except Refused as refused:
        return _one(asked, rule_id, refused=_in_words(rule, refused))
    messages.success(request, _("“%(title)s” acts in this clinic now.") % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)


@allowed("rules.adopt")
@require_POST
def retire(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Stop using a rule, with a reason."""
    asked = cast(Request, request)
    rule = newest(rule_id)
    reason = request.POST.get("reason", "")
    try:
        actions.retire(by=asked.asker, rule_id=rule_id, reason=reason)
    except Refused as refused:
        return _one(asked, rule_id, refused=refused, reason=reason)
    if rule.acts_without_adoption:
        words = _("“%(title)s” acts with its released numbers again.")
    elif rule.kind == HARD_FLOOR:
        words = _("“%(title)s” is retired: no dose is given here until it is stated again.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s” is retired: this drug is not given by this route here.")
    else:
        words = _("“%(title)s” no longer acts in this clinic.")
    messages.success(request, words % {"title": _(rule.title)})
    return redirect("console:rule", rule_id)


urlpatterns = [
    path("rules/", rules, name="rules"),
    path("rules/<str:rule_id>/", one, name="rule"),
    path("rules/<str:rule_id>/adopt/", adopt, name="rule_adopt"),
    path("rules/<str:rule_id>/retire/", retire, name="rule_retire"),
    path("rules/raised/<int:raise_id>/", second_sign, name="rule_raise"),
]
