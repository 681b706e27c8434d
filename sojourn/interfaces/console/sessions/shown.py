"""From a picture of a session to what its templates show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.encounter.actions import PERMISSIONS, said
from sojourn.care.session.snapshot import Check, Newest
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical import protocol, recovery
from sojourn.clinical.alarms import Phase
from sojourn.clinical.current import TILES, CodeGroup, CurrentVital, SignalReading, current_vital, rounded
from sojourn.clinical.protocol import State, next_check_due
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.rulebook.load import book
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.words import (
    GROUPS,
    TO_DO,
    WHY,
    drug_word,
    route_word,
    skew_word,
    time_word,
)

SILENCE = "silence.continuous"
SCALES = ("padss", "aldrete")

# Of a reading, by its code or that of its systolic.
_LABELS: Mapping[str, StrPromise] = {
    "hr": gettext_lazy("Heart rate"), "pr": gettext_lazy("Pulse"), "nibp_sys": gettext_lazy("Blood pressure"),
    "art_sys": gettext_lazy("Arterial pressure"), "spo2": gettext_lazy("Saturation"), "rr": gettext_lazy("Breathing"),
    "temp": gettext_lazy("Temperature"), "moaas": gettext_lazy("MOAA/S"),
}  # fmt: skip


# ---------------------------------------------------------------- the path


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the way: "done", "now" or "ahead"."""

    label: StrPromise
    icon: str
    status: str
    at: datetime | None


# Label, icon, the states in which the step is going on, the state that ends it.
_WAY: tuple[tuple[StrPromise, str, tuple[State, ...], State], ...] = (
    (gettext_lazy("Arrived"), "user-check", (), State.ARRIVED),
    (gettext_lazy("Checks"), "list-checks", (State.ARRIVED,), State.CHECKED),
    (gettext_lazy("Dose"), "syringe", (State.CHECKED, State.DOSING), State.OBSERVING),
    (gettext_lazy("Observing"), "eye", (State.OBSERVING,), State.READY_TO_LEAVE),
    (gettext_lazy("Ready"), "circle-check", (State.READY_TO_LEAVE,), State.LEFT),
    (gettext_lazy("Left"), "house", (), State.LEFT),
)


def path(picture: Picture) -> list[PathStep]:
    """The way of a session with where it stands. A step that was never taken stays ahead."""
    entered = {each.state: each.at for each in picture.states}
    going_on = next((number for number, step in enumerate(_WAY) if picture.state in step[2]), None)
    steps = []
    for number, (label, icon, _states, end) in enumerate(_WAY):
        done = end in entered and (going_on is None or number < going_on)
        status = "now" if number == going_on else "done" if done else "ahead"
        steps.append(PathStep(label, icon, status, entered.get(end) if status == "done" else None))
    return steps


# ---------------------------------------------------------------- readings


@dataclass(frozen=True, slots=True)
class Figure:
    """A reading in large figures. ``stale_after`` in seconds."""

    label: StrPromise | str
    value: str
    unit: str
    at: datetime
    stale_after: int
    source: str
    doubted: bool
    early: bool = False


def _written(code: str, value: float) -> str:
    return str(number_format(rounded(value, VITALS[code].places), VITALS[code].places))


def _source(picture: Picture, one: Newest) -> str:
    if one.method == "monitor":
        return one.device or _("monitor")
    return _("typed by %(name)s") % {"name": one.by} if one.by else _("typed")


def _stale_after(picture: Picture, one: Newest) -> int:
    """From when a reading is old: a signal that comes all the time by the rule of silence, others by the protocol."""
    if one.method == "monitor" and one.code in picture.protocol.continuous:
        return int(book().rule(SILENCE).number("seconds"))
    return int(picture.protocol.number("vitals_max_age") * 60)


def _figure(picture: Picture, shown: CurrentVital) -> Figure:
    one = picture.newest[shown.code]
    values = zip(shown.codes, shown.values, strict=True)
    return Figure(
        _LABELS.get(shown.code) or _(VITALS[shown.code].short),
        "/".join("–" if value is None else _written(code, value) for code, value in values),
        VITALS[shown.code].unit.display,
        one.at,
        _stale_after(picture, one),
        _("not counted") if shown.quality_flag else _source(picture, one),
        bool(shown.quality_flag),
        picture.before_arrival(one.at),
    )


