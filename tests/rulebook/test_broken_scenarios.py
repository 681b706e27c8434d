"""A scenario with one fault is refused by name (tests/broken.py draws the faults from shipped files)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sojourn.clinical.replay import UnknownRule, read
from sojourn.clinical.replay.tables import ScenarioInvalid
from sojourn.foundation.rulebook.replaying import rules_of, unknown_names
from tests.broken import Fault, Legitimate, faults, unnamed

FOLDER = Path(__file__).parents[2] / "docs" / "clinical" / "scenarios"
_FREE = "free words: nothing can be asked of them but that they are there"
_OWN = "a scenario may do without it, and is then another session"
_TYPED = "what somebody typed or a monitor sent: what is wrong in it the guards of the session answer"
_CODE = "a code that nothing says is never found: the line fails when it is played"
TYPED = (
    "devices",
    "dose_mg",
    "drawn_ml",
    "mg",
    "over_min",
    "rate_ml_per_h",
    "remaining_ml",
    "stock_mg_per_ml",
    "total_ml",
)
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in (
            *("title", "shows", "patient.escort", "papers.agreements.*.id", "papers.agreements.*.title"),
            *("papers.agreements.*.missing", "timeline.*.expect.*.source", "timeline.*.expect.*.why"),
            *("timeline.*.how", "timeline.*.lot", "timeline.*.reason", "timeline.*.text"),
        )
    ),
    *(
        Legitimate(each, ("nothing",), _CODE)
        for each in (
            *("papers.plan.signed_beyond.*", "timeline.*.sets_aside.*"),
            *("timeline.*.expect.*.refused.*", "timeline.*.expect.*.set_aside.*"),
        )
    ),
    *(
        Legitimate(each, ("removed",), _OWN)
        for each in (
            *("clinic.own_numbers*", "earlier_doses*", "papers.agreements.*.missing", "papers.plan.fixed_mg"),
            *("papers.plan.per_kg", "papers.plan.over_min", "papers.plan.review_after", "papers.plan.signed_beyond"),
            *("papers.plan.stock_mg_per_ml", "papers.plan.total_ml", "patient.escort", "patient.facts*"),
            *(
                "people.Nurse Kim",
                "timeline.*.aldrete",
                "timeline.*.padss",
                "timeline.*.expect",
                "timeline.*.expires_on",
            ),
            *("timeline.*.expect.*.at", "timeline.*.expect.*.priority", "timeline.*.expect.*.why", "timeline.*.failed"),
            *("timeline.*.how", "timeline.*.passed", "timeline.*.sets_aside", "timeline.*.vitals.*"),
            *(f"timeline.*.{each}" for each in TYPED),
        )
    ),
    *(
        Legitimate(
            f"timeline.*.{each}.*", ("removed",), "a score of which an item is missing is refused at the bedside"
        )
        for each in ("aldrete", "padss")
    ),
    Legitimate("people.Nurse Kim", ("misspelt",), "somebody who does nothing in this session"),
    *(Legitimate(each, ("empty",), _OWN) for each in ("clinic.adopted", "earlier_doses", "papers.agreements")),
    *(Legitimate(each, ("empty",), _OWN) for each in ("papers.plan.signed_beyond", "timeline.*.expect*")),
    *(Legitimate(f"timeline.*.{each}", ("empty",), _OWN) for each in ("failed", "passed", "sets_aside")),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in ("clinic.adopted.*", "earlier_doses.*", "papers.*", "timeline.*", "timeline.*.expect.*")
    ),
    *(Legitimate(each, ("doubled",), "the same thing twice") for each in ("earlier_doses.*", "timeline.*")),
    *(Legitimate(f"timeline.*.{each}", ("zero", "negative"), _TYPED) for each in (*TYPED, "vitals.*")),
    *(
        Legitimate(each, ("zero",), "none")
        for each in (
            *("earlier_doses.*.over_min", "papers.plan.given", "patient.age_years", "timeline.*.aldrete*"),
            *("timeline.*.padss*", "timeline.*.expect.*"),
        )
    ),
    Legitimate("timeline.*.expect.*.unaccounted_mg", ("negative",), "more was charted than drawn up"),
    *(Legitimate(f"clinic.own_numbers.{each}", ("zero", "negative"), _OWN) for each in ("floor.*", "recovery.*")),
)


def _every() -> list[dict[str, Any]]:
    return [json.loads(each.read_text(encoding="utf-8")) for each in sorted(FOLDER.glob("*.json"))]


def refusal(tree: dict[str, Any]) -> str:
    """What is said against a scenario, "" where it is taken."""
    try:
        found = read("base.json", json.dumps(tree))
        rules_of(found)
    except (ScenarioInvalid, UnknownRule) as wrong:
        return str(wrong)
    return "; ".join(unknown_names(found))


def one_of_each(trees: list[dict[str, Any]]) -> list[Fault]:
    """One fault of a kind at a place; in the timeline one for each kind of entry that has the key."""
    found: dict[tuple[str, str, str], Fault] = {}
    for tree in trees:
        for each in faults(tree):
            if isinstance(each.tree, dict):
                does = ""
                if each.path[:1] == ("timeline",) and len(each.path) > 1:
                    does = str(tree["timeline"][each.path[1]].get("does"))
                found.setdefault((each.kind, each.place, does), each)
    return list(found.values())


def _unnamed(fault: Fault, said: str) -> str:
    word = fault.path[-1:] != ("from",)  # without it a "by" is missing
    return unnamed(fault, said, legitimate=LEGITIMATE, names=("base.json",), word_said=word)


@pytest.mark.slow
def test_every_fault_of_a_scenario_is_refused_by_name():
    trees = _every()
    assert [refusal(each) for each in trees] == [""] * len(trees)
    assert [each for one in one_of_each(trees) if (each := _unnamed(one, refusal(one.tree)))] == []
