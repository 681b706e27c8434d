"""What the list of medicines knows of a line that somebody wrote."""

from __future__ import annotations

from sojourn.care.intake.queries import MedicineTaken


def known_as(taken: MedicineTaken) -> str:
    """The ingredients that were recognised, each by its own name; "" where none was."""
    return ", ".join(each.name for each in taken.medicines if each.known)
