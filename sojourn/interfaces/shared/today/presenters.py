"""A patient's first page: the codes of ``care/companion/stages`` in words, each with the page that it leads to.

The patient reads it in the portal; staff look at the same in the console, where nothing on it leads anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.care.companion import stages
from sojourn.care.companion.queries import Found, found
from sojourn.care.companion.stages import Facts, Stage, Station, Thing, Today
from sojourn.care.measures import queries as measures_queries
from sojourn.care.scheduling.models import Appointment
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_local
from sojourn.foundation.scope import PatientScope
from sojourn.interfaces.shared.today.coming import Coming, coming
from sojourn.interfaces.shared.today.sheets import Open, length_in_words, waiting_sheets

_SENTENCES: Final[Mapping[Stage, StrPromise]] = {
    "invited": gettext_lazy("Welcome. You begin by telling us about your health, in your own time."),
    "intake": gettext_lazy(
        "You have begun to tell us about your health. What you wrote is kept. Go on when it suits you."
    ),
    "deciding": gettext_lazy("Your care team reads what you told us. They write to you when they have an answer."),
    "agreed": gettext_lazy("You and your care team have both said yes. Next, you make a plan together."),
    "planned": gettext_lazy("Your plan is written. Next, the clinic books your first session with you."),
    "waiting": gettext_lazy("Your first session is booked. Your care team helps you get ready for it."),
    "week_before": gettext_lazy(
        "Your session is a few days away. Now is a good time to plan the way there and the way home."
    ),
    "day": gettext_lazy("Your session is today."),
    "arriving": gettext_lazy(
        "The front desk can see that you are here. If nobody speaks to you in a few minutes, speak to them."
    ),
    "session": gettext_lazy("Somebody is looking after you."),
    "first_evening": gettext_lazy("Your session is over. Rest now. Nothing on this page has to be done today."),
    "window": gettext_lazy(
        "These are the days after your session. Take note of how you are, and talk with people you trust."
    ),
    "between": gettext_lazy("You are between two sessions. Your next one is booked."),
    "after_series": gettext_lazy(
        "All planned sessions are done. You and your care team look at what helped, and what comes next."
    ),
    "staying_well": gettext_lazy("Your sessions are done and your course has ended. Now it is about staying well."),
    "paused": gettext_lazy("Your sessions are on hold. Nothing is booked right now."),
    "declined": gettext_lazy("Your care team has an answer for you, and other ways to go on."),
    "ended": gettext_lazy("Your course has ended. You can still write to the clinic."),
}  # fmt: skip
_YOUR_TURN: Final = gettext_lazy(
    "Your care team says that this treatment can fit you. Now it is your turn to decide. Take the time you need."
)
_NEEDED_FIRST: Final = gettext_lazy("Something is needed first. Then your care team looks again.")
_STILL_BOOKED: Final = gettext_lazy("Something is needed first. Ask the clinic if your booked visit still stands.")


@dataclass(frozen=True, slots=True)
class ThingView:
    """Something to do: what it is, a sentence about it, what its button says, and where that leads. ``sends``: the
    button sends a form; ``url`` is empty where staff look at the page."""

    code: Thing
    title: StrPromise | str
    words: StrPromise | str
    button: StrPromise | str
    icon: str
    url: str
    sends: bool = False


@dataclass(frozen=True, slots=True)
class SheetView:
    """A questionnaire that waits beside the main thing."""

    title: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The appointment ahead, in words. ``is_near``: how to find the clinic is told with it."""

    starts_at: datetime
    how_long: str
    escort: str
    is_near: bool


@dataclass(frozen=True, slots=True)
class StationView:
    """A station of the path: where it leads, and what happens there."""

    code: Station
    label: StrPromise | str
    words: StrPromise
    url: str
    standing: str

    @property
    def icon(self) -> str:
        return {"done": "circle-check", "now": "footprints", "ahead": "circle-dashed"}[self.standing]


@dataclass(frozen=True, slots=True)
class TodayView:
    """The whole page. ``sheets``: the questionnaires that wait beside the main thing."""

    stage: Stage
    sentence: StrPromise | str
    main: ThingView
    rest: tuple[ThingView, ...]
    sheets: tuple[SheetView, ...]
    next: NextVisit | None
    coming: Coming | None
    path: tuple[StationView, ...]


