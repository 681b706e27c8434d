"""From a picture of a session to what its templates show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.safety import gravity
from sojourn.care.session.actions import TURNS_BY_ITSELF
from sojourn.care.session.rows import Check, Newest, WasteRow
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical import recovery
from sojourn.clinical.current import TILES, CodeGroup, DisplayedVital, rounded
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.clinical.vitals import MEAN, UNDATED, VITALS, pressure_parts
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.interfaces.console.monitors.doubt_words import doubt_words
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.answer_words import AnswerWords, words_for
from sojourn.interfaces.console.sessions.words import (
    GROUPS,
    OF_THE_CLINIC,
    OF_THE_PATIENT,
    TO_DO,
    skew_word,
    time_word,
)

SILENCE = "silence.continuous"

# Of a reading, by its code or that of its systolic.
_LABELS: Mapping[str, StrPromise] = {
    "hr": gettext_lazy("Heart rate"), "pr": gettext_lazy("Pulse"), "nibp_sys": gettext_lazy("Blood pressure"),
    "art_sys": gettext_lazy("Arterial pressure"), "spo2": gettext_lazy("Saturation"), "rr": gettext_lazy("Breathing"),
    "temp": gettext_lazy("Temperature"), "moaas": gettext_lazy("MOAA/S"), "etco2": gettext_lazy("EtCO₂"),
    "co2_rr": gettext_lazy("Breathing, CO₂"), "nibp_map": gettext_lazy("Mean pressure"),
    "art_map": gettext_lazy("Mean arterial pressure"),
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
    (gettext_lazy("Dose"), "syringe", (State.CHECKED, *UNDER_WAY), State.OBSERVING),
    (gettext_lazy("Observing"), "eye", (State.OBSERVING,), State.READY_TO_LEAVE),
    (gettext_lazy("Ready"), "circle-check", (State.READY_TO_LEAVE,), State.LEFT),
    (gettext_lazy("Left"), "house", (), State.LEFT),
)
_PAUSED = gettext_lazy("Paused")
_STOPPED = gettext_lazy("Stopped early")


def path(picture: Picture) -> list[PathStep]:
    """The way of a session with where it stands. A step that was never taken stays ahead; one that was stopped before
    its end says so for good."""
    stopped = _stopped_in(picture)
    here = picture.state
    going_on = next((number for number, step in enumerate(_WAY) if here in step[2]), None)
    if here is State.STOPPED_EARLY:
        going_on = stopped
    return [_path_step(picture, number, stopped, going_on) for number in range(len(_WAY))]


def _path_step(picture: Picture, number: int, stopped: int | None, going_on: int | None) -> PathStep:
    label, icon, _states, end = _WAY[number]
    entered = {each.state: each.at for each in picture.states}
    here = number == going_on
    if number == stopped:
        return PathStep(_STOPPED, "octagon-pause", "now" if here else "done", entered[State.STOPPED_EARLY])
    if here and picture.state is State.PAUSED:
        return PathStep(_PAUSED, "pause", "now", None)
    if here:
        return PathStep(label, icon, "now", None)
    if end in entered and (going_on is None or number < going_on):
        return PathStep(label, icon, "done", entered[end])
    return PathStep(label, icon, "ahead", None)


def _stopped_in(picture: Picture) -> int | None:
    """The step of the way in which the session was stopped."""
    for before, after in pairwise(picture.states):
        if after.state is State.STOPPED_EARLY:
            return next((number for number, step in enumerate(_WAY) if before.state in step[2]), None)
    return None


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
    undated: bool = False  # nobody knows when it was measured


def written(code: str, value: float) -> str:
    """A value of a vital sign as the reader writes numbers, to the places that it is read to."""
    return str(number_format(rounded(value, VITALS[code].places), VITALS[code].places))


def label_of(code: str) -> str:
    """The name of a vital sign where there is little room."""
    return str(_LABELS.get(code) or _(VITALS[code].short))


def _source(picture: Picture, one: Newest) -> str:
    if one.method == "monitor":
        return one.device or _("monitor")
    return _("typed by %(name)s") % {"name": one.by} if one.by else _("typed")


def _stale_after(picture: Picture, one: Newest) -> int:
    """From when a reading is old: a signal that comes all the time by the rule of silence, others by the protocol."""
    if one.method == "monitor" and one.code in picture.protocol.continuous:
        return int(released_rulebook().rule(SILENCE).number("seconds"))
    return int(picture.protocol.number("vitals_max_age") * 60)


def _figure(picture: Picture, shown: DisplayedVital) -> Figure:
    one = picture.newest[shown.code]
    values = zip(shown.codes, shown.values, strict=True)
    return Figure(
        label_of(shown.code),
        "/".join("–" if value is None else written(code, value) for code, value in values),
        VITALS[shown.code].unit.display,
        one.at,
        _stale_after(picture, one),
        doubt_words(shown.quality_flag) if shown.quality_flag else _source(picture, one),
        bool(shown.quality_flag),
        picture.before_arrival(one.at),
        undated=shown.quality_flag in UNDATED,
    )


def _current(picture: Picture, *groups: CodeGroup) -> DisplayedVital | None:
    limit = {each.code: float(_stale_after(picture, each)) for each in picture.newest.values()}
    return picture.glance.displayed(groups, limit.__getitem__)


# The vital signs that stand in no tile, each by itself.
_UNPLACED: tuple[CodeGroup, ...] = tuple(
    (code,) for code in VITALS if not any(code in group for groups in TILES.values() for group in groups)
)


def tile(picture: Picture, key: str) -> Figure | None:
    """What is shown of one question: that of the board's tile. None where nothing was read."""
    chosen = _current(picture, *TILES[key])
    return _figure(picture, chosen) if chosen else None


