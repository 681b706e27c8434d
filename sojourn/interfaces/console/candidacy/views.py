"""Whether the treatment fits a patient: what the rules find, what is missing, the decision, overrides, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.candidacy import actions, judging, open_eyes, queries, wording
from sojourn.care.candidacy.actions import Answer
from sojourn.care.candidacy.models import CandidacyDecision, Clearance, Kind, Override
from sojourn.care.candidacy.queries import Assessed, File, Moment, Overridden
from sojourn.care.intake import actions as intake
from sojourn.care.intake import doubts, medicine_history
from sojourn.care.intake import queries as story
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.intake.queries import EnteredFact, TakenBack
from sojourn.care.measures import queries as measures
from sojourn.care.measures.queries import Scored
from sojourn.care.patients import actions as patients
from sojourn.care.patients import queries as people
from sojourn.care.patients.models import Patient
from sojourn.care.safety import fact_actions
from sojourn.clinical import eligibility, news2
from sojourn.clinical.eligibility import VOCABULARY, Fact, Facts, Finding, Missing, Value
from sojourn.clinical.eligibility.panels import PANELS
from sojourn.clinical.interactions import Interaction
from sojourn.clinical.numbers import NumberRefusal, read_amount
from sojourn.clinical.scales import say
from sojourn.clinical.units import UnknownUnit, unit
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.clock import page_day, page_local, page_today
from sojourn.foundation.ui.numbers import number_words
from sojourn.interfaces.console.candidacy import clearances as candidacy_clearances
from sojourn.interfaces.console.candidacy import signature as candidacy_signature
from sojourn.interfaces.console.candidacy.clearances import ClearanceForm
from sojourn.interfaces.console.consents import views as consents
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.console.patients.views import closed, day_words
from sojourn.interfaces.console.patients.weights import TELLERS
from sojourn.interfaces.console.rules.views import ACTIONS, LEVELS, SEVERITIES, SHORT_MARKS

HOW_MANY = 50
MOST_MOMENTS = 60
MOST_BYTES = 1_000_000  # of a laboratory's report

# Values of a choice as a clinician reads them.
CHOICES: Mapping[str, StrPromise] = {
    "female": gettext_lazy("female"),
    "male": gettext_lazy("male"),
    "other": gettext_lazy("other"),
    "unknown": gettext_lazy("not said"),
    "none": gettext_lazy("none"),
    "alert": gettext_lazy("alert"),
    "confused": gettext_lazy("newly confused"),
    "voice": gettext_lazy("responds to voice"),
    "pain": gettext_lazy("responds to pain"),
    "unresponsive": gettext_lazy("unresponsive"),
    "normal": gettext_lazy("normal"),
    "abnormal": gettext_lazy("abnormal"),
    "negative": gettext_lazy("negative"),
    "positive": gettext_lazy("positive"),
    "low": gettext_lazy("low"),
    "moderate": gettext_lazy("moderate"),
    "high": gettext_lazy("high"),
}
# The shape beside a severity; the word always stands with it.
SHAPES: Mapping[str, str] = {"absolute": "high", "relative-high": "medium", "relative": "low", "caution": "low"}
# What is entered together, as a page calls it.
_PANEL_TITLES: Mapping[str, StrPromise] = {
    "pressure": gettext_lazy("Blood pressure"),
    "liver": gettext_lazy("Liver panel"),
    "kidney": gettext_lazy("Kidney function"),
    "ecg": gettext_lazy("ECG"),
    "pregnancy": gettext_lazy("Pregnancy"),
    "vitals": gettext_lazy("Vital signs"),
    "body": gettext_lazy("Height and weight"),
    "judged": gettext_lazy("Judged by a clinician"),
}
_UNITS: Mapping[str, StrPromise | str] = {"a": gettext_lazy("years"), "{count}": ""}
_ICONS: Mapping[str, str] = {
    "sent": "notebook-pen", "fact": "stethoscope", "retracted": "undo-2", "stopped": "pill", "score": "clipboard-list",
    "decision": "signature", "override": "shield-alert", "signed": "shield-check",
}  # fmt: skip
_WORDS: Mapping[str, tuple[StrPromise, str]] = {
    Kind.ACCEPT: (gettext_lazy("Accepted"), "done"),
    Kind.CONDITIONS: (gettext_lazy("Accepted with conditions"), "done"),
    Kind.DEFER: (gettext_lazy("Deferred"), "wait"),
    Kind.DECLINE: (gettext_lazy("Declined"), "stop"),
}


def unit_words(code: str) -> str:
    """A unit of the vocabulary as it is printed."""
    if code in _UNITS:
        return str(_UNITS[code])
    try:
        return unit(code).display
    except UnknownUnit:
        return code


def value_words(name: str, value: Value) -> str:
    """The value of a fact as a clinician reads it."""
    word = VOCABULARY[name]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, str):
        if word.kind == "day":
            return day_words(date.fromisoformat(value))
        return str(CHOICES.get(value, value))
    number = number_format(int(value) if value == int(value) else value)
    return f"{number} {unit_words(word.unit)}".strip()


# ---------------------------------------------------------------- findings


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that makes a finding: what, its value, who told it, when."""

    what: str
    value: str
    told: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Signed:
    """An override as the page shows it. ``mine``: this asker signed it first."""

    id: int
    reason: str
    by: str
    at: datetime
    second_by: str
    second_at: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding. ``look``: of the pill; ``may_override``: a form for the first signature."""

    key: str
    title: str
    statement: str
    advice: str
    action: str
    look: str
    urgent: bool
    blocks: bool
    never: bool
    reasons: tuple[Reason, ...]
    sources: tuple[str, ...]
    mark: str
    firm: bool
    rule_id: str
    rule_url: str
    version: int
    tightened: bool
    override: Signed | None
    may_override: bool
    beside: candidacy_clearances.Beside | None = None


@dataclass(frozen=True, slots=True)
class Group:
    severity: str
    label: str
    shape: str
    findings: tuple[Shown, ...]


def _reason(fact: Fact) -> Reason:
    told = str(TELLERS[fact.told_by])
    on = None if fact.told_by == "record" else fact.on
    return Reason(_(VOCABULARY[fact.name].label), value_words(fact.name, fact.value), told, on)


def _signed(found: Overridden | None, asker: Asker) -> Signed | None:
    if found is None:
        return None
    row, second = found.row, found.second
    return Signed(
        id=row.pk, reason=row.reason, by=row.signer_name, at=row.signed_at,
        second_by=second.signer_name if second else "", second_at=second.signed_at if second else None,
        mine=row.signed_by_id == asker.membership_id,
    )  # fmt: skip


def _shown(finding: Finding, signed: Mapping[str, Overridden], asker: Asker) -> Shown:
    key = eligibility.fingerprint(finding)
    override = None if finding.never_overridden or not finding.blocks else signed.get(key)
    look = "off"
    if finding.adopted:
        look = "stop" if finding.blocks else "wait" if finding.action in ("hold", "urgent_review") else "open"
    return Shown(
        key=key,
        title=_(finding.title),
        statement=_(finding.statement),
        advice=_(finding.advice),
        action=str(ACTIONS[finding.action]),
        look=look,
        urgent=finding.urgent,
        blocks=finding.blocks,
        never=finding.never_overridden,
        reasons=tuple(map(_reason, finding.because)),
        sources=finding.sources,
        mark=str(SHORT_MARKS[finding.verification]),
        firm=finding.verification == "verified",
        rule_id=finding.rule_id,
        rule_url=reverse("console:rule", args=[finding.rule_id]),
        version=finding.version,
        tightened=finding.tightened,
        override=_signed(override, asker),
        may_override=finding.blocks
        and not finding.never_overridden
        and override is None
        and asker.may("candidacy.decide"),
    )


def _groups(
    assessed: Assessed, signed: Mapping[str, Overridden], asker: Asker, clearances: Iterable[Clearance]
) -> list[Group]:
    way = f"{assessed.drug}-{assessed.route}"
    weighed = open_eyes.weighed(assessed, clearances)
    beside = candidacy_clearances.beside(assessed.patient.pk, way, weighed, asker)

    def shown(finding: Finding) -> Shown:
        found = _shown(finding, signed, asker)
        return replace(found, beside=beside.get(found.key))

    return [
        Group(
            severity=name,
            label=str(SEVERITIES[cast(eligibility.Severity, name)]),
            shape=SHAPES.get(name, ""),
            findings=tuple(map(shown, found)),
        )
        for name, found in assessed.by_severity.items()
    ]


# ---------------------------------------------------------------- what is missing


@dataclass(frozen=True, slots=True)
class Input:
    """One fact in a panel. ``options`` of a choice; ``typed`` what came back; ``known`` the value so far, ``expired``
    that it is too old to count."""

    name: str
    label: str
    kind: str
    unit: str
    options: tuple[tuple[str, str], ...]
    typed: str
    known: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Facts that one enters together. ``missing``: rules ask for one of them, ``why``, and nobody has told it."""

    id: str
    title: str
    inputs: tuple[Input, ...]
    missing: bool
    why: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that the patient can tell. ``told_on``: when it was told before, and no longer counts."""

    label: str
    adopted: bool
    told_on: date | None


@dataclass(frozen=True, slots=True)
class TooOld:
    """A fact that is known and no longer counts, with the rule that says so."""

    label: str
    value: str
    on: date
    limit: str
    rule_url: str


def _input(name: str, assessed: Assessed, typed: Mapping[str, str]) -> Input:
    word, known = VOCABULARY[name], assessed.facts.get(name)
    options: tuple[tuple[str, str], ...] = ()
    if word.kind == "yes_no":
        options = (("yes", _("yes")), ("no", _("no")))
    elif word.kind == "choice":
        options = tuple((each, str(CHOICES.get(each, each))) for each in word.choices)
    return Input(
        name=name,
        label=_(word.label),
        kind=word.kind,
        unit=unit_words(word.unit),
        options=options,
        typed=typed.get(name, ""),
        known=""
        if known is None
        else _("%(value)s on %(day)s") % {"value": value_words(name, known.value), "day": day_words(known.on)},
        expired=any(each.name == name for each in assessed.expired),
    )


def _panels(assessed: Assessed, typed: Mapping[str, str], opened: str) -> list[Panel]:
    gaps = {each.fact: each for each in assessed.missing}
    found = []
    for name, facts in PANELS.items():
        wanted = [gaps[each] for each in facts if each in gaps]
        why = dict.fromkeys(_(words) for gap in wanted for words in gap.why)
        found.append(
            Panel(
                id=name,
                title=str(_PANEL_TITLES[name]),
                inputs=tuple(_input(each, assessed, typed) for each in facts),
                missing=bool(wanted),
                why=tuple(why),
                open=opened == name,
            )
        )
    return sorted(found, key=lambda each: not each.missing)


def _asks(assessed: Assessed) -> list[Ask]:
    inside = {name for names in PANELS.values() for name in names}
    old = {each.name: each.on for each in assessed.expired}
    gaps: Iterable[Missing] = assessed.missing
    return [Ask(_(each.label), each.adopted, old.get(each.fact)) for each in gaps if each.fact not in inside]


def _too_old(assessed: Assessed) -> list[TooOld]:
    """What a rule asks for, was known, and is too old to count."""
    asked = {each.fact for each in assessed.missing}
    return [
        TooOld(
            label=_(each.label),
            value=value_words(each.name, each.fact.value),
            on=each.on,
            limit=ngettext("counts for %(n)d day", "counts for %(n)d days", int(each.limit_days))
            % {"n": int(each.limit_days)},
            rule_url=reverse("console:rule", args=[each.rule_id]),
        )
        for each in assessed.expired
        if each.name in asked
    ]


# ---------------------------------------------------------------- interactions, scores, days


@dataclass(frozen=True, slots=True)
class Beside:
    """A medicine beside the treatment."""

    medicine: str
    level: str
    shape: str
    effect: str
    action: str
    evidence: str
    sources: tuple[str, ...]
    mark: str
    firm: bool
    adopted: bool
    rule_url: str


def _beside(found: Interaction) -> Beside:
    return Beside(
        medicine=found.medicine.shown,
        level=str(LEVELS[found.severity]),
        shape={"major": "high", "moderate": "medium", "minor": "low"}.get(found.severity, "") if found.adopted else "",
        effect=_(found.effect),
        action=_(found.action),
        evidence=_(found.evidence),
        sources=found.sources,
        mark=str(SHORT_MARKS[found.verification]),
        firm=found.verification == "verified",
        adopted=found.adopted,
        rule_url=reverse("console:rule", args=[found.rule_id]),
    )


_RISKS: Mapping[str, StrPromise] = {
    "low": gettext_lazy("low risk"),
    "low-medium": gettext_lazy("low to medium risk"),
    "medium": gettext_lazy("medium risk"),
    "high": gettext_lazy("high risk"),
}


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """NEWS2, or why there is none."""

    total: int | None
    risk: str
    parts: tuple[tuple[str, int], ...]
    caveats: tuple[str, ...]
    why_not: str
    on: date | None = None


def _news2(found: news2.News2 | news2.NotScored | None, facts: Facts) -> EarlyWarning | None:
    if found is None:
        return None
    if isinstance(found, news2.News2):
        parts = tuple((_(VOCABULARY[news2.FACTS[name]].label), points) for name, points in found.parts.items())
        return EarlyWarning(
            found.total, str(_RISKS[found.risk.value]), parts, tuple(_(each) for each in found.caveats), "",
            facts["respiratory_rate"].on,
        )  # fmt: skip
    codes = found.reasons
    if "not-of-one-day" in codes:
        why = _("The vital signs were not all taken on one day.")
    elif "pregnancy" in codes:
        why = _("It is not made for pregnancy.")
    elif "under-age" in codes:
        why = _("It is not made for this age.")
    else:
        names = [each.partition(":")[2] for each in codes]
        labels = (_(VOCABULARY[news2.FACTS[each]].label) for each in names if each in news2.FACTS)
        why = _("Not known: %(what)s.") % {"what": ", ".join(dict.fromkeys(labels))}
    return EarlyWarning(None, "", (), (), why)


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the timeline. ``struck``: what was struck as entered in error, with ``words`` on who, when and why;
    ``strike_url``: where a fact that stands is struck."""

    on: date
    icon: str
    title: str
    words: str
    struck: str = ""
    strike_url: str = ""


