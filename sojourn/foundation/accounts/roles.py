"""Roles as data: ``roles.toml`` beside this file, read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from sojourn.clinical import shapes


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


FILE = "roles.toml"
_PERMISSION = re.compile(r"[a-z_]+\.[a-z_]+")


class RolesInvalid(ValueError):
    """A file of roles that cannot be one; the message names the file, the role and what is wrong."""


def _permission(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or _PERMISSION.fullmatch(value) is None:
        yield f"{place} is no permission"


_SHAPE = shapes.table(
    dict.fromkeys(
        _LABELS,
        shapes.table(
            {"label": shapes.text, "staff": shapes.flag, "may": shapes.some(_permission, least=0)},
            {"clinical": shapes.flag},
        ),
    )
)


def read(text: str) -> dict[str, Role]:
    """The roles of a file's text, all that there are; raises RolesInvalid."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise RolesInvalid(f"{FILE}: {wrong}") from wrong
    found = list(_SHAPE(FILE, tables)) or list(_laws(tables))
    if found:
        raise RolesInvalid("; ".join(found))
    return {
        code: Role(code, _LABELS[code], data["staff"], frozenset(data["may"]), data.get("clinical", False))
        for code, data in tables.items()
    }


def _laws(tables: Mapping[str, Any]) -> Iterator[str]:
    for code, each in tables.items():
        with translation.override(None):
            if each["label"] != str(_LABELS[code]):
                yield f"{FILE}.{code}.label is not the one that is translated: {_LABELS[code]}"
        if each.get("clinical") and not each["staff"]:
            yield f"{FILE}.{code}: only staff is clinical"


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """Every role by its code; raises RolesInvalid."""
    return read(resources.files("sojourn.foundation.accounts").joinpath(FILE).read_text(encoding="utf-8"))


def role(code: str) -> Role:
    """The role of that code. Raises KeyError for an unknown one."""
    return roles()[code]
