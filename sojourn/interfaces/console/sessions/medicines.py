"""Medicines given by hand in a session: what is typed, what the rules say of it, and what was given so far.

A warning is shown beside what is typed and beside what was saved. It holds nobody back: what was given is written down.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.session import medicine_actions
from sojourn.care.session.rows import ByHand
from sojourn.care.session.snapshot import SessionSnapshot
from sojourn.clinical.interactions import Level
from sojourn.clinical.protocol import PRESENT, State
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_day
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.foundation.ui.numbers import AmountField
from sojourn.interfaces.console.rules.words import LEVELS
from sojourn.interfaces.console.sessions.forms import ClockField, moment_of
from sojourn.interfaces.console.sessions.frame import common, refusal, status
from sojourn.interfaces.console.sessions.words import ROUTES, Words
from sojourn.interfaces.shared.sessions import FORM, SessionPage, session_page

UNITS: Final[Words] = {
    "mg": pgettext_lazy("unit", "mg"), "ug": pgettext_lazy("unit", "µg"), "g": pgettext_lazy("unit", "g"),
    "mL": pgettext_lazy("unit", "mL"), "L/min": pgettext_lazy("unit", "L/min"),
    "{puff}": pgettext_lazy("unit", "puffs"), "{tablet}": pgettext_lazy("unit", "tablets"),
}  # fmt: skip
GIVEN_BY: Final[Words] = {
    **{code: word for code, word in ROUTES.items() if code != "film"},
    "inhaled": gettext_lazy("inhaled"), "skin": gettext_lazy("on the skin"),
}  # fmt: skip
# The step of the clock field: what was typed in the minute in which it was given is not late.
_LATE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Preset:
    """What one tap fills in: how the field asks, and the name where there is only one. Never an amount or a route."""

    word: StrPromise
    asks: StrPromise
    icon: str
    name: StrPromise | str = ""


PRESETS: Final[Mapping[str, Preset]] = {
    "oxygen": Preset(gettext_lazy("Oxygen"), gettext_lazy("What was given"), "wind", gettext_lazy("Oxygen")),
    "antiemetic": Preset(gettext_lazy("For nausea"), gettext_lazy("Which medicine for nausea"), "pill"),
    "antihypertensive": Preset(
        gettext_lazy("For blood pressure"), gettext_lazy("Which medicine for the blood pressure"), "heart-pulse"
    ),
    "other": Preset(gettext_lazy("Another medicine"), gettext_lazy("Which medicine"), "plus"),
}


class MedicineForm(forms.Form):
    """A medicine that was given by hand. ``over``: the patient has left, and "now" is no answer to "when"."""

    name = forms.CharField(
        label=gettext_lazy("Which medicine"), max_length=200,
        help_text=gettext_lazy("As printed on the ampoule, the pack or the bottle"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter which medicine it was.")},
    )  # fmt: skip
    amount = AmountField(
        label=gettext_lazy("Amount"), required=False, max_digits=9, decimal_places=3, min_value=Decimal("0.001"),
    )  # fmt: skip
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False, choices=(("", "–"), *UNITS.items()))
    route = forms.ChoiceField(
        label=gettext_lazy("How it was given"), choices=(("", "–"), *GIVEN_BY.items()),
        error_messages={"required": gettext_lazy("Choose how it was given.")},
    )  # fmt: skip
    at = ClockField(label=gettext_lazy("When it was given"), help_text=gettext_lazy("Leave it empty for now."))
    note = forms.CharField(
        label=gettext_lazy("Why, and what it did"), required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks: StrPromise | str = "", over: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.over = over
        if asks:
            self.fields["name"].label = asks
        if over:
            self.fields["at"].required = True
            self.fields["at"].help_text = ""
            self.fields["at"].error_messages["required"] = _("Enter when it was given.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("amount") is not None and not cleaned.get("unit"):
            self.add_error("unit", ValidationError(_("Choose the unit of the amount."), code="unit"))
        return cleaned


# ---------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class Warned:
    """An interaction with the drug of the session, in the reader's words."""

    level: str
    shape: str
    effect: str
    action: str
    adopted: bool


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A medicine that was given. ``late``: it was written down later; ``unread``: no rule could be asked about it."""

    title: str
    note: str
    given_at: datetime
    recorded_at: datetime
    late: bool
    same_day: bool
    by: str
    warned: list[Warned]
    unread: bool


_SHAPES: Final = {"major": "high", "moderate": "medium", "minor": "low"}


def warned_of(found: Iterable[Mapping[str, Any]]) -> list[Warned]:
    """Interactions as they were kept, in the reader's language."""
    return [_warned(**{name: each[name] for name in ("severity", "effect", "action", "adopted")}) for each in found]


