"""The clinic's staff: who they are, how safely they sign in, who is invited. And the door of restricted records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_stubs_ext import StrPromise

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import confirmation_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.models import Invitation, Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import role, roles
from sojourn.foundation.mail import letters
from sojourn.foundation.scope import clinic_rows, one_row
from sojourn.interfaces.console.fields import set_choices
from sojourn.interfaces.shared.pages import FORM, POST, ClinicPage, clinic_page, opens


@dataclass(frozen=True, slots=True)
class Colleague:
    """A line of the list. ``factor``: the word for the second factor; ``own``: the reader's own line."""

    membership_id: int
    name: str
    email: str
    role: StrPromise
    factor: str
    guarded: bool
    since: datetime
    ended: datetime | None
    own: bool
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Open:
    """An invitation that nobody has used yet."""

    invitation_id: int
    name: str
    email: str
    role: StrPromise
    sent: datetime
    until: datetime
    expired: bool


class InviteForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    credentials = forms.CharField(
        label=gettext_lazy("Letters after the name"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("For example RN or MD; shown with every signature."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Choose a role")), *((code, each.label) for code, each in roles().items() if each.staff)]
        set_choices(self, "role", choices)
        for name in ("name", "email", "credentials"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why do you need this record now?"),
        min_length=accounts_actions.SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One sentence. The patient and the auditor read it."),
    )


def _factor(kinds: frozenset[str]) -> str:
    words = [
        word for kind, word in (("webauthn", _("passkey")), ("totp", _("app"))) if kind in kinds
    ]  # fmt: skip
    return ", ".join(words) if words else _("none yet")


def _colleagues(asked: Request) -> list[Colleague]:
    members = accounts_queries.staff(asked.actor.own_clinic_id)
    factors = accounts_queries.second_factors({member.person_id for member in members})
    return [
        Colleague(
            member.pk,
            str(member),
            member.person.email,
            role(member.role).label,
            _factor(factors[member.person_id]),
            bool(factors[member.person_id] & {"webauthn", "totp"}),
            member.since_at,
            member.ended_at,
            member.person_id == asked.actor.person_id,
            member.unconfirmed_since is not None,
        )
        for member in members
    ]


def _open(asked: Request, now: datetime) -> list[Open]:
    return [
        Open(row.pk, row.name, row.email, role(row.role).label, row.sent_at, row.expires_at, row.expires_at <= now)
        for row in accounts_queries.invitations(asked.actor.own_clinic_id)
        if accounts_queries.is_staff(row.role)
    ]


def _page(request: Request, form: InviteForm, *, status: int = 200, **more: Any) -> HttpResponse:
    colleagues = _colleagues(request)
    context = {
        "working": [each for each in colleagues if each.ended is None],
        "left": [each for each in colleagues if each.ended is not None],
        "invitations": _open(request, timezone.now()),
        "form": form,
        "can_send": letters.can_send(),
        **more,
    }
    return render(request, "console/clinic/staff.html", context, status=status)


@allowed("staff.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def staff(request: Request) -> HttpResponse:
    """The list; and an invitation."""
    form = InviteForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        invited = accounts_actions.invite(by=request.actor, **form.cleaned_data)
    except ActionRefused as refused:
        for reason in refused.reasons:
            form.add_error(None, str(reason))
        return _page(request, form, status=409)
    return _sent(request, invited)


def _sent(request: Request, invited: accounts_actions.Invited) -> HttpResponse:
    """Say where the letter went. A house without a mail server shows the link, this once, to be handed over."""
    link = "" if letters.can_send() else invited.link
    return _page(request, InviteForm(), sent_to=invited.invitation.email, link=link)


def _staff_roles() -> list[str]:
    return [code for code, each in roles().items() if each.staff]


def _invitation(scope: ClinicPage, invitation_id: int) -> Invitation:
    return one_row(Invitation, invitation_id).get(clinic_id=scope.clinic.pk, role__in=_staff_roles())


def _member(scope: ClinicPage, membership_id: int) -> Membership:
    members = clinic_rows(Membership).select_related("person")
    return members.get(pk=membership_id, clinic_id=scope.clinic.pk, role__in=_staff_roles())


def _newcomer(scope: ClinicPage, newcomer_id: int) -> Membership:
    waiting = clinic_rows(Membership).select_related("person").filter(unconfirmed_since__isnull=False, ended_at=None)
    return waiting.get(pk=newcomer_id, clinic_id=scope.clinic.pk)


def _patient(scope: ClinicPage, patient_id: int) -> Patient:
    return one_row(Patient, patient_id).get()


@clinic_page("staff.manage", methods=POST)
@opens(_invitation)
def resend(request: Request, scope: ClinicPage, invitation: Invitation) -> HttpResponse:
    """Send a fresh link."""
    try:
        return _sent(request, accounts_actions.resend(by=scope.actor, invitation_id=invitation.pk))
    except ActionRefused as refused:
        return _page(request, InviteForm(), status=409, reasons=refused.reasons)


@clinic_page("staff.manage", methods=POST)
@opens(_invitation)
def withdraw(request: Request, scope: ClinicPage, invitation: Invitation) -> HttpResponse:
    """Make a link worthless."""
    try:
        accounts_actions.withdraw(by=scope.actor, invitation_id=invitation.pk)
    except ActionRefused as refused:
        return _page(request, InviteForm(), status=409, reasons=refused.reasons)
    return redirect("console:staff")


@clinic_page("staff.manage", methods=FORM)
@opens(_member)
def end(request: Request, scope: ClinicPage, member: Membership) -> HttpResponse:
    """Ask once, then end somebody's access and their sessions."""
    reasons: tuple[object, ...] = ()
    if request.method == "POST":
        try:
            accounts_actions.end_membership(by=scope.actor, membership_id=member.pk)
            return redirect("console:staff")
        except ActionRefused as refused:
            reasons = refused.reasons
    context = {"member": member, "role": role(member.role).label, "reasons": reasons}
    return render(request, "console/clinic/staff_end.html", context, status=409 if reasons else 200)


@clinic_page("staff.confirm", methods=FORM)
@never_cache
@opens(_newcomer)
def newcomer(request: Request, scope: ClinicPage, found: Membership) -> HttpResponse:
    """Who wants to hold one's own role: a holder of it says that they know the person."""
    reasons: tuple[object, ...] = ()
    if request.method == "POST":
        try:
            confirmation_actions.confirm(by=scope.actor, membership_id=found.pk)
            messages.success(request, _("%(name)s is confirmed.") % {"name": str(found)})
            return redirect("console:home")
        except ActionRefused as refused:
            reasons = refused.reasons
    invited = accounts_queries.invited(found)
    context = {
        "member": found, "role": role(found.role).label, "reasons": reasons,
        "invited": invited[0] if invited else None,
        "may_confirm": found.role == scope.actor.role and scope.actor.person_id not in {
            found.person_id, *(each.sent_by.person_id for each in invited if each.sent_by is not None)},
    }  # fmt: skip
    return render(request, "console/clinic/staff_newcomer.html", context, status=409 if reasons else 200)


@clinic_page("patient.clinical", "patient.find", methods=FORM)
@never_cache
@opens(_patient)
def restricted(request: Request, scope: ClinicPage, patient: Patient) -> HttpResponse:
    """The door of a restricted record: say why, and it opens for an hour."""
    onward = _onward(request, patient.pk)
    if accounts_queries.may_open(scope.actor, patient, scope.now):
        return redirect(onward)
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                accounts_actions.open_restricted(
                    by=scope.actor, patient_id=patient.pk, reason=form.cleaned_data["reason"]
                )
                return redirect(onward)
            except ActionRefused as refused:
                status = 409
                for reason in refused.reasons:
                    form.add_error("reason", str(reason))
    context = {
        "form": form,
        "may_ask": scope.actor.may("patient.clinical"),
        "onward": onward,
        "record_number": patient.record_number,
    }
    return render(request, "console/clinic/restricted.html", context, status=status)


def _onward(request: Request, patient_id: int) -> str:
    """Where one wanted to go, if it is a place of this house; else the patient's page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.split("?")[0] != request.path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return reverse("console:patient", args=[patient_id])


urlpatterns = [
    path("people/", staff, name="staff"),
    path("people/staff/<int:membership_id>/end/", end, name="staff_end"),
    path("people/newcomers/<int:newcomer_id>/", newcomer, name="newcomer"),
    path("people/invitations/<int:invitation_id>/again/", resend, name="invitation_again"),
    path("people/invitations/<int:invitation_id>/withdraw/", withdraw, name="invitation_withdraw"),
    path("patients/<int:patient_id>/restricted/", restricted, name="restricted"),
]
