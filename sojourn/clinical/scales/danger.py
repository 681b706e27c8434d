"""Which questions of a questionnaire are about danger to oneself, and whether an answer can raise the alarm at all.

A question is proposed by its LOINC code or by its words; a person says whether it is one. What is proposed and neither
named nor set aside is a fault, and so is a limit that no answer reaches: an alarm that cannot sound is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeGuard

from sojourn.clinical.scales.fhir import Fault, Form
from sojourn.clinical.scales.items import Item, When

# LOINC codes of questions about danger, with where the code was read.
CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "44260-8": "PHQ-9 item 9; LOINC, read",
        "93246-7": "C-SSRS screener question 1; public FHIR Questionnaire, second-hand",
    }
)
# Words by which a question about danger is proposed, English and Spanish. Our own list, a convention: it only asks.
_WORDS: Final = re.compile(
    r"""suicid|\bself[- ]?(?:harm|injur)|autolesi
    |\b(?:kill|killing|harm|harming|hurt|hurting|injure|injuring|cut|cutting)\s+(?:yourself|myself|oneself)
    |\b(?:end|ending|take|taking)\s+(?:your|my|one's)\s+(?:own\s+)?life
    |\bbetter\s+off\s+dead|\b(?:wish\w*|want\w*)\b.{0,30}\bdead\b|\bwish\w*\b.{0,40}\bnot\s+wake\s+up
    |\b(?:want\w*|wish\w*|thoughts?|think\w*)\b.{0,30}\b(?:to\s+die|of\s+death|of\s+dying|about\s+dying|about\s+death)
    |\b(?:matarse|matarme|quitarse\s+la\s+vida|quitarme\s+la\s+vida|hacerse\s+daño|hacerme\s+daño|lastimarse|lastimarme)
    |\bherirse|\bherirme|\bmejor\s+muert|\bestar\s+muert|\bganas\s+de\s+morir|\bdese\w*\b.{0,30}\bmorir
    |\bpens\w*\b.{0,30}\b(?:la\s+)?muerte|\bno\s+despertar""",
    re.IGNORECASE | re.VERBOSE,
)


def proposed(form: Form, codes: Collection[str] = ()) -> Mapping[str, str]:
    """The questions that look as if they were about danger, by link id, each with what says so: its LOINC code (one of
    ``CODES`` or ``codes``, those of the safety items of other scales), or the words in whatever language they stand."""
    by_code = _coded(form.definition.get("item", ()), {*CODES, *codes})
    found: dict[str, str] = {}
    for each in form.items:
        code = by_code.get(each.link_id)
        words = next((match.group() for text in each.text.values() if (match := _WORDS.search(text))), "")
        if code or words:
            found[each.link_id] = f"LOINC {code}" if code else f"“{words}”"
    return found


def _coded(items: Any, known: Collection[str]) -> Mapping[str, str]:
    """The first of the known codes of each item, however deep it lies and whichever place it has among its codes."""
    found: dict[str, str] = {}
    for each in items:
        told = each.get("code", ())
        codes = [str(one.get("code")) for one in (told if isinstance(told, (list, tuple)) else ()) if _is_table(one)]
        if code := next((one for one in codes if one in known), ""):
            found[str(each.get("linkId", ""))] = code
        found |= _coded(each.get("item", ()), known)
    return found


def _is_table(data: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(data, Mapping)


def faults(items: Sequence[Item], named: Sequence[str], limit: int) -> tuple[Fault, ...]:
    """Why an alarm could not work as it is meant. ``named``: the link ids of the questions about danger; ``limit``: the
    answer from which they raise a flag.

    "danger-no-question" (a limit without a question), and for an item "danger-no-answers" (nothing there to answer by
    number), "danger-unreachable" (no answer reaches the limit; detail: the highest), "danger-always" (every answer
    reaches it; detail: the lowest), "danger-never-asked" (its branch can never be taken).
    """
    return tuple(_faults(items, named, limit))


def _faults(items: Sequence[Item], named: Sequence[str], limit: int) -> Iterator[Fault]:
    questions = {each.link_id: each for each in items}
    if not named and limit != 1:
        yield Fault("danger-no-question", detail=str(limit))
    for name in dict.fromkeys(named):
        item = questions.get(name)
        if item is None:
            yield Fault("danger-no-answers", name)
            continue
        low, high = item.bounds
        if high < limit:
            yield Fault("danger-unreachable", name, f"{high}")
        elif low >= limit:
            yield Fault("danger-always", name, f"{low}")
        if not _can_be_asked(item, questions):
            yield Fault("danger-never-asked", name)


def _can_be_asked(item: Item, questions: Mapping[str, Item]) -> bool:
    """Whether some answers lead to the question. Branches lead back only to earlier questions."""
    if not item.enable:
        return True
    if not item.enable_all:
        return any(_can_be_met([each], questions) for each in item.enable)
    by_question: dict[str, list[When]] = {}
    for each in item.enable:
        by_question.setdefault(each.link_id, []).append(each)
    return all(_can_be_met(whens, questions) for whens in by_question.values())


def _can_be_met(whens: Sequence[When], questions: Mapping[str, Item]) -> bool:
    """Whether one answer of one earlier question, or none, meets all of these."""
    (name,) = {each.link_id for each in whens}
    earlier = questions.get(name)
    if all(each.met({}) for each in whens):
        return True
    if earlier is None or not _can_be_asked(earlier, questions):
        return False
    return any(all(each.met({name: value}) for each in whens) for value in earlier.values)