def figures(picture: Picture) -> list[Figure]:
    """What is shown of every vital sign, the four of the board first; then the other source of pressure, and the
    rest."""
    chosen = [found for groups in TILES.values() if (found := _current(picture, *groups))]
    shown = [each.codes for each in chosen]
    others = [
        group for group in (*TILES["bp"], *TILES["rr"], *_UNPLACED) if group not in shown and group[0] not in MEAN
    ]  # fmt: skip
    rest = [found for group in others if (found := _current(picture, group))]
    return [_figure(picture, each) for each in (*chosen, *rest)]


# ---------------------------------------------------------------- what is due


@dataclass(frozen=True, slots=True)
class DueCheck:
    """The schedule of checks: when the next one is due, and which were missed."""

    at: datetime | None
    overdue: bool
    missed: tuple[str, ...]


def due(picture: Picture) -> DueCheck | None:
    """None before the dose."""
    found = picture.glance.due
    if found is None:
        return None
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
    def words(self) -> AnswerWords:
        """What its two answers are called."""
        return words_for(self.id)

    @property
    def raised(self) -> bool:
        """Whether its answer has raised a flag."""
        return self.outcome == "failed" and gravity.table().of_check(self.id, passed=False) is not None

    @property
    def asks_why(self) -> bool:
        """Whether the answer that lets the session go on needs a note: the other one was given before."""
        return self.outcome == "failed" and self.id not in TURNS_BY_ITSELF


@dataclass(frozen=True, slots=True)
class ChecklistGroup:
    heading: StrPromise | str
    rows: list[ItemRow]

    @property
    def open(self) -> int:
        return sum(not row.outcome for row in self.rows)


def _row(picture: Picture, identity: str, label: str, hint: str, vitals: Iterable[str] = ()) -> ItemRow:
    newest: Check | None = picture.checks.get(identity)
    answer = None if newest is not None and _of_before(picture, identity, newest) else newest
    vitals = tuple(vitals)
    known = _known(picture, vitals)
    row = ItemRow(
        id=identity,
        label=label,
        hint=hint,
        outcome="read" if vitals and len(known) == len(vitals) else "",
        reading=_reading_words(known),
        note="",
        at=min((each.at for each in known), default=None),
        by="",
        last=newest.id if newest else 0,
        by_readings=bool(vitals),
        url=reverse("console:session_check", args=[picture.id]),
    )
    if answer is None:
        return row
    value = answer.value if identity == "weight" else ""
    return replace(row, outcome=answer.outcome, note=answer.note, at=answer.at, by=answer.by, value=value)


def _known(picture: Picture, vitals: Sequence[str]) -> list[Newest]:
    """The newest readings that answer an item: of here, and believed."""
    read = [picture.newest[code] for code in vitals if code in picture.newest]
    known = [each for each in read if not each.doubt and not picture.before_arrival(each.at)]
    if pressure_parts(tuple(vitals)) and len({each.at for each in known}) > 1:
        return known[:1]  # two halves of two measurements are no pressure
    return known


def _reading_words(known: Sequence[Newest]) -> str:
    if not known:
        return ""
    unit = VITALS[known[0].code].unit.display
    return f"{'/'.join(written(each.code, each.value) for each in known)} {unit}".rstrip()