def today_view(of: PatientScope, clinic: Clinic, now: datetime, *, leads: bool = True) -> TodayView:
    """What a patient sees today, in the language of the page. ``leads``: their own page, on which things lead
    somewhere. Four queries, five near a visit."""
    there = found(of, clinic, now)
    sheets = waiting_sheets(measures_queries.open_requests(of), now)
    facts = replace(there.facts, sheets=len(sheets))
    today = stages.today(facts, now)
    next_visit = _next(there, today, now)
    near = next_visit is not None and next_visit.is_near
    page = _Page(facts, today, tuple(sheets), leads)
    return TodayView(
        stage=today.stage,
        sentence=_sentence(facts, today),
        main=page.thing(today.main),
        rest=tuple(page.thing(each) for each in today.rest if each != "sheet"),
        sheets=page.other_sheets(),
        next=next_visit,
        coming=coming(clinic) if near else None,
        path=page.path(),
    )


def _sentence(facts: Facts, today: Today) -> StrPromise | str:
    if today.stage == "day" and today.visit is not None:
        when = formats.date_format(page_local(today.visit.begins), "H:i")
        return _("Your session is today, at %(time)s.") % {"time": when}
    if today.stage == "deciding" and facts.answer:
        return _YOUR_TURN
    if today.stage == "paused" and facts.answer == "defer":
        return _STILL_BOOKED if today.visit is not None else _NEEDED_FIRST
    return _SENTENCES[today.stage]


def _next(there: Found, today: Today, now: datetime) -> NextVisit | None:
    visit = today.visit
    if visit is None or visit.is_running:
        return None
    row: Appointment = there.appointments[visit.id]
    escort = row.escort
    is_near = there.facts.day_of(visit.begins) - there.facts.day_of(now) <= stages.WEEK
    return NextVisit(
        visit.begins, length_in_words(visit.ends - visit.begins),
        escort.name if escort is not None and escort.ended_at is None else "", is_near,
    )  # fmt: skip


# ---------------------------------------------------------------- things to do

