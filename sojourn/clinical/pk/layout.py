"""What a model file and the files of facts hold: their keys, the type of each and between what bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sojourn.clinical.shapes import Shape, by, flag, is_number, number, pair, some, table, text, whole, word

from .people import DRUGS, ROUTES

# How far a number has been checked, in the words of the fact base.
MARKS: Final = ("V-table", "V-abstract", "V-code", "derived", "recalled")
# What a unit of the file is in minutes, litres and milligrams.
UNITS: Final = {
    "1": 1.0,
    "L": 1.0,
    "L/kg": 1.0,  # the scale says: times weight over 1 kg
    "L/min": 1.0,
    "L/h": 1 / 60,
    "1/min": 1.0,
    "1/h": 1 / 60,
    "min": 1.0,
    "h": 60.0,
}
_MEASURED: Final = ("weight_kg", "age_y", "height_cm")
_ANCESTRY: Final = ("asian", "japanese")
_ABOVE_NOTHING: Final = number(5e-324)
_SHARE: Final = number(5e-324, 1)
_MARK: Final = word(MARKS)
_LIMIT: Final = table({}, dict.fromkeys(("min", "max", "studied_min", "studied_max"), number(0)))
_PARAMETER: Final = table(
    {"value": _ABOVE_NOTHING, "unit": word(UNITS)},
    {
        **dict.fromkeys(("omega2", "nu2", "cv_pct", "logit_sd"), _ABOVE_NOTHING), "ceiling": _SHARE,
        "scale": some(table({"with": word(_MEASURED), "over": _ABOVE_NOTHING, "power": _ABOVE_NOTHING})),
        "factors": some(table({"when": word(_ANCESTRY), "times": _ABOVE_NOTHING})),
        "slopes": some(table({"with": word(_MEASURED), "above": number(0), "adds": number()})),
    },
)  # fmt: skip
_FLOW: Final = table(
    {"from": text},
    {**dict.fromkeys(("to", "rate", "clearance", "mean_time", "fraction"), text), "stages": whole(1)},
)
_ROUTE: Final = table(
    {"name": word(ROUTES), "parts": some(table({"into": text}, {"fraction": some(text), "over": text}))},
    {
        "assumptions": some(text),
        "later_doses": table(
            {"parameter": text, "unit_mg": _ABOVE_NOTHING, "factor": text, "session_min": _ABOVE_NOTHING}
        ),
    },
)


def _cell(place: str, value: Any) -> Iterator[str]:
    if not (isinstance(value, str) and value.strip()) and not is_number(value):
        yield f"{place} must be a text or a number"


def _published(place: str, value: Any) -> Iterator[str]:
    """What a worked example says: a text, a number, or numbers in a row."""
    yield from (some(number(), doubles=True) if isinstance(value, list) else _cell)(place, value)


def _example(place: str, value: Any) -> Iterator[str]:
    yield from by(text, _published)(place, value)
    if isinstance(value, Mapping):
        yield from (f"{place}.{key} is missing" for key in ("title", "source") if key not in value)


MODEL: Final[Shape] = table(
    {
        **dict.fromkeys(("id", "title", "structure", "primary"), text), "version": whole(1), "drug": word(DRUGS),
        "read_in": some(text), "verification": _MARK, "in_model_band": flag, "limits": some(text, least=0),
        "assumptions": some(text, least=0),
        "population": table(
            {"text": text, "sampling": text, "verification": _MARK},
            {"n": whole(1), "n_studies": whole(1), **dict.fromkeys(_MEASURED, _LIMIT)},
        ),
        "parameters": by(text, _PARAMETER),
        "compartments": some(table({"name": text}, {"volume": text})),
        "flows": some(_FLOW),
        "analytes": some(
            table(
                {"name": text, "compartment": text},
                {"molar_mass": pair(_ABOVE_NOTHING), "residual_proportional": _ABOVE_NOTHING},
            )
        ),
        "routes": some(_ROUTE),
    },
    {
        "recommended": flag,
        "correlated": some(
            table({"parameters": pair(text)}, {"covariance": number(), "correlation": number(-1, 1)})
        ),
        "ageing": some(
            table(
                dict.fromkeys(("name", "fed_by", "through", "clearance", "volume", "rise"), text),
                {"residual_proportional": _ABOVE_NOTHING},
            )
        ),
        "refused_routes": by(word(ROUTES), text),
        "effect_sites": some(
            table(
                {"effect": text, "source": text, "verification": _MARK},
                {"ke0_per_min": _ABOVE_NOTHING, "half_time_min": _ABOVE_NOTHING},
            )
        ),
        "validation": table(
            {
                "title": text, "source": text, "verification": _MARK, "tolerance_pct": _ABOVE_NOTHING,
                "columns": some(text), "rows": some(some(_cell, doubles=True)),
            },
            {"note": text, "age_note": text},
        ),
        "worked_examples": some(_example),
    },
)  # fmt: skip

ZONES: Final[Shape] = table(
    {
        "zones": some(
            table({
                "effect": text, "low_ng_per_ml": _ABOVE_NOTHING, "high_ng_per_ml": _ABOVE_NOTHING,
                "drug": word(DRUGS), "source": text, "verification": _MARK,
            })
        )
    }
)  # fmt: skip
BIOAVAILABILITY: Final[Shape] = table(
    {
        "rows": some(
            table(
                {
                    "drug": word(DRUGS), "route": word(ROUTES), "form": text, "f": _SHARE, "source": text,
                    "verification": word((*MARKS, "secondary")),
                },
                {"low": _SHARE, "high": _SHARE, "kind": text, "n": whole(1)},
            )
        )
    }
)  # fmt: skip


def rising(place: str, value: Mapping[str, Any], low: str, high: str) -> Iterator[str]:
    """The one is at most the other, where a table has both."""
    if low in value and high in value and value[low] > value[high]:
        yield f"{place}: {low} is above {high}"
