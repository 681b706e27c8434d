"""Who receives it, and what is given: persons, doses, and the regimen file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Final, TypeVar

from .refusal import N_, ModelRefused, RefusalReason

DRUGS: Final = ("ketamine", "esketamine")
ROUTES: Final = ("iv", "im", "in", "po", "sl", "film")

# What the one model with ancestry as a covariate distinguishes (Perez-Ruixo 2021, table 4).
_JAPANESE: Final = ("japanese", "asian japanese")
_ASIAN: Final = (*_JAPANESE, "asian", "asian non japanese", "non japanese asian")
_ANCESTRY: Final = (*_ASIAN, "caucasian", "white", "black", "hispanic", "other", "non asian")


@dataclass(frozen=True, slots=True)
class Person:
    """What a model may need to know of somebody. Unknown stays None; nothing is assumed in silence."""

    weight_kg: float | None = None
    age_y: float | None = None
    height_cm: float | None = None
    sex: str | None = None
    ethnicity: str | None = None

    def __post_init__(self) -> None:
        for name, low in (("weight_kg", 0.0), ("age_y", -1e-9), ("height_cm", 0.0)):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s is not a number"), name=name)
            if value <= low:
                raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be above zero"), name=name)
        if self.sex is not None and not isinstance(self.sex, str):
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be a text"), name="sex")
        self.ancestry()

    def ancestry(self) -> tuple[bool, bool] | None:
        """(Asian, Japanese), or None where it is not known; refuses a word that says neither."""
        if self.ethnicity is None:
            return None
        said = " ".join(str(self.ethnicity).lower().replace("-", " ").replace("_", " ").split())
        if said not in _ANCESTRY:
            raise ModelRefused(
                RefusalReason.NOT_A_VALUE,
                N_("ethnicity %(given)s is not one of: %(known)s"),
                given=repr(self.ethnicity),
                known=", ".join(_ANCESTRY),
            )
        return said in _ASIAN, said in _JAPANESE

    def covariate(self, name: str) -> float | None:
        """A covariate as models name them: weight_kg, age_y, height_cm, asian, japanese."""
        if name in ("asian", "japanese"):
            known = self.ancestry()
            return None if known is None else float(known[name == "japanese"])
        value = getattr(self, name)
        return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose: mg as base, from ``start_min``; ``duration_min`` 0 is all at once."""

    drug: str
    route: str
    mg: float
    start_min: float = 0.0
    duration_min: float = 0.0

    def __post_init__(self) -> None:
        if self.drug not in DRUGS:
            raise ModelRefused(
                RefusalReason.WRONG_DRUG,
                N_("drug %(given)s is not one of: %(known)s"),
                given=repr(self.drug),
                known=", ".join(DRUGS),
            )
        if self.route not in ROUTES:
            raise ModelRefused(
                RefusalReason.WRONG_ROUTE,
                N_("route %(given)s is not one of: %(known)s"),
                given=repr(self.route),
                known=", ".join(ROUTES),
            )
        for name, low in (("mg", 0.0), ("start_min", None), ("duration_min", 0.0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s is not a number"), name=name)
            if low is not None and value < low:
                raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must not be negative"), name=name)

    @property
    def end_min(self) -> float:
        return self.start_min + self.duration_min


def infusion(drug: str, rates_mg_per_min: Iterable[tuple[float, float]], end_min: float) -> list[Dose]:
    """An intravenous infusion whose rate changes: (from minute, mg per minute) in order; 0 is a pause."""
    steps = sorted(rates_mg_per_min)
    doses = []
    for (start, rate), following in zip(steps, [*(s for s, _ in steps[1:]), end_min], strict=True):
        length = following - start
        if length < 0:
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("the infusion ends before its last rate begins"))
        if rate < 0:
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must not be negative"), name="rate")
        if rate > 0 and length > 0:
            doses.append(Dose(drug, "iv", rate * length, start, length))
    return doses


def parse_regimen(data: Mapping[str, Any]) -> tuple[Person, tuple[Dose, ...]]:
    """A regimen file's content: ``[person]`` and any number of ``[[dose]]``. Raises Refused."""
    unknown = sorted(set(data) - {"person", "dose"})
    if unknown:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("the regimen has no part named %(name)s"), name=unknown[0])
    person = _record(Person, data.get("person", {}), "person")
    doses = data.get("dose", [])
    if not isinstance(doses, Sequence) or isinstance(doses, str) or not doses:
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("the regimen needs at least one [[dose]]"))
    return person, tuple(_record(Dose, each, "dose") for each in doses)


_T = TypeVar("_T")


def _record(kind: type[_T], table: Any, name: str) -> _T:
    if not isinstance(table, Mapping):
        raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("%(name)s must be a table"), name=name)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise ModelRefused(
            RefusalReason.NOT_A_VALUE,
            N_("%(part)s has no entry %(name)s; it may have: %(known)s"),
            part=name,
            name=unknown[0],
            known=", ".join(sorted(known)),
        )
    if kind is Dose:
        missing = [each for each in ("drug", "route", "mg") if each not in table]
        if missing:
            raise ModelRefused(RefusalReason.NOT_A_VALUE, N_("a dose needs %(name)s"), name=missing[0])
    return kind(**table)
