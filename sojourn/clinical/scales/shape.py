"""What the file of a scale holds: every key and its type, so that a slip of the hand is refused and not passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sojourn.clinical.rules import MARKS
from sojourn.clinical.scales.items import OPERATORS
from sojourn.clinical.shapes import (
    Shape,
    any_text,
    anything,
    by,
    day,
    either,
    flag,
    number,
    pair,
    some,
    table,
    text,
    whole,
    word,
)

_MARK: Final = word(MARKS)
_TEXT: Final = table({"en": text}, {"es": text})
_LIST: Final = some(text, least=0)
_ANSWER: Final = whole(0)
_RANGE: Final = pair(_ANSWER)


def _rising(place: str, value: Any) -> Iterator[str]:
    """Two whole numbers from 0, the second above the first."""
    if found := list(_RANGE(place, value)):
        yield from found
        return
    low, high = value
    if low >= high:
        yield f"{place} does not rise"


def _answers(place: str, value: Any) -> Iterator[str]:
    """An answer for each scored item, "" where there is none."""
    if not isinstance(value, list):
        yield f"{place} must be a list"
        return
    for at, each in enumerate(value):
        if each != "":
            yield from _ANSWER(f"{place}.{at}", each)


def _when(place: str, value: Any) -> Iterator[str]:
    """A question, how its answer compares ("=" where nothing is said), and the answer."""
    match value:
        case [question, answer]:
            how = "="
        case [question, how, answer]:
            pass
        case _:
            yield f"{place} is a question, a comparison and an answer"
            return
    yield from text(f"{place}.question", question)
    yield from word(OPERATORS)(f"{place}.operator", how)
    yield from either(flag, _ANSWER)(f"{place}.answer", answer)


def _empty(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or value:
        yield f"{place} is not empty"


_OPTION: Final = table({"value": whole(0), "text": _TEXT}, {"loinc": text, "mark": _MARK})
_ITEM: Final = table(
    {"id": text, "text": _TEXT},
    {
        "answers": text, "loinc": text, "mark": _MARK, "prefix": text, "required": flag, "type": text,
        "range": _rising, "slider": flag, "unit": text, "when": _when,
    },
)  # fmt: skip
_WORDING: Final = table({"mark": _MARK, "note": text})

FIXED: Final = table(
    {
        "questionnaire": text, "items": _LIST, "never_prorated": _LIST, "safety_items": _LIST,
        "higher_is": word(("worse", "better")), "range": either(_empty, _rising),
    },
    {
        "bands": some(table({"code": text, "label": text, "from": whole(), "to": whole()}), least=0),
        "parts": some(table({"code": text, "label": text, "range": _rising}, {"score": text, "decimals": whole(0, 3)})),
        "score": any_text, "total_from_parts": text, "decimals": whole(0, 3), "step": whole(1),
        "values": by(text, _rising), "branches": by(text, text), "yes_no": some(text), "loinc": text,
        "total_loinc": text, "entry": word(("items", "total")), "adopt_first": some(text),
    },
)  # fmt: skip
_NUMBERS: Final[Mapping[str, tuple[tuple[str, ...], Shape]]] = {
    "most_missing": (("{items}",), number(0)),
    "safety_from": (("{score}", "{answer}"), number(1)),
    "response_percent": (("%",), number(1, 100)),
    **{
        name: (("{score}",), number(1))
        for name in (
            *("screen_cutoff", "screen_cutoff_male", "screen_cutoff_female", "remission_below", "reliable_change"),
            *("meaningful_change", "response_points"),
        )
    },
}

FILE: Final = table(
    {
        "rule": some(anything),
        "instrument": table(
            {"id": text, "construct": text, "rater": word(("self", "clinician"))}, {"title": _TEXT}
        ),
        "licence": table({"ships": word(("yes", "unread", "no")), "holder": any_text, "note": text}),
    },
    {
        "questionnaire": table(
            {
                "id": text, "version": whole(1), "name": text, "title": _TEXT, "date": day, "description": text,
                "copyright": text, "answers": by(text, some(_OPTION)), "items": some(_ITEM),
            },
            {"stem": _TEXT, "loinc": text, "wording": by(word(("en", "es")), _WORDING)},
        ),
        "finding": some(
            table(
                {"code": text, "label": text, "when": text, "source": text, "verification": _MARK},
                {
                    "over": word(("parts",)),
                    "examples": some(table({"title": text, "answers": _answers, "met": flag})),
                },
            )
        ),
    },
)  # fmt: skip


def numbers(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the numbers of a scale's rule (``Rule.parameters``)."""
    if "most_missing" not in parameters:
        yield "most_missing is missing"
    for name, each in parameters.items():
        if name not in _NUMBERS:
            yield f"{name} is no number of a scale"
            continue
        units, shape = _NUMBERS[name]
        if each.unit not in units:
            yield f"{name}: {each.unit} is no unit of it ({', '.join(units)})"
        yield from shape(name, each.value)
        if each.furthest is not None:
            yield from number(0)(f"{name}.furthest", each.furthest)
