"""A scale file with one fault is refused by name (tests/broken.py draws the faults from shipped files)."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest

from sojourn.clinical import worked
from sojourn.clinical.rules import RuleInvalid
from sojourn.foundation.rulebook.scales import read_file
from tests.broken import Fault, Legitimate, faults, toml

# Every key that any scale has: with its words, branched and yes or no, with subscales, with a total only.
BASES = ("phq-9", "c-ssrs-screener", "bpic-ss", "pcl-5", "meq-30", "audit-c", "psqi", "icsi")
_FREE = "free words, or a code of another list: nothing can be asked of them but that they are there"
_OWN = "a scale may do without it: a translation, a code, a limit, a label, another item or example"
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in (
            *(
                "rule.*.title",
                "rule.*.statement",
                "rule.*.sources.*",
                "rule.*.parameters.*.label",
                "instrument.title.*",
            ),
            *("instrument.construct", "licence.*", "finding.*.code", "finding.*.label", "finding.*.source"),
            *("finding.*.examples.*.title", "questionnaire.*", "*.text.en", "*.text.es", "*loinc", "*.label", "*.code"),
        )
    ),
    *(
        Legitimate(each, ("removed",), _OWN)
        for each in (
            *("*.es", "*loinc", "*.mark", "*.label", "*.verification", "*.furthest", "questionnaire.stem", "finding"),
            *("finding.*.examples", "questionnaire.wording", "*.prefix", "*.required", "rule.*.parameters.*"),
            *("rule.*.fixed.bands", "rule.*.fixed.entry", "rule.*.fixed.adopt_first", "rule.*.fixed.yes_no"),
            *("rule.*.fixed.parts.*", "rule.*.fixed.decimals", "rule.*.fixed.branches.*", "rule.*.fixed.values.*"),
            *("rule.*.fixed.parts", "questionnaire.items.*.when"),
        )
    ),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in (
            *("rule.*.sources.*", "finding.*", "finding.*.examples.*", "questionnaire.answers.*", "*.safety_items.*"),
            *("questionnaire.items.*", "*.yes_no.*", "*.parts.*"),
        )
    ),
    Legitimate("rule.*.fixed.*", ("empty",), _OWN),
    Legitimate("rule.*.fixed.items.*", ("nothing",), "an item without words has the name that its rule gives it"),
    Legitimate("questionnaire.wording.*", ("removed",), "the wording of a language is marked where it needs a mark"),
    Legitimate("*.decimals", ("zero",), "whole numbers are decimals of which there are none"),
    Legitimate("licence.holder", ("blank",), "some scales have no holder whom we know"),
    Legitimate("rule.*.parameters.*.furthest", ("zero",), "a clinic may go as far as the number goes"),
    Legitimate("rule.*.parameters.most_missing.value", ("zero",), "none may be missing"),
    Legitimate("finding.*.examples.*.answers.*", ("zero",), "an example that says something else that is true"),
)


def _tree(scale_id: str) -> dict[str, Any]:
    folder = resources.files("sojourn.clinical.scales").joinpath("definitions")
    return tomllib.loads(folder.joinpath(f"{scale_id}.toml").read_text(encoding="utf-8"))


def refusal(tree: Any) -> str:
    """What is said against a file, "" where it is taken."""
    try:
        scale = read_file("base.toml", toml(tree))
    except RuleInvalid as wrong:
        return str(wrong)
    return "; ".join(worked.run_scale(scale))


def _unnamed(fault: Fault, said: str) -> str:
    if not said:
        return "" if any(each.holds(fault) for each in LEGITIMATE) else f"{fault}: taken"
    whole = "base.toml" in said or "scale." in said
    named = whole and (fault.kind != "misspelt" or "rule" not in fault.path or str(fault.path[-1]) in said)
    return "" if named else f"{fault}: refused without a name: {said}"


def _walked(tree: dict[str, Any]) -> list[Fault]:
    """The faults of a file, but for what the worked examples of its rule hold, which are walked with the rules."""
    of_examples = (each for each in faults(tree) if not (each.path[:1] == ("rule",) and "examples" in each.path))
    return [each for each in of_examples if isinstance(each.tree, dict)]  # a file is a table


@pytest.mark.parametrize("scale_id", BASES)
@pytest.mark.slow
def test_every_fault_of_a_scale_is_refused_by_name(scale_id):
    tree = _tree(scale_id)
    assert refusal(tree) == ""
    assert [each for one in _walked(tree) if (each := _unnamed(one, refusal(one.tree)))] == []


@pytest.mark.parametrize("wrong", [" ", "worst", "Worse"])
def test_which_way_a_scale_goes_is_never_guessed(wrong):
    """Any other word was read as "better"."""
    tree = _tree("phq-9")
    tree["rule"][0]["fixed"]["higher_is"] = wrong
    assert "scale.phq-9: fixed.higher_is cannot be" in refusal(tree)


@pytest.mark.parametrize(("end", "step"), [("from", -1), ("from", 1), ("to", -1), ("to", 1)])
def test_a_hole_or_an_overlap_of_bands_is_refused(end, step):
    tree = _tree("phq-9")
    tree["rule"][0]["fixed"]["bands"][2][end] += step
    assert "scale.phq-9: the bands have a gap or an overlap" in refusal(tree)