def _warned(severity: Level, effect: str, action: str, adopted: bool) -> Warned:
    return Warned(str(LEVELS[severity]), _SHAPES.get(severity, "") if adopted else "", _(effect), _(action), adopted)


def title_of(given: ByHand) -> str:
    """Ondansetron 4 mg, into a vein (IV)."""
    amount = ""
    if given.amount is not None:
        amount = f" {number_format(given.amount.normalize())} {UNITS.get(given.unit, given.unit)}"
    return f"{given.name}{amount}, {GIVEN_BY.get(given.route, given.route)}"


def line_of(given: ByHand) -> GivenLine:
    return GivenLine(
        title_of(given), given.note, given.given_at, given.recorded_at, given.recorded_at - given.given_at >= _LATE,
        page_day(given.recorded_at) == page_day(given.given_at),
        given.by, warned_of(given.warned), not given.ingredient,
    )  # fmt: skip


def given_so_far(session: SessionSnapshot) -> list[GivenLine]:
    """What was given by hand, the newest first. No query."""
    return [line_of(each) for each in reversed(session.by_hand)]


def takes_medicines(session: SessionSnapshot) -> bool:
    """Whether a medicine can belong to this session: the patient is here, or was."""
    return session.state in PRESENT or session.state is State.LEFT


# ---------------------------------------------------------------- the pages


def _form(session: SessionSnapshot, chosen: str, typed: Any = None) -> MedicineForm:
    preset = PRESETS.get(chosen, PRESETS["other"])
    first = {"name": preset.name, "key": uuid.uuid4()}
    return MedicineForm(typed, asks=preset.asks, over=session.over, initial=first)


def _moment(form: MedicineForm, session: SessionSnapshot) -> datetime | None:
    """When it was given: a clock time is of now, or once the patient has left of the hours before that."""
    return moment_of(form.cleaned_data["at"], session.current.at if session.over else session.now)


@session_page("session.observe", methods=FORM)
def medicines(request: Request, scope: SessionPage) -> HttpResponse:
    """Write down a medicine that was given, and see what was given so far."""
    session = scope.session
    chosen = request.GET.get("kind", "")
    form = _form(session, chosen, request.POST or None)
    refused: list[dict[str, str]] = []
    if request.method == "POST" and takes_medicines(session) and form.is_valid():
        typed = form.cleaned_data
        try:
            medicine_actions.give_medicine(
                by=scope.actor, encounter_id=session.id, name=typed["name"], amount=typed["amount"],
                unit=typed["unit"], route=typed["route"], note=typed["note"], key=typed["key"],
                given_at=_moment(form, session), now=session.now,
            )  # fmt: skip
        except ActionRefused as error:
            refused = refusal(session, error)
        else:
            return redirect(reverse("console:session_medicines", args=[session.id]) + "#given")
    context = {
        **common(request, session),
        "form": form,
        "refused": refused,
        "presets": [(code, each.word, each.icon, code == chosen) for code, each in PRESETS.items()],
        "given": given_so_far(session),
        "takes": takes_medicines(session),
        "signed": session.encounter.signatures.exists(),
    }
    if form.is_bound and form.data.get("name", "").strip():
        context |= _said_of(session, form.data["name"])
    return render(request, "console/sessions/medicines.html", context, status=status(request, form, refused))


def _said_of(session: SessionSnapshot, name: str) -> dict[str, Any]:
    """What the rules say of a name as somebody types it. One query."""
    found = medicine_actions.warnings(session.encounter, name)
    plain = [
        {"severity": each.severity, "effect": each.effect, "action": each.action, "adopted": each.adopted}
        for each in found
    ]
    return {"warned": warned_of(plain), "unread": not all(each.known for each in shipped.taken(name)), "asked": name}


@session_page("session.observe")
def said(request: Request, scope: SessionPage) -> HttpResponse:
    """What the rules say of a name, while it is typed."""
    name = " ".join(request.GET.get("name", "").split())[:200]
    return render(request, "console/sessions/_warned.html", _said_of(scope.session, name) if name else {})


_ONE = "sessions/<int:encounter_id>/medicines/"
urlpatterns = [
    path(_ONE, medicines, name="session_medicines"),
    path(f"{_ONE}said/", said, name="session_medicines_said"),
]
