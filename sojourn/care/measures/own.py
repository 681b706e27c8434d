"""A clinic's own questionnaires: from the rows as they were loaded to scales that can be asked and scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from sojourn.clinical.rules import RuleInvalid
from sojourn.clinical.scales import (
    ExpressionWrong,
    Fault,
    Form,
    FormInvalid,
    Licence,
    OwnScoring,
    Scale,
    danger,
    fhir,
    own,
    say,
    text_for,
)
from sojourn.foundation.rulebook.scales import scale as shipped
from sojourn.foundation.rulebook.scales import scales as shipped_scales

PREFIX = "own-"
MOST_DECIMALS = 2  # as many as a score is kept with


def family_of(code: str, stands_for: str) -> str:
    """Within what the scores of an own questionnaire are compared."""
    return stands_for or f"own.{code}"


def digest(questionnaire: str, scoring: Mapping[str, Any], stands_for: str) -> str:
    """What names exactly this text with this scoring."""
    whole = json.dumps([questionnaire, dict(scoring), stands_for], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()


def scoring_of(table: Mapping[str, Any]) -> OwnScoring:
    """The scoring as it is kept in a row; raises FormInvalid."""
    try:
        decimals = int(table.get("decimals", 0))
        if not 0 <= decimals <= MOST_DECIMALS:
            raise ValueError(decimals)
        return OwnScoring(
            score=str(table["score"]),
            higher_is="better" if table.get("higher_is") == "better" else "worse",
            most_missing=int(table.get("most_missing", 0)),
            decimals=decimals,
            safety_items=tuple(str(each) for each in table.get("safety_items", ())),
            safety_from=int(table.get("safety_from", 1)),
            bands=tuple((str(a), str(b), int(c), int(d)) for a, b, c, d in table.get("bands", ())),
        )
    except (KeyError, TypeError, ValueError):
        raise FormInvalid(Fault("no-scoring")) from None


def read(
    *,
    scale_id: str,
    code: str,
    version: int,
    stands_for: str,
    questionnaire: str,
    scoring: Mapping[str, Any],
    holder: str,
    statement: str,
) -> Scale:
    """The scale that a loaded file makes. Raises FormInvalid with everything that is wrong."""
    form: Form = fhir.read(fhir.load(questionnaire))
    licence = Licence("own", holder, statement)
    if stands_for:
        try:
            known = shipped(stands_for)
        except KeyError:
            raise FormInvalid(Fault("unknown-scale", detail=stands_for)) from None
        return text_for(known, form, scale_id=scale_id, licence=licence)
    try:
        return own(
            scale_id=scale_id,
            family=family_of(code, ""),
            version=version,
            form=form,
            scoring=scoring_of(scoring),
            licence=licence,
        )
    except ExpressionWrong as wrong:
        raise FormInvalid(Fault("expression", detail=str(wrong))) from None
    except RuleInvalid as wrong:
        _where, _, said = str(wrong).partition(": ")
        raise FormInvalid(Fault("scoring", detail=said)) from None


def danger_proposed(questionnaire: str) -> Mapping[str, str]:
    """The questions of a file that look as if they were about danger, by link id, each with what says so. Raises
    FormInvalid where the file cannot be read."""
    return danger.proposed(fhir.read(fhir.load(questionnaire)), _codes_of_danger())


@cache
def _codes_of_danger() -> frozenset[str]:
    """The LOINC codes of every question about danger that we ship."""
    return frozenset(
        item.loinc
        for each in shipped_scales()
        for item in each.items
        if item.link_id in each.safety_items and item.loinc is not None
    )


def danger_faults(
    questionnaire: str, scoring: Mapping[str, Any], stands_for: str, not_danger: Collection[str] = ()
) -> tuple[Fault, ...]:
    """What is wrong with the questions about danger of a file that is being loaded, and with the number from which they
    raise a flag. ``not_danger``: questions of which a person says that they are not about danger. Empty where the file
    or its scoring cannot be read at all, which ``read`` says."""
    try:
        form = fhir.read(fhir.load(questionnaire))
        named, limit = tuple(scoring.get("safety_items", ())), int(scoring.get("safety_from", 1))
        known = shipped(stands_for) if stands_for else None
    except (FormInvalid, KeyError, TypeError, ValueError):
        return ()
    found = list(danger.proposed(form, _codes_of_danger()).items())
    if known is not None:
        if named:
            return (Fault("danger-of-that-scale", detail=say(known.title, "en")),)
        places = {theirs.link_id: ours.link_id for theirs, ours in zip(form.items, known.items, strict=False)}
        counts = [theirs for theirs, ours in places.items() if ours in known.safety_items]
        limit = int(known.rule.optional("safety_from") or 1)
        return (*danger.faults(form.items, counts, limit if counts else 1), *_not_named(found, [*counts, *not_danger]))
    return (*danger.faults(form.items, named, limit), *_not_named(found, [*named, *not_danger]))


def _not_named(found: Iterable[tuple[str, str]], spoken_of: Collection[str]) -> Iterator[Fault]:
    return (Fault("danger-not-named", name, why) for name, why in found if name not in spoken_of)


@lru_cache(maxsize=256)
def kept(
    scale_id: str,
    code: str,
    version: int,
    stands_for: str,
    questionnaire: str,
    scoring: str,
    holder: str,
    statement: str,
) -> Scale:
    """``read`` for a row, once: rows never change."""
    return read(
        scale_id=scale_id,
        code=code,
        version=version,
        stands_for=stands_for,
        questionnaire=questionnaire,
        scoring=json.loads(scoring),
        holder=holder,
        statement=statement,
    )
