"""Roles as data: ``roles.toml`` beside this file, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Role:
    code: str
    label: StrPromise
    staff: bool
    may: frozenset[str]
    clinical: bool = False


# The labels stand here once more so that the translators' tools find them.
_LABELS = {
    "prescriber": _("Prescriber"),
    "nurse": _("Nurse"),
    "therapist": _("Therapist"),
    "front_desk": _("Front desk"),
    "clinic_admin": _("Clinic administrator"),
    "auditor": _("Auditor"),
    "patient": _("Patient"),
    "support_person": _("Support person"),
}


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """Every role by its code."""
    text = resources.files("sojourn.foundation.accounts").joinpath("roles.toml").read_text(encoding="utf-8")
    return {
        code: Role(code, _LABELS[code], data["staff"], frozenset(data["may"]), data.get("clinical", False))
        for code, data in tomllib.loads(text).items()
    }


def role(code: str) -> Role:
    """The role of that code. Raises KeyError for an unknown one."""
    return roles()[code]
