"""What a clinic must have settled before it invites a patient, said by the rooms above that know.

A room registers its condition when the program starts. Each is asked with the clinic's id, as the asker who invites,
and answers with what is missing: a code and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Missing = tuple[str, str]
Condition = Callable[[int], Iterable[Missing]]
_CONDITIONS: dict[str, Condition] = {}


def require_before_patients(name: str, condition: Condition) -> None:
    """Ask this before a patient or a support person is invited. The same name again replaces it."""
    _CONDITIONS[name] = condition


def missing_before_patients(clinic_id: int) -> list[Missing]:
    """Everything that is missing, in the order in which the rooms registered."""
    return [each for condition in _CONDITIONS.values() for each in condition(clinic_id)]
