"""What changed in a person's medicines since the decision, the plan or the last dose, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.intake.medicine_history import After, ChangedSince, MedicineChange
from sojourn.care.intake.models import TakenBy
from sojourn.care.intake.queries import MedicineTaken
from sojourn.clinical.eligibility.today import Notice
from sojourn.foundation.clock import page_day

_SINCE: Final[Mapping[After, StrPromise]] = {
    "decision": gettext_lazy("Since the decision of %(day)s: %(what)s"),
    "plan": gettext_lazy("Since the plan was signed on %(day)s: %(what)s"),
    "dose": gettext_lazy("Since the last dose on %(day)s: %(what)s"),
}
_WHAT: Final = {
    "begun": gettext_lazy("new: %(names)s"),
    "changed": gettext_lazy("changed: %(names)s"),
    "stopped": gettext_lazy("stopped: %(names)s"),
}


def sentences(changed: Iterable[ChangedSince]) -> Iterator[str]:
    """One sentence for each moment after which something changed, the newest moment first."""
    for each in changed:
        day = date_format(page_day(each.at), "j F Y")
        yield str(_SINCE[each.after]) % {"day": day, "what": "; ".join(_parts(each.changes))}


def _parts(changes: Iterable[MedicineChange]) -> Iterator[str]:
    changes = tuple(changes)
    for what, words in _WHAT.items():
        names = [_name(each) for each in changes if each.what == what]
        if names:
            yield str(words) % {"names": ", ".join(names)}


def _name(change: MedicineChange) -> str:
    if change.was is None or change.now is None:
        return taken_words(change.taken)
    return _("%(was)s, now %(now)s") % {"was": taken_words(change.was), "now": taken_words(change.now)}


# New medicines whose interaction is slight or not studied stand in one line: a long list is no wall.
_SLIGHT: Final = ("minor", "unknown", "none")


def by_weight(notices: Iterable[Notice]) -> tuple[list[Notice], list[Notice]]:
    """The notices that are shown one by one, and those that share a line."""
    every = list(notices)
    slight = [each for each in every if each.severity in _SLIGHT or each.code == "no-statement"]
    return [each for each in every if each not in slight], slight


def in_one_line(notices: Iterable[Notice]) -> str:
    return "; ".join(f"{', '.join(each.medicines)} – {_(each.title)}" for each in notices)


def taken_words(taken: MedicineTaken) -> str:
    """A medicine as the person named it, with dose, frequency and route where they are told."""
    route = str(TakenBy(taken.route).label) if taken.route else ""
    return " ".join(filter(None, (taken.name, taken.dose, taken.how_often, route)))
