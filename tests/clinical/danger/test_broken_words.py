"""A list of words of danger with one fault is refused by name (tests/broken.py draws the faults from a short list)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib import resources
from typing import Any

import pytest

from sojourn.clinical.danger.reading import WordList, WordsInvalid
from tests.broken import Fault, Legitimate, faults, unnamed

_FREE = "free words: nothing can be asked of them but that they are there"
_OWN = "a list may do without it: which words are danger, and what excuses them, is the list's own"
PLACES = ("before", "after", "inside", "saved_at", "saved_before", "saved_after", "saved_inside")
LEGITIMATE = (
    *(
        Legitimate(each, ("nothing",), _FREE)
        for each in (
            *("about.*", "breaking", "common", "other", "forgiven", "written.*", "classes.*.*", "rules.*.name"),
            *("rules.*.because", "rules.*.patterns.*", "rules.*.beside.*", "rules.*.groups.*", "exceptions.*.name"),
            *("exceptions.*.looks_for", *(f"exceptions.*.{place}.*" for place in PLACES)),
        )
    ),
    *(Legitimate(f"exceptions.*.{each}", ("removed",), _OWN) for each in (*PLACES, "asked")),
    *(Legitimate(each, ("removed",), _OWN) for each in ("rules.*.beside", "written.*")),
    Legitimate("written.*", ("misspelt",), "how people write a word is their own"),
    Legitimate("written", ("unknown key", "empty"), "how people write a word is their own"),
    *(
        Legitimate(each, ("hole",), _OWN)
        for each in (
            *("about.*", "classes.*.*", "rules.*", "rules.*.patterns.*", "rules.*.groups.*", "rules.*.beside.*"),
            *("exceptions.*", "exceptions.*.groups.*", *(f"exceptions.*.{place}.*" for place in PLACES)),
        )
    ),
)


def _shipped() -> dict[str, Any]:
    file = resources.files("sojourn.clinical.danger") / "words.json"
    return json.loads(file.read_text(encoding="utf-8"))


def _short(shipped: dict[str, Any]) -> dict[str, Any]:
    """As few rules and exceptions as have every key that any has, with one pattern each, and the classes they name."""
    rules = [{**each, "patterns": each["patterns"][:2]} for each in _one_of_each(shipped["rules"])]
    groups = {group for each in rules for group in each["groups"]}
    exceptions = [
        {
            **{key: one[:1] if key in PLACES else one for key, one in each.items()},
            "groups": [group for group in each["groups"] if group in groups],
        }
        for each in _one_of_each(each for each in shipped["exceptions"] if groups & {*each["groups"]})
    ]
    written = dict(list(shipped["written"].items())[:2])
    classes = _named(shipped["classes"], [*rules, *exceptions])
    return {**shipped, "written": written, "classes": classes, "rules": rules, "exceptions": exceptions}


def _one_of_each(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept, seen = [], set()
    for each in sorted(rows, key=len, reverse=True):
        if set(each) - seen:
            seen |= set(each)
            kept.append(each)
    return kept


def _named(classes: dict[str, list[str]], rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The classes that rows name, and those that these name, in the order of the file."""
    wanted: set[str] = set()
    text = json.dumps(rows)
    while found := set(re.findall(r"\{(\w+)\}", text)) - wanted:
        wanted |= found
        text = json.dumps([classes[each] for each in found])
    return {name: each for name, each in classes.items() if name in wanted}


BASE = _short(_shipped())


def refusal(tree: Any) -> str:
    """What is said against a list, "" where it is taken."""
    try:
        WordList(tree)
    except WordsInvalid as wrong:
        return str(wrong)
    return ""


def _unnamed(fault: Fault, said: str) -> str:
    return unnamed(fault, said, legitimate=LEGITIMATE, names=("words.json",))


def test_no_word_of_the_list_stands_twice_in_one_place():
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert sorted(set(names)) == sorted(names)
        return dict(pairs)

    file = resources.files("sojourn.clinical.danger") / "words.json"
    json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)


def test_the_short_list_has_every_key_of_the_long_one():
    for part in ("rules", "exceptions"):
        assert {key for each in BASE[part] for key in each} == {key for each in _shipped()[part] for key in each}


def test_every_fault_of_a_list_is_refused_by_name():
    assert refusal(BASE) == ""
    walked = [each for each in faults(BASE) if isinstance(each.tree, dict)]
    assert [each for one in walked if (each := _unnamed(one, refusal(one.tree)))] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"befor": ["never"]}, "befor is not a part of it"),
        ({"groups": ["actt"]}, "no rule is of the group actt"),
        ({"before": ["(never | not"]}, "a bracket is not closed"),
        ({"before": ["never)"]}, "a bracket closes that was not opened"),
        ({"before": ["{nevver}"]}, "there is no class {nevver}"),
        ({"before": ["? never"]}, "? repeats nothing"),
    ],
)
def test_an_exception_that_would_excuse_too_much_or_nothing_is_refused(change, says):
    """With a misspelt place it would look nowhere, and excuse every word of its groups."""
    group = BASE["rules"][0]["groups"][0]
    own = {"name": "own", "looks_for": "a negation", "effect": "none", "groups": [group], "before": ["never"]}
    assert refusal({**BASE, "exceptions": [own]}) == ""
    assert says in refusal({**BASE, "exceptions": [{**own, **change}]})


def test_an_exception_that_looks_nowhere_is_refused():
    own = {"name": "own", "looks_for": "nothing", "effect": "none", "groups": BASE["rules"][0]["groups"]}
    assert "own: it says nowhere" in refusal({**BASE, "exceptions": [own]})


def test_the_whole_list_is_sound():
    assert refusal(_shipped()) == ""
