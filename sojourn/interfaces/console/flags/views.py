"""Flags: what waits for a clinician, by when, who has taken it, who was told, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from sojourn.care.intake.queries import access_needs
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.models import QuestionnaireResponse
from sojourn.care.measures.queries import scale
from sojourn.care.patients import queries as patients_queries
from sojourn.care.safety import actions as safety_actions
from sojourn.care.safety import duty_queries
from sojourn.care.safety import queries as safety_queries
from sojourn.care.safety.models import FlagAnswerKind, FlagOutcome
from sojourn.care.safety.queries import StandingFlag
from sojourn.clinical.scales import say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import FlagScope, PatientScope, one_row
from sojourn.interfaces.console.fields import set_choices
from sojourn.interfaces.console.flags import presenters as flag_presenters
from sojourn.interfaces.console.flags.words import said_in_words
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.shared.pages import FORM, PatientPage, patient_row_page, tell


@allowed("flag.read")
@require_GET
def flags(request: Request) -> HttpResponse:
    """Everything that is not closed, the gravest first; the newest closed ones with ``?closed=1``."""
    asked, now = request, timezone.now()
    with_closed = request.GET.get("closed") == "1"
    found = safety_queries.closed_flags() if with_closed else safety_queries.open_flags()
    hidden = patients_queries.withheld(asked.actor, [flag.patient for flag in found], now)
    rows = [flag_presenters.row(flag, now, withheld=flag.patient.pk in hidden) for flag in found]
    context = {"rows": rows, "closed": with_closed, "suffices": duty_queries.duty().suffices}
    return render(request, "console/flags/flags.html", context)


class AnswerForm(forms.Form):
    """One answer to a flag. ``after`` is the newest answer that was on the page."""

    kind = forms.ChoiceField(choices=FlagAnswerKind.choices, required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=[("", "–"), *FlagOutcome.choices], required=False,
        help_text=gettext_lazy("Needed to close."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("What you found, what you did, what comes next. Needed to close."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    to = forms.TypedChoiceField(
        label=gettext_lazy("Hand it over to"), required=False, coerce=int, empty_value=None,
        help_text=gettext_lazy("They are told, and it counts as taken once they take it."),
    )  # fmt: skip
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "to", [("", "–"), *((each.pk, str(each)) for each in people)])


_FIELDS = {"note_missing": "note", "outcome_missing": "outcome", "cannot_take": "to"}


@dataclass(frozen=True, slots=True)
class FlagStatement:
    """What was said of a flag, as given: an answer to its question, of which a changed one shows, or a later report."""

    at: datetime
    words: str


def _said(flag: StandingFlag) -> tuple[str, list[FlagStatement]]:
    """The question and every answer to it. Two queries."""
    row = one_row(QuestionnaireResponse, flag.response_id).first() if flag.response_id else None
    if row is None:
        return "", []
    definition, language = scale(row.scale_id), translation.get_language() or "en"
    items = {link_id: definition.item(link_id) for link_id in definition.safety_items}
    given = [
        FlagStatement(
            answer.answered_at,
            next(
                (
                    say(option.text, language)
                    for option in items[answer.link_id].options
                    if option.value == answer.value
                ),
                _("left out"),
            ),
        )
        for answer in measures_queries.every_answer(row.pk, items)
    ]
    return " / ".join(say(item.text, language) for item in items.values()), given


def _page(request: Request, flag: StandingFlag, form: AnswerForm, status: int = 200) -> HttpResponse:
    actor, now = request.actor, timezone.now()
    question, said = _said(flag)
    may = actor.may("flag.answer") and not flag.closed
    mine = flag.owner is not None and flag.owner.pk == actor.membership_id
    context = {
        "flag": flag,
        "shown": flag_presenters.row(flag, now, withheld=False),
        "source": flag.source.label,
        "patient": flag.patient,
        "patient_url": address("console:patient", flag.patient.pk),
        "contacts": patients_queries.emergency_contacts(PatientScope(flag.patient.pk)),
        "needs": access_needs(PatientScope(flag.patient.pk)),
        "measures_url": address("console:measures", flag.patient.pk) if actor.may("measure.read") else "",
        "question": question,
        "said": said,
        "words": "" if question else said_in_words(flag.about, flag.detail),
        "thread_url": _thread(request, flag),
        "reports": [] if question else _reports(flag),
        "owner": flag.owner,
        "asked": flag.asked,
        "mine": mine,
        "may_take": may and not mine,
        "may_answer": may and not flag.waiting,
        "form": form,
        "answers": [flag_presenters.answer_row(each) for each in flag.answers],
        "readings": safety_queries.readings(FlagScope(flag.id)),
        "notices": [flag_presenters.notice_row(each) for each in safety_queries.notices(FlagScope(flag.id))],
    }
    return render(request, "console/flags/flag.html", context, status=status)


def _reports(flag: StandingFlag) -> list[FlagStatement]:
    said = (FlagStatement(each.at, said_in_words(each.about or flag.about, each.detail)) for each in flag.reports)
    return [each for each in said if each.words]


def _thread(request: Request, flag: StandingFlag) -> str:
    """Where the message that raised a flag can be read whole, and answered; "" for any other flag."""
    from_message = flag.about.partition(":")[0] == "message" and request.actor.may("message.read")
    return address("console:thread", flag.patient.pk) if from_message else ""


def _people(request: Request, flag: StandingFlag) -> list[Membership]:
    """Who it can be handed to. One query."""
    owner_id = flag.owner.pk if flag.owner is not None else None
    return [each for each in duty_queries.clinical_members(request.actor.own_clinic_id) if each.pk != owner_id]


def _flag(flag_id: int) -> StandingFlag:
    return safety_queries.flag(FlagScope(flag_id))


@patient_row_page(_flag, "flag.read", methods=FORM)
def flag(request: Request, scope: PatientPage, found: StandingFlag) -> HttpResponse:
    """One flag: what was said, who has it, by when, what to do. Opening it is written down: the patient is told."""
    if request.method != "POST":
        if scope.actor.may("flag.answer") and not found.closed:
            safety_actions.note_reading(by=scope.actor, flag_id=found.id)
        return _page(request, found, AnswerForm(initial={"after": found.newest_id}, people=_people(request, found)))
    return _answer(request, found)


def _answer(request: Request, found: StandingFlag) -> HttpResponse:
    people = _people(request, found)
    form = AnswerForm(request.POST, people=people)
    if not form.is_valid():
        return _page(request, found, form, 422)
    try:
        safety_actions.answer_flag(by=request.actor, flag_id=found.id, **form.cleaned_data)
    except ActionRefused as refused:
        again = AnswerForm({**request.POST.dict(), "after": found.newest_id or ""}, people=people)
        again.is_valid()
        tell(again, refused, _FIELDS)
        return _page(request, found, again, 409)
    return redirect("console:flag", found.id)


urlpatterns = [
    path("flags/", flags, name="flags"),
    path("flags/<int:flag_id>/", flag, name="flag"),
]