def _of_before(picture: Picture, identity: str, answer: Check) -> bool:
    """Whether an item of leaving was answered before the present observation: it is asked anew."""
    since = picture.observing_since
    return since is not None and answer.at < since and any(each.id == identity for each in picture.protocol.discharge)


def item_row(picture: Picture, identity: str) -> ItemRow | None:
    """One item of the checklist, of discharge, or the escort's coming."""
    if identity == "companion_here":
        return escort_row(picture)
    for item in (*picture.protocol.checklist, *picture.protocol.discharge):
        if item.id == identity:
            return _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
    return None


def escort_row(picture: Picture) -> ItemRow:
    name = picture.escort.name if picture.escort else ""
    label = _("%(name)s is here") % {"name": name} if name else _("The person who takes the patient home is here")
    return _row(picture, "companion_here", label, "")


def checklist(picture: Picture) -> list[ChecklistGroup]:
    """The checklist before the dose, under headings; every item of the protocol once."""
    placed = {identity: number for number, (_heading, ids) in enumerate(GROUPS) for identity in ids}
    rows: list[list[ItemRow]] = [[] for _heading in GROUPS]
    for item in picture.protocol.checklist:
        row = _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
        rows[placed.get(item.id, len(GROUPS) - 1)].append(row)
    return [ChecklistGroup(heading, found) for (heading, _ids), found in zip(GROUPS, rows, strict=True) if found]


def discharge_items(picture: Picture) -> list[ItemRow]:
    return [
        _row(picture, item.id, _(item.label), _(item.hint) if item.hint else "", item.vitals)
        for item in picture.protocol.discharge
    ]


# ---------------------------------------------------------------- figures of a dose


def milligrams(value: Decimal | Fraction, places: int = 2) -> str:
    """A figure of a dose to hundredths (a half up), without needless zeros, in the reader's writing."""
    scale = 10**places
    found = Decimal(math.floor(Fraction(value) * scale + Fraction(1, 2))).scaleb(-places)
    whole = found == found.to_integral_value()
    return str(number_format(found.quantize(Decimal(1)) if whole else found.normalize()))


def waste_words(what: WasteRow) -> tuple[str, str]:
    """What was thrown away, and how and before whom."""
    seen = _("witnessed by %(name)s") % {"name": what.witness} if what.witness else ""
    return _("%(mg)s mg thrown away") % {"mg": milligrams(what.mg)}, " · ".join(filter(None, (what.how, seen)))


# ---------------------------------------------------------------- what to do about a refusal


def advice(picture: Picture, code: str) -> tuple[str, str]:
    """What to do about a refusal's code, and where; empty where nothing more can be said."""
    stem, _colon, item = code.partition(":")
    found = TO_DO.get(code) or TO_DO.get(stem)
    if found is None:
        return "", ""
    to_do, where = found
    if where == "#item":
        where = f"#item-{item}"
    elif where in OF_THE_CLINIC:
        where = address(where)
    elif where in OF_THE_PATIENT:
        where = address(where, picture.encounter.patient_id)
    elif where.startswith("console:"):
        where = reverse(where, args=[picture.id])
    return str(to_do), where


# ---------------------------------------------------------------- recovery


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A recovery score of the present observation: what it came to, and what it must reach. ``required``: nobody leaves
    without it; a score that is recorded must reach its threshold all the same."""

    id: str
    title: str
    total: str
    maximum: int
    needed: str
    reached: bool
    required: bool
    parts: str
    at: datetime | None
    by: str
    url: str


def scores(picture: Picture) -> list[ScoreLine]:
    """The recovery scores, in the order in which they are scored."""
    return [_score_line(picture, scale_id) for scale_id in recovery.SCALES]


def _score_line(picture: Picture, scale_id: str) -> ScoreLine:
    scale = recovery.read(released_rulebook().rule(scale_id))
    row = picture.checks_observing.get(scale_id)
    needed = picture.protocol.number(f"{scale_id}_at_least")
    return ScoreLine(
        scale_id, _(scale.rule.title), row.value if row else "", scale.maximum, f"{needed:g}",
        row is not None and row.value.isdigit() and int(row.value) >= needed,
        scale_id == recovery.PADSS or picture.leaving.aldrete_first,
        row.note if row else "", row.at if row else None, row.by if row else "",
        reverse("console:session_score", args=[picture.id, scale_id]),
    )  # fmt: skip


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
