"""What stands in the way of a step, by who may pass it: nobody, two prescribers, or one with a reason.

What the session's own rows say is known with the snapshot and refreshed every few seconds. What the other rooms say
(decision, agreements, plan, rules of the day, alarms, the dose) takes ten statements: a page asks it once, and again
every half minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.encounter.actions import PERMISSIONS
from sojourn.care.session import next_dose
from sojourn.care.session.snapshot import Against
from sojourn.care.session.snapshot import SessionSnapshot as Picture
from sojourn.clinical import protocol
from sojourn.clinical.protocol import UNDER_WAY, State
from sojourn.clinical.protocol.guards import STRICTNESS
from sojourn.foundation.accounts.actor import Actor
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.sessions.answer_words import reason_words
from sojourn.interfaces.console.sessions.presenters import advice


@dataclass(frozen=True, slots=True)
class StepObstacle:
    """One reason why a step waits, with what to do about it and where. ``override``: who may pass it; ``key``: the
    reason with the very values that are shown, so that a signature covers no others."""

    code: str
    text: str
    to_do: str
    url: str
    override: str
    key: str

    @property
    def overridable(self) -> bool:
        """Whether one prescriber may pass it, here."""
        return self.override == "prescriber"


def _standing(picture: Picture, reasons: Iterable[protocol.GuardReason]) -> list[StepObstacle]:
    return [
        StepObstacle(each.code, reason_words(each), *advice(picture, each.code), each.override, each.key)
        for each in reasons
    ]


def standing(picture: Picture, transition: str, against: Against | None = None) -> list[StepObstacle]:
    """Everything that stands in the way of a step now. ``against``: what the other rooms say; without it a step that
    lets milligrams in is judged by the session's own rows alone."""
    return _standing(picture, picture.standing(transition, against))


# ---------------------------------------------------------------- by who may pass it


@dataclass(frozen=True, slots=True)
class PassGroup:
    """Reasons that the same people may pass. ``url``: where they sign it, for two."""

    override: str
    heading: StrPromise
    icon: str
    rows: list[StepObstacle]
    url: str = ""


_HEADINGS: Final[dict[str, tuple[StrPromise, str]]] = {
    "never": (gettext_lazy("Nobody may pass this"), "lock"),
    "two": (gettext_lazy("Only two prescribers may pass this, each with a signature"), "users"),
    "prescriber": (gettext_lazy("One prescriber may pass this, with a reason"), "signature"),
}


def grouped(picture: Picture, rows: Iterable[StepObstacle]) -> list[PassGroup]:
    """Reasons under who may pass them, the strictest first."""
    found = list(rows)
    return [
        PassGroup(
            override, *_HEADINGS[override], [each for each in found if each.override == override],
            address("console:candidacy", picture.encounter.patient_id) if override == "two" else "",
        )
        for override in STRICTNESS
        if any(each.override == override for each in found)
    ]  # fmt: skip


# ---------------------------------------------------------------- what the other rooms say


def by_the_road(picture: Picture, against: Against | None, actor: Actor) -> list[StepObstacle]:
    """What the other rooms say against the next dose step, but what must not be seen yet."""
    return _standing(
        picture,
        (
            each
            for each in next_dose.said_by_the_road(picture, against)
            if not (is_of_the_dose(each.code) and is_blind(picture, actor))
        ),
    )


def is_of_the_dose(code: str) -> bool:
    """Whether a refusal speaks of the dose in the hand, with its figures."""
    return code.startswith("dose:")


def is_blind(picture: Picture, actor: Actor) -> bool:
    """Whether whoever looks must not see the prepared dose yet: nobody but who prepared it may, until it is checked
    or the two entries differ."""
    ready = picture.ready_dose
    if picture.doses or ready is None or ready[1] is not None:
        return False
    return ready[0].person_id != actor.person_id


def unseen(picture: Picture, actor: Actor) -> frozenset[int]:
    """The entries of a dose, by number, that whoever looks must not see yet, wherever they look. Once the session has
    gone past the preparing there is nothing left to check unseen."""
    if picture.state not in {State.ARRIVED, State.CHECKED} or not is_blind(picture, actor):
        return frozenset()
    return frozenset(each.id for each in picture.prepared if each.person_id != actor.person_id)


# ---------------------------------------------------------------- the step that the page is for


