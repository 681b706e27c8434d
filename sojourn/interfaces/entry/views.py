"""Taking up an invitation, and choosing a second factor."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.internal.flows.login import perform_password_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, public, signed_in
from sojourn.foundation.accounts.actor import Actor, set_actor
from sojourn.foundation.accounts.models import Clinic, Invitation, Membership, Person
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.accounts.roles import role
from sojourn.interfaces.entry.signals import note_change
from sojourn.interfaces.help.remembering import remember


class ChoosePassword(forms.Form):
    """One field, shown on request, rather than the same thing typed blind twice."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-password": ""}),
    )

    def __init__(self, *args: object, email: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, Person(email=self.email))
        return password


@dataclass(frozen=True, slots=True)
class Guest:
    """What the page says to the holder of a link. ``step``: password, sign_in, join, other_person."""

    name: str
    email: str
    clinic: Clinic
    role: object
    staff: bool
    step: str


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Take up an invitation: choose a password, or join with the sign-in that one has. Then the second factor."""
    person = request.user if isinstance(request.user, Person) else None
    by = Actor(person_id=person.pk if person else None, token_hash=accounts_actions.hash_of(token))
    found = accounts_queries.invitation_by(by.token_hash)
    if found is None:
        return render(request, "entry/link.html", {"standing": "unknown"}, status=404)
    # From here on the link asks, whoever is signed in: it opens its own row and nothing else.
    set_actor(by)
    invited, clinic = found
    standing = accounts_queries.standing(invited, timezone.now())
    if request.method == "POST" and request.POST.get("do") == "renew":
        return remember(request, _renew(request, by, clinic), clinic)
    if standing != "open":
        return remember(request, _not_open(request, standing, invited, clinic), clinic)
    guest = _guest(invited, clinic, person)
    form = ChoosePassword(request.POST or None, email=invited.email)
    if request.method == "POST" and _is_whole(guest, form):
        return _accept(request, by, guest, form)
    status = 422 if request.method == "POST" else 200
    page = render(request, "entry/invitation.html", {"guest": guest, "form": form, "clinic": clinic}, status=status)
    return remember(request, page, clinic)  # its help knows the clinic's numbers from here on


def _is_whole(guest: Guest, form: ChoosePassword) -> bool:
    """Whether what was sent is all that the guest's step needs."""
    return guest.step == "join" or (guest.step == "password" and form.is_valid())


def _accept(request: HttpRequest, by: Actor, guest: Guest, form: ChoosePassword) -> HttpResponse:
    password = form.cleaned_data["password"] if guest.step == "password" else ""
    try:
        membership = accounts_actions.accept(by=by, password=password, language=translation.get_language() or "")
    except ActionRefused as refused:
        return _again(request, guest, form, refused)
    return _come_in(request, membership, password)


def _guest(invited: Invitation, clinic: Clinic, person: Person | None) -> Guest:
    known = accounts_queries.person_by_email(invited.email)
    if person is not None:
        step = "join" if known is not None and known.pk == person.pk else "other_person"
    else:
        step = "sign_in" if known is not None else "password"
    its = role(invited.role)
    return Guest(invited.name, invited.email, clinic, its.label, its.staff, step)


def _not_open(request: HttpRequest, standing: str, invited: Invitation, clinic: Clinic) -> HttpResponse:
    renewable = standing == "expired" and timezone.now() - invited.expires_at <= accounts_actions.RENEWABLE
    said = {"standing": standing, "renewable": renewable, "clinic": clinic, "email": invited.email}
    return render(request, "entry/link.html", said, status=410)


def _renew(request: HttpRequest, by: Actor, clinic: Clinic) -> HttpResponse:
    try:
        invited = accounts_actions.renew(by=by).invitation
    except ActionRefused as refused:
        return render(request, "entry/link.html", {"standing": "refused", "reasons": refused.reasons, "clinic": clinic},
                      status=409)  # fmt: skip
    return render(request, "entry/link.html", {"standing": "renewed", "clinic": clinic, "email": invited.email})


def _again(request: HttpRequest, guest: Guest, form: ChoosePassword, refused: ActionRefused) -> HttpResponse:
    said = {"guest": guest, "form": form, "clinic": guest.clinic, "reasons": refused.reasons}
    return render(request, "entry/invitation.html", said, status=409)


def _come_in(request: HttpRequest, membership: Membership, password: str) -> HttpResponse:
    person = Person.objects.get(pk=membership.person_id)
    if password:
        perform_password_login(request, {"email": person.email}, Login(user=person, email=person.email))
        # The password was typed a moment ago: setting up the second factor need not ask for it again.
        record_authentication(request, person, method="password", reauthenticated=True)
    request.session["membership"] = membership.pk
    if accounts_queries.is_staff(membership.role) and not settings.DEMO and not is_mfa_enabled(person):
        return redirect("entry:second_factor")
    return redirect("home")


def _person(request: HttpRequest) -> Person:
    """Whoever is signed in, on a page that only they may open."""
    assert isinstance(request.user, Person)
    return request.user


@signed_in
@never_cache
@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    """Choose a second factor: a passkey or an app. Whoever has one is sent to the list of theirs."""
    if is_mfa_enabled(_person(request)):
        return redirect("mfa_index")
    return render(request, "entry/second_factor.html")


@public
def closed(request: HttpRequest, token: str = "") -> HttpResponse:
    """Pages of allauth that this house does not offer."""
    raise Http404


@signed_in
@never_cache
@require_GET
def unconfirmed(request: Request) -> HttpResponse:
    """Signed in, in a role that nobody has confirmed yet: say who does, and how."""
    if not request.actor.unconfirmed:
        return redirect("home")
    own = next(each for each in request.memberships if each.pk == request.actor.membership_id)
    holders = accounts_queries.who_confirms(own)
    said = {
        "role": role(request.actor.role).label,
        "code": request.actor.role,
        "email": _person(request).email,
        "clinic": request.clinic,
        "holders": holders,
        "others": [each for each in request.memberships if each.unconfirmed_since is None],
    }
    return render(request, "entry/unconfirmed.html", said)


@signed_in
@require_POST
def end_device(request: Request, session_id: int) -> HttpResponse:
    """Sign out another of one's own devices from afar: lost, lent, sold."""
    session = UserSession.objects.filter(user_id=request.user.pk, pk=session_id).first()
    if session is None:
        raise Http404
    if session.session_key != request.session.session_key:
        session.end()
        note_change(_person(request), "person.signed_out", request)
    return redirect("usersessions_list")
