"""The scales that ship, read from their files: one JSON and one TOML each, found by name."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from sojourn.clinical.scales import Scale, parse


def _folder() -> Traversable:
    return resources.files("sojourn.clinical.scales").joinpath("definitions")


@cache
def ids() -> tuple[str, ...]:
    """The ids of all scales, sorted."""
    return tuple(sorted(each.name[:-5] for each in _folder().iterdir() if each.name.endswith(".json")))


@cache
def scale(scale_id: str) -> Scale:
    """A scale by id ("phq-9"); raises KeyError for an unknown one, RuleInvalid for a wrong file. Cached."""
    if scale_id not in ids():
        raise KeyError(scale_id)
    files = _folder()
    return parse(
        files.joinpath(f"{scale_id}.json").read_text(encoding="utf-8"),
        files.joinpath(f"{scale_id}.toml").read_text(encoding="utf-8"),
    )


def scales() -> tuple[Scale, ...]:
    """Every scale that ships."""
    return tuple(scale(each) for each in ids())
