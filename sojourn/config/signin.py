"""Signing in: who may. How it looks and what it says is interfaces/entry."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.http import HttpRequest

from sojourn.foundation.accounts.models import Person


class SignIn(AuthenticationBackend):
    """allauth's backend. The demo's invented people can sign in only while the house runs the demo."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:  # type: ignore[override]
        """allauth sets a person with the right password but no right to sign in aside, and lets them in all the same
        unless they are inactive. An invented person outside the demo is not set aside: the password is wrong."""
        person = super().authenticate(request, **credentials)
        aside = self.unstash_authenticated_user()
        if isinstance(aside, Person) and not (aside.demo and not settings.DEMO):
            self._stash_user(aside)
        return person

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and (settings.DEMO or not getattr(user, "demo", False))

    def get_user(self, user_id: int) -> Person | None:
        person = Person.objects.filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
