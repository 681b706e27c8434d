"""How allauth behaves and speaks in this house."""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import sealing
from sojourn.foundation.accounts.models import Person
from sojourn.foundation.mail import letters

APP, LOGIN_FAILED = "allauth.account", "login_failed"


class AccountAdapter(DefaultAccountAdapter):
    """An invitation makes the account; letters go through the queue; a lock says how long it lasts."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed. Ask your clinic."),
        "email_password_mismatch": _("The address and the password do not go together. Check both and try again."),
        "enter_current_password": _("This is not your present password."),
        "incorrect_password": _("This is not your password. Try again."),
        "invalid_login": _("The address and the password do not go together. Check both and try again."),
        "invalid_password_reset": _("This link does not work any more. Ask for a fresh one."),
        "rate_limited": _("Too many tries in a short time. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves: an invitation makes the account."""
        return False

    def format_email_subject(self, subject: str) -> str:
        return str(subject)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the address that this house goes by, whatever name the request was sent to."""
        return str(settings.ENV.public_url + urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the letter in the request's transaction; the jobs process sends it."""
        request = self.request
        message = self.render_mail(template_prefix, email, {"request": request, "email": email, **context})
        letters.post(letters.Letter(to=email, subject=str(message.subject), text=str(message.body) + "\n"))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Security notices go to the sign-in's own address."""
        super().send_notification_mail(template_prefix, user, context, email or getattr(user, "email", None))

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse | None:
        """The last gate of every way in, passkeys included: invented people enter only the demo."""
        if getattr(user, "demo", False) and not settings.DEMO:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **more)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong tries are counted by person, however the address is written and by whatever name this house was asked
        (allauth counts by the Host header, whose port anybody may choose)."""
        email = str(credentials.get("email") or "").strip()
        person = accounts_queries.person_by_email(email) if email else None
        return f"person {person.pk}" if person is not None else f"address {email.lower()}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            wait_s = locked_for_s(request, self._get_login_attempts_cache_key(request, **credentials))
            # Whoever is locked out can try without end, and no audit row is ever removed: one a minute tells enough.
            if cache.add(f"locked:{ratelimit.get_ip(request)}", True, 60):
                email = credentials.get("email", "")
                accounts_actions.note_failed_sign_in(
                    by=accounts_actions.door_keeper(), email=email, why="locked", ip=self.get_client_ip(request)
                )
            raise ValidationError(wait_words(wait_s), code=error.code) from error

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        if code == "too_many_login_attempts":
            # Also the door of the second factor, which counts by person.
            key = self._second_factor_key()
            return ValidationError(wait_words(locked_for_s(self.request, key) if key else 0), code=code)
        return super().validation_error(code, *args)

    def _second_factor_key(self) -> str:
        request = context.request
        stage = getattr(request, "_login_stage", None)
        person = stage.login.user if stage else request.user
        return f"mfa-auth-user-{person.pk}" if isinstance(person, Person) else ""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are kept sealed, and their refusals are plain."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("This second factor cannot be removed."),
        "cannot_generate_recovery_codes": _("Recovery codes belong to a second factor. Set one up first."),
        "incorrect_code": _("This code does not fit. Wait for the next one and try again."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, "second factor")

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, "second factor")


def locked_for_s(request: HttpRequest, key: str) -> float:
    """Seconds until the door opens again to this address or person (``key``) and this network address."""
    now, wait = time.time(), 0.0
    for rate in ratelimit.get_rates(app=APP, action=LOGIN_FAILED):
        place = ratelimit.get_cache_key(request, app=APP, action=LOGIN_FAILED, rate=rate, key=key)
        tries: list[float] = cache.get(place, [])  # newest first
        if len(tries) >= rate.amount:
            wait = max(wait, tries[rate.amount - 1] + rate.duration - now)
    return wait


def wait_words(seconds: float) -> str:
    """How long the door stays shut, in whole minutes, never fewer than it does."""
    minutes = max(1, math.ceil(seconds / 60))
    return ngettext(
        "Too many wrong tries. Wait %(n)d minute, then try again.",
        "Too many wrong tries. Wait %(n)d minutes, then try again.",
        minutes,
    ) % {"n": minutes}
