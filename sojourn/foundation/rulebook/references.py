"""What a rule names that stands in another file: a questionnaire, its items, an item of a session."""

from __future__ import annotations

from collections.abc import Iterator

from sojourn.clinical import protocol, raising
from sojourn.clinical.rules import Rule
from sojourn.foundation.rulebook.scales import ids, scale


def faults(rule: Rule) -> Iterator[str]:
    """Every name in a rule that nothing bears."""
    if rule.kind == "battery":
        yield from (f"no questionnaire is called {each}" for each in rule.fact("scales") if each not in ids())
    elif rule.kind == raising.KIND:
        yield from _of_answers(rule)


def _of_answers(rule: Rule) -> Iterator[str]:
    for name, items in rule.fact("answers").items():
        if name not in ids():
            yield f"no questionnaire is called {name}"
            continue
        known = {each.link_id for each in scale(name).items}
        yield from (f"{name} has no item {each}" for each in items if each not in known)


def checks(rule: Rule, protocols: tuple[protocol.Protocol, ...]) -> Iterator[str]:
    """Items of a session that a rule of what raises a flag names, and no protocol asks."""
    asked = {each.id for one in protocols for each in (*one.checklist, *one.discharge)}
    yield from (f"no protocol asks {each}" for each in rule.fact("checks") if each not in asked)