_PAGES: Final[Mapping[Thing, str]] = {
    "intake": "portal:intake", "agreements": "portal:agreements", "answer": "portal:decision",
    "message": "portal:messages", "times": "portal:visits_times", "ride_home": "portal:visit_escort",
    "here": "portal:visit_here", "take_back": "portal:visit_not_here", "quiet_screen": "portal:here",
    "place": "portal:coming", "visits": "portal:visits", "plan": "portal:plan", "progress": "portal:progress",
    "read": "library:index", "ask": "portal:messages",
}  # fmt: skip
_OF_THE_VISIT: Final = frozenset(("ride_home", "here", "take_back"))
_SENT: Final = frozenset(("here", "take_back"))
_ICONS: Final[Mapping[Thing, str]] = {
    "intake": "notebook-pen", "agreements": "signature", "answer": "file-text", "sheet": "clipboard-list",
    "message": "message-circle", "times": "calendar-clock", "ride_home": "car", "here": "user-check",
    "take_back": "undo-2", "quiet_screen": "moon-star", "place": "house", "visits": "calendar",
    "plan": "file-text", "progress": "trending-up", "read": "book-open", "ask": "pen-line",
}  # fmt: skip
# What it is, a sentence about it, and what its button says.
_THINGS: Final[Mapping[Thing, tuple[StrPromise, StrPromise, StrPromise]]] = {
    "intake": (
        gettext_lazy("Tell us about your health"),
        gettext_lazy(
            "Some questions about your health, your medicines and your hopes. Tell them in your own time, in pieces. "
            "Your care team reads them before you talk."
        ),
        gettext_lazy("Open my intake"),
    ),
    "answer": (
        gettext_lazy("Our answer to your intake"),
        gettext_lazy("Your care team has read your intake and written to you."),
        gettext_lazy("Read our answer"),
    ),
    "times": (
        gettext_lazy("When can you come?"),
        gettext_lazy("Tell the clinic which days and times suit you. It plans your visits by that."),
        gettext_lazy("Say which times suit me"),
    ),
    "ride_home": (
        gettext_lazy("Who brings you home?"),
        gettext_lazy(
            "You must not drive after the visit until the next day, after a good night's sleep. So somebody picks you "
            "up."
        ),
        gettext_lazy("Name who brings you home"),
    ),
    "here": (
        gettext_lazy("Have you arrived?"),
        gettext_lazy("Tap this when you are in the clinic. The front desk can see it then."),
        gettext_lazy("I am here"),
    ),
    "take_back": (
        gettext_lazy("Not here yet?"),
        gettext_lazy("If it was a slip of the finger, you can take it back for a few minutes."),
        gettext_lazy("I am not here yet"),
    ),
    "quiet_screen": (
        gettext_lazy("You are in a session"),
        gettext_lazy("This screen is dark and quiet. It has one button, to call someone to you."),
        gettext_lazy("Open the quiet screen"),
    ),
    "place": (
        gettext_lazy("Where to come and what it costs"),
        gettext_lazy("The way to the clinic, what a visit costs, and how to move or cancel one."),
        gettext_lazy("Where to come and what it costs"),
    ),
    "visits": (
        gettext_lazy("Your visits"),
        gettext_lazy("All that is booked, and who brings you home."),
        gettext_lazy("See my visits"),
    ),
    "plan": (
        gettext_lazy("Your plan"),
        gettext_lazy("What you get, how often, and when you look at it together again."),
        gettext_lazy("Read my plan"),
    ),
    "progress": (
        gettext_lazy("How you are doing"),
        gettext_lazy("What you answered over time, and what it shows."),
        gettext_lazy("See my progress"),
    ),
    "ask": (
        gettext_lazy("Ask your care team"),
        gettext_lazy("Write to the clinic about whatever is on your mind."),
        gettext_lazy("Write a message"),
    ),
}
# What the button says below its own title and sentence; as a link alone it has to say what it leads to.
_AS_MAIN: Final[Mapping[Thing, StrPromise]] = {
    "read": gettext_lazy("Read about it"),
    "place": gettext_lazy("Show me"),
    "message": gettext_lazy("Read it"),
    "agreements": gettext_lazy("Your agreements"),
}
# What there is to read, by where one is.
_READING: Final[Mapping[Stage, tuple[StrPromise, StrPromise]]] = {
    **dict.fromkeys(
        ("invited", "intake", "deciding", "declined", "ended"),
        (
            gettext_lazy("What is known of this treatment"),
            gettext_lazy("What it is, what it can and cannot do, and how we know. In plain words."),
        ),
    ),
    **dict.fromkeys(
        ("agreed", "planned", "waiting", "week_before"),
        (
            gettext_lazy("What to expect"),
            gettext_lazy("What a session is like, and how to get ready for it. In plain words."),
        ),
    ),
    **dict.fromkeys(
        ("day", "arriving", "session"),
        (gettext_lazy("What happens now"), gettext_lazy("A session from beginning to end, step by step.")),
    ),
    "first_evening": (
        gettext_lazy("The hours after a session"),
        gettext_lazy("How people feel in the first hours, and when to call. Read it only if you want to."),
    ),
    **dict.fromkeys(
        ("window", "between", "after_series", "paused"),
        (
            gettext_lazy("The time after a session"),
            gettext_lazy("How others made sense of what they saw and felt, and brought it into their days."),
        ),
    ),
    "staying_well": (
        gettext_lazy("Staying well"),
        gettext_lazy("Sleep, food, movement, people: what helps to keep what you have gained."),
    ),
}


