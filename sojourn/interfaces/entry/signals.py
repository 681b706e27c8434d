"""What people do at the door goes into the audit. allauth and Django say when; the actions write."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as mfa
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts.actions import door_keeper
from sojourn.foundation.accounts.models import Person


def _ip(request: HttpRequest | None) -> str:
    return get_adapter().get_client_ip(request) if request is not None else ""


def _membership(request: HttpRequest | None) -> object:
    return request.session.get("membership") if request is not None and hasattr(request, "session") else None


def _note_failed(email: str, why: str, request: HttpRequest | None) -> None:
    accounts_actions.note_failed_sign_in(by=door_keeper(), email=email, why=why, ip=_ip(request))


def note_change(person: Person, verb: str, request: HttpRequest | None, **detail: str) -> None:
    """What somebody did to their own sign-in, into the audit."""
    accounts_actions.note_account_change(
        by=door_keeper(), person=person, verb=verb, membership_id=_membership(request), **detail
    )


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    _note_failed(str(credentials.get("email") or ""), "password", request)


@receiver(mfa.authentication_failed)
def second_factor_failed(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    _note_failed(user.email, "second_factor", request)


@receiver(account.user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    accounts_actions.note_sign_in(by=door_keeper(), person=user, membership_id=_membership(request), ip=_ip(request))


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest | None, user: Person | None, **_: Any) -> None:
    if isinstance(user, Person):
        note_change(user, "person.signed_out", request)


def _changed(verb: str) -> Any:
    def note(sender: Any, request: HttpRequest, user: Person, **more: Any) -> None:
        detail = {"kind": str(more["authenticator"].type)} if "authenticator" in more else {}
        note_change(user, verb, request, **detail)

    return note


# Kept here because signals hold their receivers weakly.
RECEIVERS = {
    signal: _changed(verb)
    for signal, verb in (
        (account.password_changed, "password.changed"),
        (account.password_set, "password.changed"),
        (account.password_reset, "password.reset"),
        (mfa.authenticator_added, "second_factor.added"),
        (mfa.authenticator_removed, "second_factor.removed"),
        (mfa.authenticator_reset, "second_factor.codes_renewed"),
    )
}
for _signal, _receiver in RECEIVERS.items():
    _signal.connect(_receiver)


@receiver(mfa.authenticator_removed)
def last_second_factor_gone(sender: Any, request: HttpRequest, user: Person, **_: Any) -> None:
    """Without a second factor the door asks for one again, here at once and on other devices at their next sign-in."""
    if is_mfa_enabled(user):
        return
    request.session.pop("second_factor", None)
    for session in UserSession.objects.filter(user_id=user.pk).exclude(session_key=request.session.session_key):
        session.end()
