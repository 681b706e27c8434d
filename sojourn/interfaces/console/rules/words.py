"""What the pages of the rules say: headings, marks, and how a number is written and may be changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import formats
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical import calls, deadlines, dosing, eligibility, interactions, jurisdictions, raising, recovery
from sojourn.clinical.protocol import HARD_FLOOR
from sojourn.clinical.rules import OpenNumber, Parameter, Rule, Verification
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_local
from sojourn.foundation.rulebook.models import RuleAdoption
from sojourn.foundation.rulebook.queries import RuleStatus
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
    ("interactions", gettext_lazy("Medicines together with ketamine"), (interactions.KIND,)),
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


def unit_words(code: str) -> str:
    if code in _OWN_UNITS:
        return str(_OWN_UNITS[code])
    try:
        return unit(code).display
    except UnknownUnit:
        return code


def figure(value: float) -> str:
    return str(number_format(int(value) if value == int(value) else value))


def may_words(parameter: Parameter | OpenNumber) -> str:
    """How far a clinic may change the number, or what it may state, in words."""
    if isinstance(parameter, OpenNumber):
        bounds = [maybe_figure(parameter.least), maybe_figure(parameter.most)]
        if not all(bounds):
            return _("Type the number you decide on.")
        return _("Type the number you decide on, from %(least)s to %(most)s %(unit)s.") % {
            "least": bounds[0], "most": bounds[1], "unit": unit_words(parameter.unit)}  # fmt: skip
    if parameter.tighten == "fixed":
        return _("cannot be changed")
    shown = unit_words(parameter.unit)
    far = "" if parameter.furthest is None else f"{figure(parameter.furthest)} {shown}".strip()
    if parameter.tighten == "lower":
        return _("may be lowered to %(far)s") % {"far": far} if far else _("may be lowered")
    return _("may be raised to %(far)s") % {"far": far} if far else _("may be raised")


def maybe_figure(value: float | None) -> str:
    return "" if value is None else figure(value)


def hint(each: Parameter | OpenNumber, must_type: Collection[str]) -> str:
    """What stands under the label of a number: what is proposed, how far a clinic may go, whether it is typed."""
    if isinstance(each, OpenNumber):
        return _("No number is proposed. %(may)s") % {"may": may_words(each)}
    said = {"value": f"{figure(each.value)} {unit_words(each.unit)}".strip(), "may": may_words(each)}
    if each.name in must_type:
        return _("Proposed: %(value)s; %(may)s. Type the number you decide on.") % said
    return _("Released: %(value)s; %(may)s") % said


def standing_words(standing: RuleStatus, people: Mapping[int, str]) -> str:
    """Whether the rule acts in this clinic, since when and by whom."""
    if standing.newest.kind in ALWAYS:
        return str(ALWAYS[standing.newest.kind])
    row = standing.adoption
    since = (
        {"day": moment_words(row.adopted_at), "name": people.get(row.adopted_by_id, _("a prescriber"))} if row else {}
    )
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


def moment_words(at: datetime) -> str:
    return formats.date_format(page_local(at), _("j F Y, H:i"))


def where_words(rule: Rule) -> str:
    """For which vital signs, routes and drugs a rule speaks."""
    routes = _several(rule, "routes", "route")
    anywhere = set(routes) >= set(ROUTES) - {"film"}  # most rules are older than the film
    parts = (
        _listed({code: _(vital.label) for code, vital in VITALS.items()}, rule.fixed.get("vitals", ())),
        _("by any route") if anywhere else _listed(ROUTES, routes),
        _listed(STAGES, rule.fixed.get("stages", ())),
        _listed(DRUGS, _several(rule, "drugs", "drug")),
    )
    return " · ".join(each for each in parts if each)


def _several(rule: Rule, name: str, single: str) -> Sequence[object]:
    """A list of a rule, which may also be written as its only member."""
    alone = (rule.fixed[single],) if single in rule.fixed else ()
    found: Sequence[object] = rule.fixed.get(name, alone)
    return found


def _listed(words: Mapping[str, StrPromise | str], codes: Iterable[object]) -> str:
    return ", ".join(str(words.get(str(code), code)) for code in codes)


def adopted_words(rule: Rule, *, acts: bool) -> str:
    """What a signature under a rule has come to."""
    if acts:
        words = _("“%(title)s” acts in this clinic now.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s”: your signature is kept. The higher dose acts once a second prescriber has signed.")
    else:
        words = _("“%(title)s”: your signature is kept. The looser limit acts once a second prescriber has signed.")
    return words % {"title": _(rule.title)}


def retired_words(rule: Rule) -> str:
    """What it means that a rule is used no more."""
    if rule.acts_without_adoption:
        words = _("“%(title)s” acts with its released numbers again.")
    elif rule.kind == HARD_FLOOR:
        words = _("“%(title)s” is retired: no dose is given here until it is stated again.")
    elif rule.kind == dosing.CEILING:
        words = _("“%(title)s” is retired: this drug is not given by this route here.")
    else:
        words = _("“%(title)s” no longer acts in this clinic.")
    return words % {"title": _(rule.title)}


def mark_of(rule: Rule) -> StrPromise:
    """How far a rule was checked, and whether it acts by itself."""
    ceiling = rule.kind == dosing.CEILING and rule.verification == "verified"
    return CEILING_READ if ceiling else MARKS[rule.verification]


def in_words(rule: Rule, refused: ActionRefused) -> ActionRefused:
    """A refusal of looser numbers, with the labels and units that stand on the page."""
    reasons = []
    for number, each in enumerate(refused.reasons):
        code = refused.codes[number] if number < len(refused.codes) else ""
        text = str(each)
        if code == "loosened":
            text = next((_loosened_words(each) for each in rule.numbers if f" {each.name}: " in text), text)
        reasons.append(text)
    return ActionRefused(*reasons, codes=refused.codes)


def _loosened_words(each: Parameter | OpenNumber) -> str:
    if isinstance(each, OpenNumber):
        return f"{_(each.label)}: {may_words(each)}"
    return _("%(label)s: a clinic may only make it stricter than %(value)s %(unit)s; it %(may)s.") % {
        "label": _(each.label), "value": figure(each.value), "unit": unit_words(each.unit), "may": may_words(each),
    }  # fmt: skip
