"""What a device may send later: each form of a page that works without a network, as one command.

A topic declares its own in ``<topic>/commands.py``; the offline door (interfaces/sync) asks for all of them and knows
no page. What needs the server at once (agreements, signatures, whatever lets a dose go on) is no command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.utils.functional import Promise
from django_stubs_ext import StrPromise

from sojourn.foundation.registry import declared

# A topic of an interface: no room below declares what a page sends.
TOPICS: Final = ("interfaces/*/*",)


@dataclass(frozen=True, slots=True)
class Command:
    """``name``: "message.write". ``page``: the address that takes it, by name, made with the numbers ``made_with``.
    ``called``: what the person sees that waits. ``fields``: what may be sent, each in one line for whoever writes a
    client; a name that ends in "*" stands for every field that begins so."""

    name: str
    page: str
    called: StrPromise
    fields: Mapping[str, str]
    made_with: tuple[str, ...] = ()

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the fields that this command does not know."""
        begins = tuple(each[:-1] for each in self.fields if each.endswith("*"))
        return sorted(each for each in names if each not in self.fields and not (begins and each.startswith(begins)))


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of a topic: ``COMMANDS`` in ``<topic>/commands.py``."""

    of: tuple[Command, ...]


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its name. Raises ValueError where two topics declare one."""
    found: dict[str, Command] = {}
    for where, topic in declared("commands", Commands, TOPICS).items():
        for each in topic.of:
            if each.name in found:
                raise ValueError(f"{where}: {each.name} is declared twice")
            found[each.name] = each
    return found


# ---------------------------------------------------------------- why a page did not take what was sent


def say_why(response: HttpResponse, context: Mapping[str, Any]) -> HttpResponse:
    """Note on a page that refused a form why it did, for whoever asked without wanting a page."""
    if response.status_code >= 400:
        response.reasons = list(_reasons(context))  # type: ignore[attr-defined]
    return response


def reasons_of(response: HttpResponse) -> list[str]:
    """Why a form was refused, as its page says it; empty where the page does not say."""
    return [str(each) for each in getattr(response, "reasons", ())]


def _reasons(context: Mapping[str, Any]) -> Iterator[str]:
    for name in ("reasons", "errors", "lines"):
        for each in context.get(name) or ():
            said = each.get("text") if isinstance(each, Mapping) else each
            if isinstance(said, str | Promise):
                yield str(said)
    form = context.get("form")
    if isinstance(form, forms.BaseForm) and form.is_bound:
        for messages in form.errors.values():
            yield from map(str, messages)
