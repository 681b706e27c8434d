"""What the rules of a session hold: its protocol, the floors that nobody passes, sets of measures, deadlines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from sojourn.clinical import deadlines, protocol
from sojourn.clinical.protocol.protocol import KIND as PROTOCOL
from sojourn.clinical.rule_kinds.kind import FACT, LIMIT, MARK, ROAD, SEVERE, TIMES, VITAL, Kind, Number, plain
from sojourn.clinical.rules import Rule
from sojourn.clinical.shapes import anything, by, some, table, text, whole, word
from sojourn.clinical.vitals import DIASTOLIC, SYSTOLIC, VITALS, vital


def _floor(rule: Rule) -> Iterator[str]:
    codes = rule.fact("vitals")
    if not rule.open and not rule.parameters:
        yield "a floor has at_least or at_most"
    for each in rule.numbers:
        if {vital(code).unit.code for code in codes} != {each.unit}:
            yield f"{each.name}: {each.unit} is not the unit of {', '.join(codes)}"


def _protocol(rule: Rule) -> Iterator[str]:
    for part in ("checklist", "discharge"):
        for each in rule.fact(part):
            yield from (f"{part}.{each['id']}: {fault}" for fault in _item(part, each))
    if rule.fact("schedule")[-1] < rule.fact("dose_minutes"):
        yield "the schedule ends before the dose"
    yield from _protocol_examples(rule)


def _item(part: str, item: Mapping[str, Any]) -> Iterator[str]:
    if "answers" in item and part == "discharge":
        yield "only the checklist tells facts"
    halves = {*item.get("vitals", ())} & {*SYSTOLIC, *DIASTOLIC}
    if halves and all(halves != {*both} for both in zip(SYSTOLIC, DIASTOLIC, strict=True)):
        yield "vitals: a pressure has two halves"


def _protocol_examples(rule: Rule) -> Iterator[str]:
    """An example speaks of items and vital signs that there are."""
    items = {each["id"] for part in ("checklist", "discharge") for each in rule.fact(part)}
    known = {"checks": items, "answered": items, "latest": VITALS, "baseline": VITALS}
    for example in rule.examples:
        for name in known.keys() & example.given.keys():
            shape = by(word(known[name]), anything, least=0)
            yield from shape(f"example {example.title!r}: {name}", example.given[name])


_ITEM: Final = table(
    {"id": text, "label": text, "override": word(("prescriber", "never")), "source": text, "verification": MARK},
    {
        "hint": text,
        "vitals": some(VITAL),
        "answers": table({"fact": FACT}, {"passed": anything, "failed": anything}),
    },
)
_AT_LEAST: Final = Number(("{score}",), "higher")
_GUARDS: Final = frozenset(
    (*(each.name for each in fields(protocol.GuardFacts)), "transition", "answered", "checked_at", "now")
)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        PROTOCOL: Kind(
            plain(
                **ROAD, dose_minutes=whole(0), schedule=some(whole(0)), continuous=some(VITAL),
                checklist=some(_ITEM), discharge=some(_ITEM),
            ),
            {
                "min_observation": Number(("min",), "higher"),
                "vitals_max_age": Number(("min",), "lower"),
                "hold_systolic": Number(("mm[Hg]",), "lower"),
                "hold_diastolic": Number(("mm[Hg]",), "lower"),
                "bp_within": Number(("%",), "lower"),
                "spo2_at_least": Number(("%",), "higher"),
                "moaas_at_least": _AT_LEAST, "padss_at_least": _AT_LEAST, "aldrete_at_least": _AT_LEAST,
            },
            _GUARDS, ("refused", "target", "missed", "next", "done", "told"), protocol.read, _protocol,
        ),
        protocol.HARD_FLOOR: Kind(
            table({"vitals": some(VITAL)}, {"known": some(plain(says=text, source=text))}),
            {
                "at_least": Number(LIMIT.units, "higher", optional=True),
                "at_most": Number(LIMIT.units, "lower", optional=True),
            },
            ("at_least", "at_most", *VITALS), ("refused",), laws=_floor, open=True,
        ),
        "battery": Kind(
            plain(indication=text, label=text, scales=some(text)), {}, (), ("indication", "scales")
        ),
        deadlines.KIND: Kind(
            plain(severity=SEVERE, clock=word((deadlines.ALWAYS, deadlines.IN_HOURS))),
            dict.fromkeys(("take", "backup", "everybody", "act"), Number(TIMES, "lower")),
            ("at", "open", "taken"), ("backup", "everybody", "all"), deadlines.read,
        ),
    }
)  # fmt: skip