def _scale_title(scale_id: str) -> str:
    return say(measures.scale(scale_id).title, translation.get_language() or "en")


def _taken_back(moment: Moment, entered: EnteredFact, back: TakenBack) -> Day:
    what = f"{_(VOCABULARY[moment.what].label)}: {value_words(moment.what, moment.value)}"
    when = date_format(page_local(back.at), _("j F Y, H:i"))
    said = " · ".join(each for each in (moment.words, moment.by) if each)
    return Day(
        moment.on, _ICONS["retracted"], _("Entered in error"), f"{back.why} · {back.by} · {when}",
        f"{what} · {said}" if said else what,
    )  # fmt: skip


def _day(moment: Moment, titles: Mapping[str, str]) -> Day:
    if moment.entered is not None and moment.entered.taken_back is not None:
        return _taken_back(moment, moment.entered, moment.entered.taken_back)
    match moment.kind:
        case "sent":
            title = _("The story was sent")
        case "fact":
            title = f"{_(VOCABULARY[moment.what].label)}: {value_words(moment.what, moment.value)}"
        case "stopped":
            title = _("Stopped taking %(what)s") % {"what": moment.what}
        case "score":
            total = "–" if moment.value is None else number_format(moment.value)
            title = f"{titles.get(moment.what, moment.what)}: {total}"
        case "decision":
            title = str(_WORDS[moment.what][0])
        case "override":
            title = _("Override signed: %(what)s") % {"what": _(moment.what)}
        case _:
            title = _("Override signed second: %(what)s") % {"what": _(moment.what)}
    band = _(moment.words) if moment.kind == "score" and moment.words else moment.words
    url = reverse("console:fact_strike", args=[moment.entered.id]) if moment.entered else ""
    return Day(
        moment.on, _ICONS[moment.kind], title, " · ".join(each for each in (band, moment.by) if each), strike_url=url
    )


