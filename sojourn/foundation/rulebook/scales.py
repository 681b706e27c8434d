"""The scales that ship, read from their files: one TOML each, found by name."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

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
    found = read(_folder().joinpath(f"{scale_id}.toml").read_text(encoding="utf-8"))
    assert found.id == scale_id, f"{scale_id}.toml holds {found.id}"
    return found


def scales() -> tuple[Scale, ...]:
    """Every scale that ships, with its text or only with its numbers."""
    return tuple(scale(each) for each in ids())


def asked_scales() -> tuple[Scale, ...]:
    """Those whose text ships, so that a patient can be asked."""
    return tuple(each for each in scales() if each.ships_text)
