"""The scales that ship, read from their files: one TOML each, found by name."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.scales import Scale, read


def _folder() -> Traversable:
    return resources.files("sojourn.clinical.scales").joinpath("definitions")


@cache
def ids() -> tuple[str, ...]:
    """The ids of all scales, sorted."""
    return tuple(sorted(each.name[:-5] for each in _folder().iterdir() if each.name.endswith(".toml")))


@cache
def scale(scale_id: str) -> Scale:
    """A scale by id ("phq-9"); raises KeyError for an unknown one, RuleInvalid for a wrong file. Cached."""
    if scale_id not in ids():
        raise KeyError(scale_id)
    name = f"{scale_id}.toml"
    found = read_file(name, _folder().joinpath(name).read_text(encoding="utf-8"))
    assert found.id == scale_id, f"{name} holds {found.id}"
    return found


def read_file(name: str, text: str) -> Scale:
    """A scale from the text of its file; raises RuleInvalid, which names the file."""
    try:
        return read(text)
    except RuleInvalid as wrong:
        raise RuleInvalid(f"{name}: {wrong}") from wrong


def scales() -> tuple[Scale, ...]:
    """Every scale that ships, with its text or only with its numbers."""
    return tuple(scale(each) for each in ids())


def asked_scales() -> tuple[Scale, ...]:
    """Those whose text ships, so that a patient can be asked."""
    return tuple(each for each in scales() if each.ships_text)