@dataclass(frozen=True, slots=True)
class PrimaryAction:
    """The step that the page is for: its button, what stands in its way, and who may set that aside.

    ``standing`` is what the session's own rows say, ``road`` what the other rooms say; ``road_count`` is how many of
    those there are, also where only their number is known.
    """

    transition: str
    label: str
    url: str
    standing: list[StepObstacle]
    allowed: bool
    may_override: bool
    groups: list[PassGroup]
    road: list[StepObstacle]
    road_groups: list[PassGroup]
    road_count: int
    road_is_later: bool = False  # the road is asked for a later step than this one
    asked_above: frozenset[str] = frozenset()

    @property
    def listed(self) -> list[StepObstacle]:
        """What is listed as missing: all but what the page's own form asks for just now."""
        return [each for each in self.standing if each.code not in self.asked_above]

    @property
    def count(self) -> int:
        """How many things stand in the way of this very step."""
        return len(self.listed) + (0 if self.road_is_later else self.road_count)

    @property
    def waits(self) -> bool:
        return bool(self.standing) or (self.road_count > 0 and not self.road_is_later)

    @property
    def _all(self) -> list[StepObstacle]:
        return [*self.standing, *(() if self.road_is_later else self.road)]

    @property
    def to_set_aside(self) -> list[StepObstacle]:
        return [each for each in self._all if each.overridable]

    @property
    def fixed(self) -> list[StepObstacle]:
        """What one prescriber cannot pass here."""
        return [each for each in self._all if not each.overridable]


_DOSE_ITSELF = frozenset(("dose-not-recorded", "second-check-missing", "entries-differ"))
_MAIN = {
    State.ARRIVED: "complete_checks",
    State.CHECKED: "start_dose",
    State.DOSING: "end_dose",
    State.PAUSED: "resume",
    State.OBSERVING: "find_ready",
    State.READY_TO_LEAVE: "leave",
}


def main_way(picture: Picture, actor: Actor, against: Against | None, *, road_known: int = 0) -> PrimaryAction | None:
    """The one main action of the page. Where the other rooms were not asked this time, ``road_known`` is how many of
    their reasons the page shows."""
    transition = _MAIN.get(picture.state)
    if picture.state is State.STOPPED_EARLY:
        transition = "observe_after_stop" if picture.doses else "leave_without_dose"
    if transition is None:
        return None
    asks_itself = _DOSE_ITSELF if picture.state is State.CHECKED and not _is_checked(picture) else frozenset[str]()
    return way(
        picture, actor, transition, standing(picture, transition), by_the_road(picture, against, actor),
        road_count=None if against is not None else road_known, asked_above=asks_itself,
    )  # fmt: skip


def part_way(picture: Picture, actor: Actor, against: Against | None) -> PrimaryAction | None:
    """The next spray device, where one is left."""
    if next_dose.asked_for(picture) != "give_part":
        return None
    return way(
        picture, actor, "give_part", standing(picture, "give_part"), by_the_road(picture, against, actor)
    )  # fmt: skip


def way(
    picture: Picture, actor: Actor, transition: str, own: list[StepObstacle], road: list[StepObstacle], *,
    road_count: int | None = None, asked_above: frozenset[str] = frozenset(), url: str = "",
) -> PrimaryAction:  # fmt: skip
    """A step with what stands in its way."""
    return PrimaryAction(
        transition,
        _(protocol.BY_NAME[transition].label),
        url or reverse(f"console:session_{transition}", args=[picture.id]),
        own,
        actor.may(PERMISSIONS[transition]),
        actor.may("session.override"),
        grouped(picture, (each for each in own if each.code not in asked_above)),
        road,
        grouped(picture, road),
        len(road) if road_count is None else road_count,
        road_is_later="road" not in protocol.BY_NAME[transition].guards,
        asked_above=asked_above,
    )


def refused_way(
    picture: Picture, actor: Actor, transition: str, reasons: Iterable[protocol.GuardReason], url: str
) -> PrimaryAction:
    """A step as the engine has just refused it, with every reason of it."""
    return way(picture, actor, transition, _standing(picture, reasons), [], url=url)


def shows_step(picture: Picture, actor: Actor) -> bool:
    """Whether the page has the button of its main step. A dose that nobody has checked yet has none, except for a
    prescriber who prepared it and is alone with it; a running dose has a bar of its own."""
    transition = _MAIN.get(picture.state)
    if picture.state in UNDER_WAY:
        return False
    if picture.state is not State.CHECKED or transition is None or _is_checked(picture):
        return True
    ready = picture.ready_dose
    alone = ready is not None and picture.double_check.unresolved is None and ready[0].person_id == actor.person_id
    return alone and actor.may("session.override")


def _is_checked(picture: Picture) -> bool:
    ready = picture.ready_dose
    return ready is not None and ready[1] is not None