def _current(picture: Picture, *groups: CodeGroup) -> CurrentVital | None:
    known = [SignalReading(each.code, each.value, each.at.timestamp(), each.doubt) for each in picture.newest.values()]
    limit = {each.code: float(_stale_after(picture, each)) for each in picture.newest.values()}
    return current_vital(groups, known, picture.now.timestamp(), limit.__getitem__)


def figures(picture: Picture) -> list[Figure]:
    """What is shown of every vital sign, the four of the board first; then the other source of pressure, and the
    rest."""
    chosen = [_current(picture, *groups) for groups in TILES.values()]
    others = [_current(picture, group) for group in TILES["bp"] if group not in [each.codes for each in chosen if each]]
    placed = {code for groups in TILES.values() for group in groups for code in group} | {"nibp_map", "art_map"}
    rest = [_current(picture, (code,)) for code in VITALS if code not in placed]
    return [_figure(picture, each) for each in (*chosen, *others, *rest) if each]


# ---------------------------------------------------------------- alarms


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An open alarm with what set it off."""

    rule_id: str
    code: str
    key: str
    priority: str
    title: str
    detail: str
    since_at: datetime
    escalated: bool
    answered: str


def alarm_lines(picture: Picture) -> list[AlarmLine]:
    lines = []
    for each in picture.alarms:
        vital = VITALS[each.code]
        unit = vital.unit.display
        parts = [_(vital.label)]
        if each.value is not None and each.why not in WHY:
            parts[0] += f" {_written(each.code, each.value)} {unit}".rstrip()
        elif each.why in WHY:
            parts.append(str(WHY[each.why]))
        lines.append(
            AlarmLine(
                each.rule_id, each.code, f"{each.rule_id}-{each.code}".replace(".", "-"), each.priority,
                _(book().rule(each.rule_id).title), ", ".join(parts), each.since_at,
                each.phase == Phase.ESCALATED.value, each.acknowledged_by,
            )
        )  # fmt: skip
    return lines


# ---------------------------------------------------------------- what is due


@dataclass(frozen=True, slots=True)
class DueCheck:
    """The schedule of checks: when the next one is due, and which were missed."""

    at: datetime | None
    overdue: bool
    missed: tuple[str, ...]


def due(picture: Picture) -> DueCheck | None:
    """None before the dose."""
    if not picture.doses:
        return None
    found = next_check_due(picture.protocol.schedule, picture.doses[0].started_at, picture.checked_at, picture.now)
    return DueCheck(
        found.next.due_at if found.next else None,
        found.overdue_by > timedelta(0),
        tuple(
            _("%(minute)d min (%(time)s)") % {"minute": each.minute, "time": time_word(each.due_at)}
            for each in found.missed
        ),
    )


# ---------------------------------------------------------------- the checklist


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact beside a tick. ``missing``: it is not there or does not hold, whatever somebody ticks."""

    text: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item. ``outcome`` is "", "passed", "failed" or "read" (readings answer it)."""

    id: str
    label: str
    hint: str
    outcome: str
    reading: str
    note: str
    at: datetime | None
    by: str
    last: int
    by_readings: bool
    url: str
    value: str = ""
    facts: tuple[FactLine, ...] = ()  # what stands beside the tick: see preflight.py

    @property
    def _person(self) -> bool:
        return self.id == "companion_here"

    @property
    def pass_word(self) -> str:
        return _("Is here") if self._person else _("Pass")

    @property
    def fail_word(self) -> str:
        return _("Not here") if self._person else _("Fail")

    @property
    def passed(self) -> str:
        return _("Is here") if self._person else _("Passed")

    @property
    def failed(self) -> str:
        return _("Not here yet") if self._person else _("Did not pass")


@dataclass(frozen=True, slots=True)
class Group:
    heading: StrPromise | str
    rows: list[ItemRow]

    @property
    def open(self) -> int:
        return sum(not row.outcome for row in self.rows)


def _row(picture: Picture, identity: str, label: str, hint: str, vitals: Iterable[str] = ()) -> ItemRow:
    answer: Check | None = picture.checks.get(identity)
    vitals = tuple(vitals)
    newest = [picture.newest[code] for code in vitals if code in picture.newest]
    known = [each for each in newest if not each.doubt and not picture.before_arrival(each.at)]
    whole = bool(vitals) and len(known) == len(vitals)
    reading = ""
    if known:
        unit = VITALS[known[0].code].unit.display
        reading = f"{'/'.join(_written(each.code, each.value) for each in known)} {unit}".rstrip()
    return ItemRow(
        id=identity,
        label=label,
        hint=hint,
        outcome=answer.outcome if answer else "read" if whole else "",
        reading=reading,
        note=answer.note if answer else "",
        at=answer.at if answer else min((each.at for each in known), default=None),
        by=answer.by if answer else "",
        last=answer.id if answer else 0,
        by_readings=bool(vitals),
        url=reverse("console:session_check", args=[picture.id]),
        value=answer.value if answer and identity == "weight" else "",
    )


def item_row(picture: Picture, identity: str) -> ItemRow | None:
    """One item of the checklist, of discharge, or the companion's coming."""
    if identity == "companion_here":
        return companion_row(picture)
    for item in (*picture.protocol.checklist, *picture.protocol.discharge):
        if item.id == identity:
            return _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
    return None


