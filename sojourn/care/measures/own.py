"""A clinic's own questionnaires: from the rows as they were loaded to scales that can be asked and scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
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
    fhir,
    own,
    text_for,
)
from sojourn.foundation.rulebook.scales import scale as shipped

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
        raise FormInvalid(Fault("scoring", detail=str(wrong).partition(": ")[2])) from None


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
