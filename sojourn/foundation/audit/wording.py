"""Every line of the audit as a sentence. Each room says its own (``<room>/sentences.py``); here they are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.utils.translation import gettext
from django_stubs_ext import StrPromise

from sojourn.foundation.registry import Sentences, declared, only_once


@cache
def _by_action() -> dict[str, Sentences]:
    """What a room declares, by each of its actions."""
    found = declared("sentences", Sentences)
    only_once({name: each.of for name, each in found.items()})
    return {action: each for each in found.values() for action in each.of}


def sentences() -> dict[str, StrPromise]:
    """Every sentence by the code of its action."""
    return {action: each.of[action] for action, each in _by_action().items()}


def read_by_room(action: str) -> frozenset[str]:
    """The details of an action that its room itself puts into words."""
    return frozenset(_by_action()[action].words)


def sentence(action: str, *, who: str, patient: str, detail: Mapping[str, object]) -> str:
    """The row in words. An action without an entry is said plainly, by its code."""
    said = _by_action().get(action)
    if said is None:
        return f"{who}: {action}"
    words = {
        **{name: value for name, value in detail.items() if isinstance(value, str | int | float)},
        **{name: word(str(detail[name])) for name, word in said.words.items() if name in detail},
        "who": who or gettext("Somebody"),
        "patient": patient or gettext("a patient"),
    }
    return str(said.of[action]) % _Filled(words)


class _Filled(dict[str, object]):
    """A word that an older row does not carry is a dash, not an error."""

    def __missing__(self, key: str) -> str:
        return "–"
