"""What must stand before a clinic invites its first patient. Each room that asks for something says so here.

A condition is registered when its app is ready, and asked whenever an invitation of a patient or a support person
would go out. It answers with what is missing, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused


@dataclass(frozen=True, slots=True)
class Missing:
    """What a clinic lacks: ``code`` for programs, ``words`` for people, a whole sentence that says what to do."""

    code: str
    words: str


Condition = Callable[[Clinic], Missing | None]
_conditions: list[Condition] = []


def before_inviting(condition: Condition) -> Condition:
    """Register a condition, once. It is asked with the clinic, within a transaction of somebody of that clinic."""
    if condition not in _conditions:
        _conditions.append(condition)
    return condition


def missing(clinic: Clinic) -> list[Missing]:
    """Everything that the clinic lacks before it can invite a patient, in the order in which it was asked for."""
    return [found for condition in _conditions if (found := condition(clinic)) is not None]


def refuse_unready(clinic: Clinic) -> None:
    """Refuse, with every reason, where the clinic lacks something; the codes are those of the conditions."""
    if found := missing(clinic):
        raise ActionRefused(*(each.words for each in found), codes=[each.code for each in found])
