"""A clinic's own form: with its own scoring, or as the text of a known scale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from sojourn.clinical.rules import RuleInvalid, content_hash, frozen, parse_rule
from sojourn.clinical.scales import expression, fhir
from sojourn.clinical.scales.model import KIND, Licence
from sojourn.clinical.scales.reading import build
from sojourn.clinical.scales.scoring import Scale

LARGEST_TOTAL: Final = 100_000  # of a clinic's own scoring: what comes out must fit where scores are kept


@dataclass(frozen=True, slots=True)
class OwnScoring:
    """How a clinic's own form is scored. ``bands``: (code, label, from, to)."""

    score: str
    higher_is: Literal["worse", "better"] = "worse"
    most_missing: int = 0
    decimals: int = 0
    safety_items: tuple[str, ...] = ()
    safety_from: int = 1
    bands: tuple[tuple[str, str, int, int], ...] = ()


def own(*, scale_id: str, family: str, version: int, form: fhir.Form, scoring: OwnScoring, licence: Licence) -> Scale:
    """A clinic's own form with its own scoring; raises RuleInvalid or ExpressionWrong."""
    ids = [each.link_id for each in form.items]
    formula = expression.read(scoring.score, ids)
    bounds = {each.link_id: each.bounds for each in form.items}
    optional = frozenset(each.link_id for each in form.items if each.enable)
    low, high = expression.extent(formula, bounds, optional)
    if max(-low, high) > LARGEST_TOTAL:
        raise RuleInvalid(f"scale.{scale_id}: the total can go beyond {LARGEST_TOTAL:,}")
    read = expression.used(formula)
    rule = parse_rule(
        {
            "id": f"scale.{scale_id}",
            "version": version,
            "kind": KIND,
            "title": form.title["en"],
            "statement": scoring.score,
            "sources": [licence.note or licence.holder],
            "verification": "convention",
            "effective_from": date(2000, 1, 1),
            "parameters": _parameters(scoring),
            "fixed": {
                "questionnaire": scale_id,
                "items": [each for each in ids if each in read],
                "range": [low.__floor__(), high.__ceil__()],
                **_fixed(scoring),
            },
        }
    )
    return build(
        scale_id=scale_id, rule=rule, title=form.title, form=form, licence=licence, family=family, adopted=True
    )


def _parameters(scoring: OwnScoring) -> dict[str, object]:
    parameters: dict[str, object] = {
        "most_missing": {"value": scoring.most_missing, "unit": "{items}", "tighten": "fixed"}
    }
    if scoring.safety_items:
        parameters["safety_from"] = {"value": scoring.safety_from, "unit": "{score}", "tighten": "fixed"}
    return parameters


def _fixed(scoring: OwnScoring) -> dict[str, object]:
    return {
        "score": scoring.score,
        "decimals": scoring.decimals,
        "never_prorated": [],
        "safety_items": list(scoring.safety_items),
        "higher_is": scoring.higher_is,
        "bands": [
            {"code": code, "label": label, "from": first, "to": last} for code, label, first, last in scoring.bands
        ],
    }


def text_for(known: Scale, form: fhir.Form, *, scale_id: str, licence: Licence) -> Scale:
    """A known scale with a clinic's own text: the items in their order take the numbers of the known ones.

    Raises FormInvalid where the form does not have the items, or an item not the answers, of the known scale.
    """
    if faults := [*_misfits(known, form)]:
        raise fhir.FormInvalid(*faults)
    wanted = known.items

    names = {theirs.link_id: ours.link_id for theirs, ours in zip(form.items, wanted, strict=True)}
    items = tuple(
        replace(
            theirs,
            link_id=ours.link_id,
            scored=ours.scored,
            enable=tuple(replace(each, link_id=names[each.link_id]) for each in theirs.enable) or ours.enable,
        )
        for theirs, ours in zip(form.items, wanted, strict=True)
    )
    return replace(
        known,
        id=scale_id,
        hash=hashlib.sha256((content_hash(form.definition) + known.hash).encode()).hexdigest(),
        title=form.title,
        stem=form.stem,
        items=items,
        copyright=form.copyright,
        languages=form.languages,
        unverified_languages=form.unverified_languages,
        licence=licence,
        family=known.family,
        definition=frozen(form.definition),
    )


def _misfits(known: Scale, form: fhir.Form) -> Iterator[fhir.Fault]:
    """Where a form is not the known scale: in the number of its items, or in the answers of one."""
    wanted = known.items
    if len(form.items) != len(wanted):
        yield fhir.Fault("other-count", detail=f"{len(form.items)}/{len(wanted)}")
    elif not wanted:
        yield fhir.Fault("no-scoring")
    for theirs, ours in zip(form.items, wanted, strict=False):
        if theirs.values != ours.values:
            low, high = ours.bounds
            yield fhir.Fault("other-answers", theirs.link_id, f"{low}–{high}")
