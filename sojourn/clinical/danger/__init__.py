"""Words of danger in what a patient writes, in English and Spanish: pure, local and explainable; nothing is learned.

    read("I am going to kill myself tonight")  # Danger(kind="suicidal_thoughts", severity="emergency", ...)

The list is one data file, ``words.json``; its limits, with counts, stand in docs/clinical/words-of-danger.md. What is
found offers help and is no diagnosis; what is not found is no proof that all is well.
"""

from sojourn.clinical.danger.reading import Danger, word_list
from sojourn.clinical.danger.shape import KINDS, SEVERITIES

__all__ = ["KINDS", "SEVERITIES", "Danger", "dangers", "read"]


def read(text: str) -> Danger | None:
    """The worst words of danger in ``text``, in either language, or None. Linear in the length of the text."""
    return next(iter(dangers(text)), None)


def dangers(text: str) -> tuple[Danger, ...]:
    """The worst of each kind, the worst first: a voice that commands a death is a voice and a thought of suicide."""
    return word_list().dangers(text)
