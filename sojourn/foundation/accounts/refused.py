"""The answer of an action that will not act, with reasons that a person can read."""

from __future__ import annotations

from collections.abc import Sequence

from django_stubs_ext import StrOrPromise


class ActionRefused(Exception):
    """``reasons`` are sentences for the person who asked; ``codes`` the same for programs and tests."""

    def __init__(self, *reasons: StrOrPromise, codes: Sequence[str] = ()) -> None:
        self.reasons = tuple(reasons)
        self.codes = tuple(codes)
        super().__init__("; ".join(str(reason) for reason in reasons))


class Overtaken(ActionRefused):
    """Someone else changed the same thing a moment ago; nothing was lost, look again."""
