"""An intake form with one fault is refused by name (tests/broken.py draws the faults from the form that ships)."""

from __future__ import annotations

import tomllib
from typing import Any

from sojourn.care.intake import intake_form
from sojourn.care.safety.models import FlagKind
from tests.broken import Fault, Legitimate, faults, toml

_FREE = "free words, or a name that nothing else speaks of"
_OWN = "a form may do without it: which questions are asked is the house's own"
_QUESTION = "section.*.question.*"
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in (
            *("version", "section.*.id", "section.*.title", "section.*.lead", f"{_QUESTION}.id", f"{_QUESTION}.text"),
            *(f"{_QUESTION}.hint", f"{_QUESTION}.why", f"{_QUESTION}.choices.*.id", f"{_QUESTION}.choices.*.text"),
            *("contradiction.*.id", "contradiction.*.words"),
        )
    ),
    *(
        Legitimate(each, ("removed",), _OWN)
        for each in (
            *(f"{_QUESTION}.hint", f"{_QUESTION}.fact", f"{_QUESTION}.when", f"{_QUESTION}.danger", "contradiction"),
            *(f"{_QUESTION}.choices.*.fact", f"{_QUESTION}.choices.*.facts"),
        )
    ),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in (
            *("section.*", _QUESTION, f"{_QUESTION}.units.*", f"{_QUESTION}.choices.*", f"{_QUESTION}.danger.*"),
            *(f"{_QUESTION}.when.*.is.*", "contradiction.*", "contradiction.*.when.*"),
        )
    ),
)


def refusal(tree: dict[str, Any]) -> str:
    """What is said against a form, "" where it is taken."""
    try:
        intake_form.read(toml(tree))
    except intake_form.BadIntakeForm as wrong:
        return str(wrong)
    return ""


def _new(tree: dict[str, Any]) -> list[Fault]:
    """One fault of a kind at a place, whichever the row: forms have many questions of one shape."""
    found: dict[tuple[str, str, str], Fault] = {}
    for each in (one for one in faults(tree) if isinstance(one.tree, dict)):  # a file is a table
        found.setdefault((each.kind, each.place, _shape(tree, each)), each)
    return list(found.values())


def _shape(tree: dict[str, Any], fault: Fault) -> str:
    """Which keys the question has in which the fault is."""
    if fault.path[:1] != ("section",) or len(fault.path) < 4:
        return ""
    question = tree["section"][fault.path[1]]["question"][fault.path[3]]
    return f"{question['kind']} {sorted(question)}"


def test_every_fault_of_the_form_is_refused_by_name():
    tree, wrong = tomllib.loads(intake_form.source()), []
    assert refusal(tree) == ""
    for one in _new(tree):
        said = refusal(one.tree)
        if not said and not any(each.holds(one) for each in LEGITIMATE):
            wrong.append(f"{one}: taken")
        if said and one.kind == "misspelt" and str(one.path[-1]) not in said:
            wrong.append(f"{one}: the word is not said: {said}")
    assert wrong == []


def test_what_is_never_answered_so_is_refused():
    """A danger that waits for a word which no answer has would never be heard."""
    tree = tomllib.loads(intake_form.source())
    asked = [each for section in tree["section"] for each in section["question"]]
    dangerous = next(each for each in asked if "danger" in each)
    dangerous["danger"][0]["on"] = ["yess"]
    assert refusal(tree) == f"{dangerous['id']}: danger: it is never answered by yess"


def test_every_danger_of_the_form_is_a_flag():
    assert set(intake_form.DANGERS) <= set(FlagKind.values)
