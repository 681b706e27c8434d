"""A file of roles with one fault is refused by name (tests/broken.py draws the faults from the file that ships)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest

from sojourn.foundation.accounts import roles
from sojourn.foundation.registry import Permissions, declared
from tests.broken import Fault, Legitimate, faults, toml

SHIPPED = tomllib.loads(resources.files("sojourn.foundation.accounts").joinpath("roles.toml").read_text("utf-8"))
KNOWN = {code for each in declared("permissions", Permissions).values() for code in each.of}
_OWN = "who may what is decided, and the walk of actions and roles holds it (tests/care/actions)"
LEGITIMATE = (
    Legitimate("*.may.*", ("hole",), _OWN),
    Legitimate("*.may", ("empty",), _OWN),
    Legitimate("*.clinical", ("removed",), _OWN),
)


def refusal(tree: dict[str, Any]) -> str:
    """What is said against a file, "" where it is taken."""
    try:
        found = roles.read(toml(tree))
    except roles.RolesInvalid as wrong:
        return str(wrong)
    unknown = {code for each in found.values() for code in each.may} - KNOWN
    return f"roles.toml: {', '.join(unknown)}" if unknown else ""


def _one_of_each() -> list[Fault]:
    return list({(each.kind, each.place): each for each in faults(SHIPPED) if isinstance(each.tree, dict)}.values())


def test_every_fault_of_the_roles_is_refused_by_name():
    wrong = []
    assert refusal(SHIPPED) == ""
    for one in _one_of_each():
        said = refusal(one.tree)
        if not said and not any(each.holds(one) for each in LEGITIMATE):
            wrong.append(f"{one}: taken")
        if said and ("roles.toml" not in said or (one.kind == "misspelt" and str(one.path[-1]) not in said)):
            wrong.append(f"{one}: refused without its name: {said}")
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "change", "says"),
    [
        ("nurse", {"clincal": True}, "roles.toml.nurse.clincal is not a part of it"),
        ("nurse", {"staff": "false"}, "roles.toml.nurse.staff must be true or false"),
        ("patient", {"clinical": True}, "roles.toml.patient: only staff is clinical"),
        ("nurse", {"label": "Nurses"}, "roles.toml.nurse.label is not the one that is translated: Nurse"),
    ],
)
def test_what_was_passed_over_is_refused(code, change, says):
    """A misspelt "clinical" made a role whose holders nobody confirms; any text was as good as true."""
    assert refusal({**SHIPPED, code: {**SHIPPED[code], **change}}) == says


def test_a_role_of_a_name_that_nobody_knows_is_refused():
    assert "roles.toml.nursse is not a part of it" in refusal({**SHIPPED, "nursse": SHIPPED["nurse"]})
