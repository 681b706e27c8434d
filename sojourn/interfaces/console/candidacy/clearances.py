"""A specialist's answer to a finding, and who has seen the person: recorded, shown beside the finding, struck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy import clearance_actions, judging, open_eyes
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.models import Clearance, ClearanceKind
from sojourn.care.candidacy.open_eyes import Weighed
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_today
from sojourn.foundation.scope import one_row
from sojourn.interfaces.shared.days import DayField, day_words
from sojourn.interfaces.shared.pages import (
    FORM,
    PatientPage,
    patient_page,
    patient_row_page,
    require_valid,
    sent,
    tell,
)

_READ_AND_WRITE: Final = (*FORM, "HEAD")

# What is asked for, as a heading and as the button says it.
_ASKS: Final[Mapping[str, tuple[StrPromise, StrPromise]]] = {
    ClearanceKind.SPECIALIST: (
        gettext_lazy("A specialist’s answer is asked for"),
        gettext_lazy("Record a specialist’s answer"),
    ),
    ClearanceKind.SEEN: (
        gettext_lazy("Somebody who can act must see the person"),
        gettext_lazy("Record who has seen the person"),
    ),
}

_PLACES: Final[Mapping[str, str]] = {
    "who-missing": "who", "document-missing": "document", "future": "on", "before-birth": "on",
    "before-the-danger": "on",
}  # fmt: skip


class ClearanceForm(forms.Form):
    """Who, when, in which document."""

    who = forms.CharField(label=gettext_lazy("Who"), max_length=200)
    field = forms.CharField(
        label=gettext_lazy("Field"), max_length=120, required=False,
        help_text=gettext_lazy("For example: cardiology, psychiatry"),
    )  # fmt: skip
    on = DayField(label=gettext_lazy("On which day"))
    document = forms.CharField(
        label=gettext_lazy("In which document"), max_length=300, required=False,
        help_text=gettext_lazy("Its reference, or the name of the file."),
    )  # fmt: skip
    said = forms.CharField(
        label=gettext_lazy("What they say"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["document"].required = kind == ClearanceKind.SPECIALIST

    @property
    def touched(self) -> bool:
        """Whether anything was typed."""
        return any(self.data.get(self.add_prefix(name), "").strip() for name in self.fields)

    def keep(self, by: Actor, patient_id: int, drug: str, finding: str) -> bool:
        """Record what was typed. What is refused stands beside its field."""
        if not self.is_valid():
            return False
        try:
            clearance_actions.record_clearance(
                by=by, patient_id=patient_id, drug=drug, finding=finding, kind=self.kind, **self.cleaned_data
            )
        except ActionRefused as refused:
            tell(self, refused, _PLACES)
            return False
        return True


@dataclass(frozen=True, slots=True)
class Cleared:
    """A clearance that stands. ``strike_url`` is "" where the actor may not strike it."""

    words: str
    document: str
    said: str
    recorded: str
    strike_url: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rule of a finding asks for and nobody has recorded."""

    heading: str
    button: str
    url: str


@dataclass(frozen=True, slots=True)
class FindingClearances:
    """What stands beside one finding."""

    there: tuple[Cleared, ...] = ()
    wanted: tuple[Wanted, ...] = field(default=())


def cleared_words(who: str, of: str, on: date) -> str:
    """Who, of which field, on which day."""
    return ", ".join(filter(None, (who, of, day_words(on))))


def _cleared(row: Clearance, actor: Actor) -> Cleared:
    return Cleared(
        words=cleared_words(row.who, row.field, row.answered_on),
        document=row.document,
        said=row.said,
        recorded=_("recorded by %(name)s") % {"name": row.recorder_name},
        strike_url=reverse("console:clearance_strike", args=[row.pk]) if actor.may("fact.enter") else "",
    )


def beside(patient_id: int, way: str, weighed: Iterable[Weighed], actor: Actor) -> dict[str, FindingClearances]:
    """What stands beside the findings that ask for something, by the finding's key. No query."""
    found: dict[str, FindingClearances] = {}
    for each in weighed:
        wanted = [
            Wanted(str(_ASKS[kind][0]), str(_ASKS[kind][1]), f"{_door(patient_id, each.key, kind)}?way={way}")
            for kind in each.lacks
            if kind in _ASKS
        ]
        if wanted or each.there:
            found[each.key] = FindingClearances(tuple(_cleared(row, actor) for row in each.there), tuple(wanted))
    return found


def _door(patient_id: int, key: str, kind: str) -> str:
    return reverse("console:clearance", args=[patient_id, key, kind])


def _weighed(patient: Patient, drug: str, route: str, finding: str, kind: str) -> Weighed:
    """The finding that asks for an answer of this kind. Http404 where none does."""
    if kind not in _ASKS:
        raise Http404
    assessed = candidacy_queries.assessment_of(patient, drug, route, page_today())
    each = next((one for one in open_eyes.weighed(assessed) if one.key == finding), None)
    if each is None or kind not in each.needs:
        raise Http404
    return each


def _way(typed: str) -> tuple[str, str]:
    drug, _sep, route = typed.partition("-")
    return (drug, route) if (drug, route) in judging.WAYS else judging.WAYS[0]


@patient_page("fact.enter", methods=_READ_AND_WRITE)
def record(request: Request, scope: PatientPage, finding: str, kind: str) -> HttpResponse:
    """Record an answer to one finding."""
    patient, (drug, route) = scope.patient, _way((request.POST or request.GET).get("way", ""))
    each = _weighed(patient, drug, route, finding, kind)
    form = ClearanceForm(request.POST or None, kind=kind, initial={"on": page_today().isoformat()})
    if request.method == "POST" and form.keep(scope.actor, patient.pk, drug, finding):
        messages.success(request, _("Recorded. It is shown at the signature."))
        return redirect(f"{reverse('console:candidacy', args=[patient.pk])}?way={drug}-{route}#findings")
    context = {
        "patient": patient, "form": form, "way": f"{drug}-{route}", "title": _(each.title), "advice": _(each.advice),
        "heading": _ASKS[kind][0], "button": _ASKS[kind][1],
    }  # fmt: skip
    return render(request, "console/candidacy/clearance.html", context, status=422 if form.errors else 200)


class StrikeForm(forms.Form):
    """Why a clearance was recorded in error."""

    reason = forms.CharField(required=False, strip=False)


def _clearance(clearance_id: int) -> Clearance:
    return one_row(Clearance, clearance_id).select_related("patient").get()


@patient_row_page(_clearance, "fact.enter", methods=_READ_AND_WRITE)
def strike(request: Request, scope: PatientPage, row: Clearance) -> HttpResponse:
    """Strike a clearance as recorded in error, with the reason. Struck already: back to the page."""
    form, errors = StrikeForm(sent(request)), list[dict[str, str]]()
    if form.is_bound:
        try:
            told = require_valid(form).cleaned_data
            clearance_actions.strike_clearance(by=scope.actor, clearance_id=row.pk, reason=told["reason"])
        except ActionRefused as refused:
            errors = [{"href": "#reason", "text": str(each)} for each in refused.reasons]
        else:
            messages.success(request, _("Struck. It stays readable and counts for nothing any more."))
            return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}#findings")
    context = {
        "patient": row.patient, "what": cleared_words(row.who, row.field, row.answered_on), "row": row,
        "reason": form["reason"].value() or "", "errors": errors,
    }  # fmt: skip
    return render(request, "console/candidacy/clearance_strike.html", context, status=409 if errors else 200)
