"""A question that a model cannot answer is refused, with a reason that a person can read."""

from __future__ import annotations

from enum import StrEnum


def N_(text: str) -> str:
    return text


class RefusalReason(StrEnum):
    """Why there is no answer."""

    UNKNOWN_MODEL = "unknown model"
    WRONG_DRUG = "wrong drug"
    WRONG_ROUTE = "wrong route"
    OUTSIDE_POPULATION = "outside population"
    MISSING_COVARIATE = "missing covariate"
    NOT_A_VALUE = "not a value"
    NO_VARIABILITY = "no published variability"
    NO_SUCH_ANALYTE = "no such analyte"
    OUT_OF_REACH = "out of reach"
    NOT_CONVERGED = "not converged"


class ModelRefused(Exception):
    """``reason`` for programs; ``template`` with ``values`` for translators; ``str()`` for people."""

    def __init__(self, reason: RefusalReason, template: str, /, **values: object) -> None:
        self.reason = reason
        self.template = template
        self.values = values
        super().__init__(template % values if values else template)

    @property
    def detail(self) -> str:
        return str(self)