@dataclass(frozen=True, slots=True)
class ScoreLine:
    title: str
    total: str
    band: str
    on: date


def _scores(newest: Iterable[Scored]) -> list[ScoreLine]:
    return [
        ScoreLine(
            title=_scale_title(each.scale_id),
            total="–" if each.total is None else number_format(each.total),
            band=_(each.band.label) if each.band else "",
            on=page_day(each.at),
        )
        for each in newest
    ]


# ---------------------------------------------------------------- the page


@dataclass(frozen=True, slots=True)
class Typed:
    """What came back from the form of the decision."""

    kind: str = ""
    conditions: str = ""
    until_on: str = ""
    awaited: tuple[str, ...] = ()
    awaited_words: str = ""
    explanation: str = ""
    alternatives: str = ""
    would_change: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)


def _typed(data: QueryDict) -> Typed:
    return Typed(
        kind=data.get("kind", ""),
        conditions=data.get("conditions", ""),
        until_on=data.get("until_on", ""),
        awaited=tuple(data.getlist("awaited")),
        awaited_words=data.get("awaited_words", ""),
        explanation=data.get("explanation", ""),
        alternatives=data.get("alternatives", ""),
        would_change=data.get("would_change", ""),
        reasons=candidacy_signature.reasons_typed(data),
    )


