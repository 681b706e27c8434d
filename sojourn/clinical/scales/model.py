"""What a questionnaire is made of beside its items, and what comes out of it: bands, subscales, findings; a score, the
reasons against one, a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, get_args

from sojourn.clinical.rules import Verification
from sojourn.clinical.scales import expression

KIND: Final = "scale"

Number = int | Decimal
Reliable = Literal["better", "worse", "none"]
Ships = Literal["yes", "unread", "no", "own"]
Rater = Literal["self", "clinician"]
RATERS: Final[tuple[Rater, ...]] = get_args(Rater)


@dataclass(frozen=True, slots=True)
class Licence:
    """Whether the text comes with Sojourn: "yes", "unread" (it might, but nobody has compared it with a source),
    "no" (it belongs to ``holder``), "own" (a clinic loaded it). ``note`` is a message id."""

    ships: Ships
    holder: str
    note: str


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name, both ends included."""

    code: str
    label: str  # message id
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Subscale:
    """A subscale. ``score`` is None where only its own number can be entered."""

    code: str
    label: str  # message id
    score: expression.Node | None
    low: int
    high: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a pattern of answers amounts to beside the total ("provisional PTSD"); ``over_parts``: of subscales."""

    code: str
    label: str  # message id
    when: expression.Condition
    over_parts: bool
    source: str
    mark: Verification
    examples: tuple[tuple[str, tuple[int, ...], bool], ...]  # title, answers in order, met or not


@dataclass(frozen=True, slots=True)
class Score:
    """The result. ``safety`` names the items whose answer wants somebody at once."""

    scale_id: str
    version: int
    hash: str
    total: Number
    band: Band | None
    screen: bool | None  # at or past the screening cut-off; None where the scale has none
    prorated: bool
    missing: tuple[str, ...]
    safety: tuple[str, ...]
    answers: Mapping[str, int]
    parts: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreRefusal:
    """No total, and why: "too-many-missing", "never-prorated:9", "no-such-item:x", "no-such-answer:3"; for an entered
    score "not-enterable", "no-total", "out-of-range", "not-a-step", "part-out-of-range:x", "parts-disagree",
    "no-such-part:x", "safety-item:10".

    ``safety`` still holds: an alarming answer counts whether or not there is a total.
    """

    scale_id: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    safety: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """From a baseline to now. ``percent``: the improvement in percent of the baseline, None if that was 0.
    ``meaningful``: at least the smallest difference that matters to people, where the scale has one."""

    scale_id: str
    difference: Number  # now - baseline
    percent: Fraction | None
    response: bool | None
    remission: bool | None
    reliable: Reliable | None
    meaningful: Reliable | None = None