def companion_row(picture: Picture) -> ItemRow:
    name = picture.companion.name if picture.companion else ""
    label = _("%(name)s is here") % {"name": name} if name else _("The person who takes the patient home is here")
    return _row(picture, "companion_here", label, "")


def checklist(picture: Picture) -> list[Group]:
    """The checklist before the dose, under headings; every item of the protocol once."""
    placed = {identity: number for number, (_heading, ids) in enumerate(GROUPS) for identity in ids}
    rows: list[list[ItemRow]] = [[] for _heading in GROUPS]
    for item in picture.protocol.checklist:
        row = _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
        rows[placed.get(item.id, len(GROUPS) - 1)].append(row)
    return [Group(heading, found) for (heading, _ids), found in zip(GROUPS, rows, strict=True) if found]


def discharge_items(picture: Picture) -> list[ItemRow]:
    return [
        _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
        for item in picture.protocol.discharge
    ]


# ---------------------------------------------------------------- what stands in the way


@dataclass(frozen=True, slots=True)
class Standing:
    """One reason why a step waits, with what to do about it and where."""

    code: str
    text: str
    to_do: str
    url: str
    overridable: bool


def advice(picture: Picture, code: str) -> tuple[str, str]:
    """What to do about a refusal's code, and where; empty where nothing more can be said."""
    to_do, where = TO_DO.get(code.partition(":")[0], ("", ""))
    if where == "#item":
        where = f"#item-{code.partition(':')[2]}"
    elif where == "console:rules":
        where = address(where)
    elif where.startswith("console:"):
        where = reverse(where, args=[picture.id])
    return str(to_do), where


def standing(picture: Picture, transition: str) -> list[Standing]:
    """Everything that stands in the way of a step now."""
    return [
        Standing(each.code, said(each), *advice(picture, each.code), each.override == "prescriber")
        for each in picture.standing(transition)
    ]


@dataclass(frozen=True, slots=True)
class Way:
    """The step that the page is for: its button, what stands in its way, and who may set that aside."""

    transition: str
    label: str
    url: str
    standing: list[Standing]
    allowed: bool
    may_override: bool
    asked_above: frozenset[str] = frozenset()

    @property
    def listed(self) -> list[Standing]:
        """What is listed as missing: all but what the page's own form asks for just now."""
        return [each for each in self.standing if each.code not in self.asked_above]

    @property
    def to_set_aside(self) -> list[Standing]:
        return [each for each in self.standing if each.overridable]

    @property
    def fixed(self) -> list[Standing]:
        return [each for each in self.standing if not each.overridable]

    @property
    def overridable(self) -> bool:
        return bool(self.standing) and not self.fixed


_DOSE_ITSELF = frozenset(("dose-not-recorded", "second-check-missing"))
_MAIN = {
    State.ARRIVED: "complete_checks",
    State.CHECKED: "start_dose",
    State.DOSING: "end_dose",
    State.OBSERVING: "find_ready",
    State.READY_TO_LEAVE: "leave",
}