def _answer(typed: Typed) -> Answer:
    """Refused: not-a-day."""
    until = _date(typed.until_on)
    if typed.until_on.strip() and until is None:
        raise Refused(_("Write the day until when you defer, like 2026-03-12."), codes=("not-a-day",))
    return Answer(
        kind=typed.kind,
        conditions=tuple(typed.conditions.splitlines()),
        until_on=until,
        awaited=typed.awaited,
        awaited_words=typed.awaited_words,
        explanation=typed.explanation,
        alternatives=typed.alternatives,
        would_change=typed.would_change,
        reasons=typed.reasons,
    )


def _date(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:
        return None


def _way(data: QueryDict, newest: CandidacyDecision | None) -> tuple[str, str]:
    """The drug and route that the page is about: as asked, as decided last, else the first there is."""
    drug, _sep, route = data.get("way", "").partition("-")
    if (drug, route) in judging.WAYS:
        return drug, route
    return (newest.drug, newest.route) if newest is not None else judging.WAYS[0]


def way_words(drug: str, route: str) -> str:
    return consents.way_words("in_esketamine" if drug == "esketamine" else route)


# Where each fault of a decision is mended.
_PLACES: Mapping[str, str] = {
    "unknown-kind": "kind", "conditions-missing": "conditions", "conditions-not-kept": "conditions",
    "until-missing": "until", "until-not-kept": "until", "past": "until", "not-a-day": "until",
    "explanation-missing": "explanation", "alternatives-missing": "alternatives", "blocked": "findings",
    "changed": "findings", "decided-meanwhile": "so-far",
}  # fmt: skip


def _errors(refused: Refused | None, place: str = "") -> list[dict[str, str]]:
    if refused is None:
        return []
    codes = [*refused.codes, *[""] * len(refused.reasons)]
    return [
        {"href": f"#{place or _PLACES.get(code, 'decide')}", "text": str(reason)}
        for reason, code in zip(refused.reasons, codes, strict=False)
    ]


def _page(
    request: Request,
    file: File,
    *,
    refused: Refused | None = None,
    place: str = "",
    typed: Typed | None = None,
    panel: str = "",
    values: Mapping[str, str] | None = None,
    reason: tuple[str, str] = ("", ""),
    report: tuple[str, str] = ("", ""),
) -> HttpResponse:
    """The whole page. Four queries more."""
    patient, newest, asker, today = file.patient, file.newest, request.asker, page_today()
    drug, route = _way(request.POST or request.GET, newest)
    facts = story.facts_of(patient, today, story.answers(patient.pk), file.entered, story.allergies(patient.pk))
    medicines = medicine_history.history(patient.pk)
    taken = medicines.taken()
    trends = measures.trends(patient.pk, rules={})
    rules = queries.rules(patient.clinic_id)
    assessed = queries.assess(patient, facts, taken, rules, drug=drug, route=route, on=today)
    decided = assessed
    if newest is not None and (newest.drug, newest.route) != (drug, route):
        decided = queries.assess(patient, facts, taken, rules, drug=newest.drug, route=newest.route, on=today)
    standing = queries.judge(newest, decided, today)
    signed = {each.finding: each for each in reversed(file.overrides) if each.row.drug == drug}
    signed |= {each.finding: each for each in file.overrides if each.row.drug == drug and each.in_effect}
    left = judging.blocks_left(assessed.findings, queries.in_effect(file.overrides, drug))
    scored = [each.points[-1] for each in trends if each.points]
    points = [point for each in trends for point in each.points]
    titles = {each: _scale_title(each) for each in {point.scale_id for point in points}}
    panels = _panels(assessed, values or {}, panel)
    days = [_day(each, titles) for each in queries.moments(file, taken, points)]
    context = {
        "patient": patient,
        "errors": _errors(refused, place),
        "ways": [(f"{one}-{other}", way_words(one, other)) for one, other in judging.WAYS],
        "way": f"{drug}-{route}",
        "way_words": way_words(drug, route),
        "newest": newest,
        "word": _WORDS[newest.kind] if newest else None,
        "newest_way": way_words(newest.drug, newest.route) if newest else "",
        "standing": standing,
        "changed": [_(each.title) for each in standing.changed],
        "sent_at": file.sent_at[0] if file.sent_at else None,
        "told_since": bool(newest and file.sent_at and file.sent_at[0] > newest.decided_at),
        "arrived": _arrived(newest, assessed),
        "left": [_(each.title) for each in left],
        "groups": _groups(assessed, signed, asker, file.clearances),
        "not_adopted": [_shown(each, {}, asker) for each in assessed.assessment.not_adopted],
        "panels": panels,
        "n_missing": sum(each.missing for each in panels),
        "asks": _asks(assessed),
        "too_old": _too_old(assessed),
        "interactions": [_beside(each) for each in assessed.interactions],
        "not_checked": [each.shown for each in assessed.not_checked],
        "unmentioned": [each.shown for each in assessed.unmentioned],
        "medicines_changed": list(
            medicines_changed.sentences(medicines.since_each({"decision": newest.decided_at if newest else None}))
        ),
        "takes_any": any(each.current for each in taken),
        "news2": _news2(assessed.news2, assessed.facts),
        "scores": _scores(scored),
        "days": days[:MOST_MOMENTS],
        "more_days": max(0, len(days) - MOST_MOMENTS),
        "today": today,
        "observed_on": (values or {}).get("observed_on", today.isoformat()),
        "source_note": (values or {}).get("source_note", ""),
        "may_enter": asker.may("fact.enter"),
        "may_decide": asker.may("candidacy.decide"),
        "kinds": _kinds(typed.kind if typed else ""),
        "typed": typed or Typed(),
        "awaitable": [
            (each.name, each.label) for group in panels for each in group.inputs if not each.known or each.expired
        ],
        "seen": queries.seeing(assessed, newest.pk if newest else None),
        "reason": reason,
        "report": report[0],
        "report_note": report[1],
        "newer_open": place == "report",
        "asks_sure": refused is not None and doubts.doubted(refused.codes),
        "history": [_past(each) for each in file.decisions],
    }
    return render(request, "console/candidacy/page.html", context, status=409 if refused else 200)


def _arrived(newest: CandidacyDecision | None, assessed: Assessed) -> list[str]:
    """What a deferral waits for and is known now."""
    if newest is None or newest.kind != Kind.DEFER:
        return []
    day = page_day(newest.decided_at)
    return [
        f"{_(VOCABULARY[name].label)}: {value_words(name, assessed.facts[name].value)}"
        for name in newest.awaited
        if name in assessed.facts and assessed.facts[name].on >= day
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that can be chosen, and which fields of the form it opens."""

    value: str
    label: str
    opens: str
    chosen: bool


def _kinds(chosen: str) -> list[Choice]:
    kinds = (
        (Kind.ACCEPT, _("Accept"), "nothing"),
        (Kind.CONDITIONS, _("Accept with conditions"), "conditions"),
        (Kind.DEFER, _("Defer: not yet"), "until"),
        (Kind.DECLINE, _("Decline: this treatment does not fit"), "nothing"),
    )
    return [Choice(kind.value, label, opens, kind.value == chosen) for kind, label, opens in kinds]


@dataclass(frozen=True, slots=True)
class Past:
    """A decision of before."""

    word: str
    look: str
    way: str
    at: datetime
    by: str
    reading: wording.Reading
    overrides: tuple[tuple[str, str, str, str], ...]  # rule, reason, by, second
    in_spite_of: tuple[str, ...]  # what it was given in spite of, with the reasons
    hash: str


def _past(row: CandidacyDecision) -> Past:
    word, look = _WORDS[row.kind]
    return Past(
        word=str(word),
        look=look,
        way=way_words(row.drug, row.route),
        at=row.decided_at,
        by=row.decider_name,
        reading=wording.reading(row),
        overrides=tuple((each["rule_id"], each["reason"], each["by"], each["second"]) for each in row.overrides),
        in_spite_of=tuple(open_eyes.in_spite_of(row.open_eyes)),
        hash=row.content_hash,
    )


# ---------------------------------------------------------------- the views


def _file(request: Request, patient_id: int) -> File | HttpResponse:
    try:
        file = queries.file_of(patient_id)
    except Patient.DoesNotExist:
        raise Http404 from None
    return closed(request, file.patient) or file


@allowed("candidacy.read")
@require_GET
def candidacy(request: HttpRequest, patient_id: int) -> HttpResponse:
    """What the rules say, what is missing, what was decided; the form of the decision."""
    asked = cast(Request, request)
    file = _file(asked, patient_id)
    if isinstance(file, HttpResponse):
        return file
    patients.open_record(by=asked.asker, patient=file.patient, part="clinical")
    return _page(asked, file)


@allowed("candidacy.decide")
@require_POST
def decide(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Show what the patient will read (step "preview"), go back ("change"), or sign ("sign")."""
    asked = cast(Request, request)
    file = _file(asked, patient_id)
    if isinstance(file, HttpResponse):
        return file
    typed, step = _typed(request.POST), request.POST.get("step", "preview")
    if step == "change":
        return _page(asked, file, typed=typed)
    try:
        seen = queries.read_seen(request.POST.get("seen", ""))
        if seen is None:
            raise Overtaken(
                _("This page was open for too long. Look at it again; what you typed is still here."), codes=("stale",)
            )
        answer = _answer(typed)
        if step == "sign":
            return _sign(asked, file.patient.pk, answer, seen, typed)
        row = actions.draft(by=asked.asker, patient_id=file.patient.pk, answer=answer, seen=seen)
        return _preview(asked, row, typed)
    except Refused as refused:
        return _page(asked, file, refused=refused, typed=typed)


def _sign(request: Request, patient_id: int, answer: Answer, seen: dict[str, Any], typed: Typed) -> HttpResponse:
    """Sign; where something is missing that is typed beside the signature, record it, or show that page again."""
    signing: dict[str, Any] = {"by": request.asker, "patient_id": patient_id, "answer": answer, "seen": seen}
    try:
        return _done(request, actions.decide(**signing))
    except Refused as missing:
        if not candidacy_signature.is_mended_here(missing):
            raise
        refused = missing
    row = actions.draft(**signing)
    recorded, wrong = candidacy_signature.record_typed(request, row)
    if recorded and not wrong:
        try:
            return _done(request, actions.decide(**signing))
        except Refused as missing:
            refused, row = missing, actions.draft(**signing)
    return _preview(request, row, typed, refused=refused, wrong=wrong)


def _done(request: Request, row: CandidacyDecision) -> HttpResponse:
    messages.success(request, _("Signed. The patient can read it now."))
    return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}?way={row.drug}-{row.route}")


def _preview(
    request: Request,
    row: CandidacyDecision,
    typed: Typed,
    *,
    refused: Refused | None = None,
    wrong: Sequence[ClearanceForm] = (),
) -> HttpResponse:
    word, look = _WORDS[row.kind]
    shown = {
        "word": word,
        "look": look,
        "way": f"{row.drug}-{row.route}",
        "way_words": way_words(row.drug, row.route),
        "typed": typed,
        "seen": request.POST["seen"],
    }
    found = candidacy_signature.eyes(row, typed.reasons, value_words, wrong)
    return candidacy_signature.page(request, row, shown, found, refused, wrong)


def _value(name: str, text: str) -> Value:
    """What was typed as the value of a fact. Refused: what the one reader of numbers refuses."""
    word = VOCABULARY[name]
    if word.kind == "yes_no" and text in ("yes", "no"):
        return text == "yes"
    if word.kind == "number":
        value = read_amount(text, word.unit)
        if isinstance(value, NumberRefusal):
            raise Refused(f"{_(word.label)}: {number_words(value)}", codes=(value.why,))
        return float(value)
    day = _date(text) if word.kind == "day" else None
    return text if day is None else day


@allowed("fact.enter")
@require_POST
def enter(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Enter the facts of one panel, all of them or none. Fields left empty say nothing."""
    asked = cast(Request, request)
    file = _file(asked, patient_id)
    if isinstance(file, HttpResponse):
        return file
    panel = request.POST.get("panel", "")
    names = PANELS[panel] if panel in PANELS else tuple(n for n in request.POST.getlist("fact") if n in VOCABULARY)
    typed = {name: request.POST.get(name, "").strip() for name in names}
    day_text, note = request.POST.get("observed_on", ""), request.POST.get("source_note", "")
    try:
        on = _date(day_text)
        if on is None:
            raise Refused(_("Write the day on which it was observed, like 2026-03-12."), codes=("not-a-day",))
        if not any(typed.values()):
            raise Refused(_("Nothing was entered. Fill in at least one field."), codes=("nothing-said",))
        fact_actions.enter_facts(
            by=asked.asker, patient_id=file.patient.pk,
            values={name: _value(name, text) for name, text in typed.items() if text}, on=on, source_note=note,
            sure=bool(request.POST.get("sure")),
        )  # fmt: skip
    except Refused as refused:
        values = {**typed, "observed_on": day_text, "source_note": note}
        place = f"panel-{panel}" if panel in PANELS else "asks"
        return _page(asked, file, refused=refused, place=place, panel=panel, values=values)
    messages.success(request, _("Entered. The findings below know it."))
    drug, route = _way(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


def _report(request: Request) -> str:
    """The report as text, pasted or in a file. Refused: both, too-long, unreadable."""
    file, pasted = request.FILES.get("file"), request.POST.get("report", "")
    if file is None:
        return pasted
    if pasted.strip():
        words = _("There is a pasted report and a file. Empty the field, or leave the file out.")
        raise Refused(words, codes=("both",))
    if (file.size or 0) > MOST_BYTES:
        raise Refused(_("The file is larger than a report should be: at most 1 MB."), codes=("too-long",))
    try:
        return bytes(file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        words = _("The file cannot be read as text. Save it as CSV in UTF-8, or as FHIR JSON.")
        raise Refused(words, codes=("unreadable",)) from None


@allowed("fact.enter")
@require_POST
def take_report(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Take a laboratory's report, whole or not at all. What was sent comes back where a line of it is refused."""
    asked = cast(Request, request)
    file = _file(asked, patient_id)
    if isinstance(file, HttpResponse):
        return file
    text, note = request.POST.get("report", ""), request.POST.get("source_note", "")
    try:
        text = _report(asked)
        found = fact_actions.import_facts(
            by=asked.asker, patient_id=file.patient.pk, text=text, source_note=note,
            sure=bool(request.POST.get("sure")),
        )  # fmt: skip
    except Refused as refused:
        return _page(asked, file, refused=refused, place="report", report=(text, note))
    n = len(found.taken)
    said = ngettext("%(n)d result was taken from the report.", "%(n)d results were taken from the report.", n) % {
        "n": n
    }
    if found.known:
        known = ngettext("%(n)d was known already.", "%(n)d were known already.", found.known) % {"n": found.known}
        said = f"{said} {known}"
    messages.success(request, said)
    drug, route = _way(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@allowed("fact.enter")
@require_http_methods(["GET", "POST"])
def strike(request: HttpRequest, fact_id: int) -> HttpResponse:
    """Strike a fact as entered in error, with the reason; it stays readable. Struck already: back to the page."""
    asked = cast(Request, request)
    row = get_object_or_404(ClinicalFact.objects.select_related("patient"), pk=fact_id, retracts=None)
    if gate := closed(asked, row.patient):
        return gate
    reason, refused = request.POST.get("reason", ""), None
    if request.method == "POST":
        try:
            intake.retract_fact(by=asked.asker, fact_id=row.pk, reason=reason)
        except Refused as wrong:
            refused = wrong
        else:
            messages.success(request, _("Struck. It stays readable and counts for nothing any more."))
            return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}#days")
    context = {
        "patient": row.patient,
        "what": f"{_(VOCABULARY[row.name].label)}: {value_words(row.name, row.value)}",
        "row": row,
        "reason": reason,
        "errors": _errors(refused, "reason"),
    }
    return render(request, "console/candidacy/strike.html", context, status=409 if refused else 200)


@allowed("candidacy.decide")
@require_POST
def override(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The first signature of an override."""
    asked = cast(Request, request)
    file = _file(asked, patient_id)
    if isinstance(file, HttpResponse):
        return file
    key, reason = request.POST.get("finding", ""), request.POST.get("reason", "")
    drug, route = _way(request.POST, file.newest)
    try:
        actions.override(by=asked.asker, patient_id=file.patient.pk, drug=drug, finding=key, reason=reason)
    except Refused as refused:
        return _page(asked, file, refused=refused, place="findings", reason=(key, reason))
    messages.success(request, _("Signed. It takes effect when another prescriber signs too."))
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@allowed("candidacy.decide")
@require_POST
def second(request: HttpRequest, override_id: int) -> HttpResponse:
    """The second signature of an override."""
    asked = cast(Request, request)
    row = get_object_or_404(Override, pk=override_id)
    file = _file(asked, row.patient_id)
    if isinstance(file, HttpResponse):
        return file
    try:
        actions.second_sign(by=asked.asker, override_id=row.pk)
    except Refused as refused:
        return _page(asked, file, refused=refused, place="findings")
    messages.success(request, _("Signed second. This does not stand in the way any more."))
    drug, route = _way(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}?way={drug}-{route}#findings")


# ---------------------------------------------------------------- what waits


@dataclass(frozen=True, slots=True)
class Waits:
    name: str
    url: str
    at: datetime
    detail: str


def _waits(asker: Asker, rows: Iterable[Any], detail: Any, at: str) -> list[Waits]:
    """Lines for rows with their patients; records that this asker may not open are left nameless. One query."""
    found = list(rows)
    hidden = people.withheld(asker, [each.patient for each in found], timezone.now())
    return [
        Waits(
            name=_("Restricted record") if each.patient_id in hidden else each.patient.name,
            url=reverse("console:candidacy", args=[each.patient_id]),
            at=getattr(each, at),
            detail="" if each.patient_id in hidden else detail(each),
        )
        for each in found
    ]


@allowed("candidacy.read")
@require_http_methods(["GET"])
def candidacies(request: HttpRequest) -> HttpResponse:
    """Stories without a decision, deferrals that are due, overrides that wait for a second signature."""
    asker = cast(Request, request).asker

    def deferred(row: CandidacyDecision) -> str:
        return _("until %(day)s") % {"day": date_format(row.until_on, "j F Y")} if row.until_on else _("told again")

    undecided = queries.undecided().select_related("patient").defer("content").order_by("said_at")[:HOW_MANY]
    due = queries.due(page_today()).select_related("patient").defer("basis").order_by("until_on")[:HOW_MANY]
    half = queries.half_signed().select_related("patient").order_by("signed_at")[:HOW_MANY]
    context = {
        "undecided": _waits(asker, undecided, lambda row: "", "said_at"),
        "due": _waits(asker, due, deferred, "decided_at"),
        "half": _waits(
            asker, half, lambda row: f"{_(row.shown['title'])}, {row.signer_name}", "signed_at"
        ),
    }  # fmt: skip
    return render(request, "console/candidacy/list.html", context)


@allowed("candidacy.read")
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """How much waits, for the first page of the clinic, which loads it after itself."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    found = queries.waiting(asked.clinic.pk, page_today(), asked.asker.membership_id)
    lines = []
    if found.half_signed and asked.asker.may("candidacy.decide"):
        words = ngettext("%(n)d override to sign second", "%(n)d overrides to sign second", found.half_signed)
        lines.append(("signature", words % {"n": found.half_signed}))
    if found.undecided:
        words = ngettext("%(n)d story sent, not decided", "%(n)d stories sent, not decided", found.undecided)
        lines.append(("notebook-pen", words % {"n": found.undecided}))
    if found.due:
        words = ngettext("%(n)d deferral is due", "%(n)d deferrals are due", found.due)
        lines.append(("calendar-clock", words % {"n": found.due}))
    return render(request, "console/candidacy/waiting.html", {"lines": lines})


urlpatterns = [
    path("candidacy/", candidacies, name="candidacies"),
    path("candidacy/waiting/", waiting, name="candidacies_waiting"),
    path("candidacy/overrides/<int:override_id>/", second, name="override_second"),
    path("candidacy/facts/<int:fact_id>/strike/", strike, name="fact_strike"),
    path("patients/<int:patient_id>/candidacy/", candidacy, name="candidacy"),
    path("patients/<int:patient_id>/candidacy/decide/", decide, name="candidacy_decide"),
    path("patients/<int:patient_id>/candidacy/facts/", enter, name="candidacy_enter"),
    path("patients/<int:patient_id>/candidacy/report/", take_report, name="candidacy_report"),
    path("patients/<int:patient_id>/candidacy/override/", override, name="candidacy_override"),
]