@dataclass(frozen=True, slots=True)
class _Page:
    """What the parts of the page are made of."""

    facts: Facts
    today: Today
    sheets: tuple[Open, ...]
    leads: bool

    def thing(self, code: Thing) -> ThingView:
        title, words, button = self._worded(code)
        if code == self.today.main:
            button = _AS_MAIN.get(code, button)
        url = self.sheets[0].url if code == "sheet" else self._address(code)
        return ThingView(code, title, words, button, _ICONS[code], url if self.leads else "", code in _SENT)

    def other_sheets(self) -> tuple[SheetView, ...]:
        """The questionnaires that wait beside the main thing, where any may be answered now."""
        if self.today.main != "sheet" and "sheet" not in self.today.rest:
            return ()
        others = self.sheets[1:] if self.today.main == "sheet" else self.sheets
        return tuple(SheetView(each.title, sheet_words(each), each.url if self.leads else "") for each in others)

    def _worded(self, code: Thing) -> tuple[StrPromise | str, StrPromise | str, StrPromise | str]:
        by_facts: Mapping[Thing, Callable[[], tuple[StrPromise | str, StrPromise | str, StrPromise | str]]] = {
            "agreements": self._agreements, "message": self._messages, "sheet": self._sheet, "intake": self._intake,
            "read": lambda: (*_READING[self.today.stage], _READING[self.today.stage][0]),
        }  # fmt: skip
        return by_facts[code]() if code in by_facts else _THINGS[code]

    def _agreements(self) -> tuple[str, str, str]:
        words = ngettext(
            "One agreement is open. Read it in your own time, and ask before you sign.",
            "%(n)s agreements are open. Read them in your own time, and ask before you sign.",
            self.facts.agreements or 0,
        ) % {"n": self.facts.agreements}
        n = self.facts.agreements or 0
        label = ngettext("%(n)d agreement to read and sign", "%(n)d agreements to read and sign", n) % {"n": n}
        return _("Something to read and sign"), words, label

    def _messages(self) -> tuple[str, str, str]:
        n = self.facts.unread
        title = ngettext("A message from the clinic", "%(n)s messages from the clinic", n) % {"n": n}
        return title, _("The clinic has written to you."), title

    def _intake(self) -> tuple[StrPromise, StrPromise, StrPromise]:
        title, words, button = _THINGS["intake"]
        return title, words, gettext_lazy("Go on with my intake") if self.facts.is_begun else button

    def _sheet(self) -> tuple[str, str, str]:
        first = self.sheets[0]
        return first.title, sheet_words(first), _("Go on") if first.progress else _("Begin")

    def _address(self, code: Thing) -> str:
        visit = self.today.visit
        return reverse(_PAGES[code], args=[visit.id] if visit is not None and code in _OF_THE_VISIT else [])

    def path(self) -> tuple[StationView, ...]:
        at = stages.station_of(self.today.stage, self.facts)
        return tuple(
            StationView(station, self._label(station), _HAPPENS[station], self._way_to(station), standing)
            for station, standing in stages.standings(at)
        )  # fmt: skip

    def _way_to(self, station: Station) -> str:
        """The first talk leads to what was told, and once there is an answer to that."""
        name = "portal:decision" if station == "consultation" and self.facts.answer else _LEADS_TO[station]
        return reverse(name) if self.leads else ""

    def _label(self, station: Station) -> StrPromise | str:
        course = self.facts.course
        if station != "sessions" or course is None or not course.planned_sessions:
            return _LABELS[station]
        done, planned = self.facts.sessions_done, course.planned_sessions
        if not done:
            return ngettext("%(n)d session", "%(n)d sessions", planned) % {"n": planned}
        return _("Sessions: %(done)d of %(planned)d") % {"done": done, "planned": max(planned, done)}


def sheet_words(sheet: Open) -> str:
    """How far it is, or how long it takes, and by when it is wanted."""
    day = formats.date_format(page_local(sheet.due_at), _("j F"))
    by = _("still open since %(day)s") if sheet.late else _("best done by %(day)s")
    return f"{sheet.progress or sheet.minutes} · {by % {'day': day}}"


# ---------------------------------------------------------------- the path

_LABELS: Final[Mapping[Station, StrPromise]] = {
    "consultation": gettext_lazy("First talk"),
    "plan": gettext_lazy("Your plan"),
    "preparation": gettext_lazy("Getting ready"),
    "sessions": gettext_lazy("Sessions"),
    "integration": gettext_lazy("Making sense of it"),
    "follow_up": gettext_lazy("Staying well"),
}
_HAPPENS: Final[Mapping[Station, StrPromise]] = {
    "consultation": gettext_lazy(
        "You tell us about your health. You and your care team find out if this treatment fits you."
    ),
    "plan": gettext_lazy("You agree on what you get, how often, and what goes with it."),
    "preparation": gettext_lazy("You learn what to expect, and plan the way there and the way home."),
    "sessions": gettext_lazy("Your visits to the clinic, one at a time."),
    "integration": gettext_lazy("You look at what has changed, and talk about what it means for your days."),
    "follow_up": gettext_lazy("You look after yourself, and tell the clinic if hard days come back."),
}  # fmt: skip
_LEADS_TO: Final[Mapping[Station, str]] = {
    "consultation": "portal:intake", "plan": "portal:plan", "preparation": "portal:coming",
    "sessions": "portal:visits", "integration": "portal:progress", "follow_up": "library:index",
}  # fmt: skip