def main_way(picture: Picture, asker: Asker) -> Way | None:
    """The one main action of the page."""
    transition = _MAIN.get(picture.state)
    if picture.state is State.STOPPED_EARLY:
        transition = "observe_after_stop" if picture.doses else "leave_without_dose"
    if transition is None:
        return None
    return Way(
        transition,
        _(protocol.BY_NAME[transition].label),
        reverse(f"console:session_{transition}", args=[picture.id]),
        standing(picture, transition),
        asker.may(PERMISSIONS[transition]),
        asker.may("session.override"),
        _DOSE_ITSELF if picture.state is State.CHECKED and dose(picture, asker).stage != "checked" else frozenset(),
    )


# ---------------------------------------------------------------- the dose


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's entry of the dose, in words."""

    who: str
    at: datetime
    drug: str
    route: str
    dose_mg: str
    lot: str


@dataclass(frozen=True, slots=True)
class Dose:
    """Where the dose stands for whoever looks: "prepare", "waits", "check", "differs", "checked", "given".

    In "check" nothing of the first entry is in here: the second person enters what they see.
    """

    stage: str
    planned: str
    drug: str
    route: str
    first: Entry | None = None
    second: Entry | None = None
    preparer: str = ""
    differs_from_plan: bool = False


def _entry(who: str, at: datetime, drug: str, route: str, dose_mg: Decimal, lot: str) -> Entry:
    return Entry(who, at, drug_word(drug), route_word(route), milligrams(dose_mg), lot)


def milligrams(value: Decimal) -> str:
    """A dose without needless zeros, in the reader's writing."""
    whole = value == value.to_integral_value()
    return str(number_format(value.quantize(Decimal(1)) if whole else value.normalize()))


def dose(picture: Picture, asker: Asker) -> Dose:
    planned = milligrams(picture.encounter.care_plan.dose_mg)
    drug, route = drug_word(picture.protocol.drug), route_word(picture.protocol.route)
    if picture.doses:
        given = picture.doses[0]
        return Dose(
            "given", planned, drug, route,
            _entry(given.by, given.started_at, given.drug, given.route, given.dose_mg, given.lot),
        )  # fmt: skip
    ready = picture.ready_dose
    if ready is None:
        return Dose("prepare", planned, drug, route)
    first, second = ready
    one = _entry(first.by, first.at, first.drug, first.route, first.dose_mg, first.lot)
    if second is not None:
        return Dose(
            "checked", planned, drug, route, one,
            _entry(second.by, second.at, second.drug, second.route, second.dose_mg, second.lot),
            differs_from_plan=first.dose_mg != picture.encounter.care_plan.dose_mg,
        )  # fmt: skip
    if picture.mismatch is not None:
        pair = [_entry(e.by, e.at, e.drug, e.route, e.dose_mg, e.lot) for e in picture.mismatch]
        return Dose("differs", planned, drug, route, pair[0], pair[1])
    if first.person_id == asker.person_id:
        return Dose(
            "waits", planned, drug, route, one, differs_from_plan=first.dose_mg != picture.encounter.care_plan.dose_mg
        )
    return Dose("check", planned, drug, route, preparer=first.by)


# ---------------------------------------------------------------- recovery


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A recovery score: what it came to, and what it must reach."""

    id: str
    title: str
    total: str
    maximum: int
    needed: str
    reached: bool
    parts: str
    at: datetime | None
    by: str
    url: str


def scores(picture: Picture) -> list[ScoreLine]:
    lines = []
    for identity in SCALES:
        scale = recovery.read(book().rule(identity))
        row = picture.checks.get(identity)
        needed = picture.protocol.number(f"{identity}_at_least")
        lines.append(
            ScoreLine(
                identity, _(scale.rule.title), row.value if row else "", scale.maximum, f"{needed:g}",
                row is not None and row.value.isdigit() and int(row.value) >= needed, row.note if row else "",
                row.at if row else None, row.by if row else "",
                reverse("console:session_score", args=[picture.id, identity]),
            )
        )  # fmt: skip
    return lines


def observed_until(picture: Picture) -> datetime | None:
    """When the observation that the protocol asks for is over."""
    ended = picture.dose_ended_at
    return None if ended is None else ended + timedelta(minutes=picture.protocol.number("min_observation"))


# ---------------------------------------------------------------- monitors


@dataclass(frozen=True, slots=True)
class MonitorLine:
    device_id: int
    name: str
    seen_at: datetime | None
    clock: str


def monitors(picture: Picture) -> list[MonitorLine]:
    return [MonitorLine(each.device_id, each.name, each.seen_at, skew_word(each.skew_s)) for each in picture.monitors]
