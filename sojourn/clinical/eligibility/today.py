"""What stands before a dose today: findings, expired evidence and changed medicines in, reasons with who may pass them
out.

Three people may set a reason aside, from the strictest: nobody ("never"), two prescribers ("two": a block of the rules,
by an override with two signatures), or one prescriber with a signed reason ("prescriber": a hold on a value of the
moment). A reason is one code, so that what was set aside is exactly what was refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from sojourn.clinical.eligibility.assessment import Action, Assessment, EligibilityRule, Finding, Missing
from sojourn.clinical.eligibility.evidence import Expired
from sojourn.clinical.eligibility.facts import Fact, Facts
from sojourn.clinical.eligibility.fingerprints import fingerprint
from sojourn.clinical.interactions import LEVELS, Interaction, Medicine

Override = Literal["never", "two", "prescriber"]
OVERRIDES: Final[tuple[Override, ...]] = get_args(Override)  # from the strictest

# Who may pass an action that stands before a dose; the others are only shown.
_PASSES: Final[Mapping[Action, Override]] = MappingProxyType(
    {"block": "two", "block_unless_specialist": "two", "hold": "prescriber", "urgent_review": "prescriber"}
)
# Two facts act whether or not a clinic has adopted their rules: there is no number in them to adopt, and giving a dose
# against either is never passed.
ALWAYS: Final[Mapping[str, str]] = MappingProxyType({"allergy_ketamine": "allergy", "lacks_capacity": "capacity"})

# Message ids, by what they are about.
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "allergy": "Allergy to ketamine, esketamine or an excipient",
        "allergy.advice": "Do not treat. Check what the reaction was, and to which substance.",
        "capacity": "Lacks capacity for informed consent",
        "capacity.advice": "Do not treat. Assess capacity again another day if it may return.",
        "always": "Nobody may pass this, whether or not the clinic has adopted the rule.",
        "not-asked": "Not asked or measured today",
        "not-asked.advice": "Ask or measure it before the dose.",
        "expired": "Too old to count",
        "expired.advice": "Ask or measure it again before the dose.",
        "not-checked": "New medicines that could not be checked",
        "not-checked.statement": "They are not in the list of medicines, so no rule was looked up for them.",
        "not-checked.advice": "Look them up before the dose.",
        "no-statement": "New medicines of which no statement was found",
        "no-statement.statement": "No rule speaks of them for this drug and route. That is no finding of safety.",
        "no-statement.advice": "Look them up before the dose.",
    }
)


def stricter(one: Override, other: Override) -> Override:
    """Of two answers to "who may pass this?", the stricter."""
    return min(one, other, key=OVERRIDES.index)


@dataclass(frozen=True, slots=True)
class DayReason:
    """Why a dose waits today. ``override``: who may pass it. ``title``, ``statement`` and ``advice`` are message ids.

    ``because`` are the facts that make it so (for "expired", the old one), ``facts`` the names that it is about (for
    "not-asked" the one to ask). ``rule_id`` is "" and ``version`` 0 where no rule of the clinic speaks.
    """

    code: str  # "rule:ID", "allergy", "capacity", "expired:FACT", "not-asked:FACT", "interaction:RULE"
    override: Override
    title: str
    statement: str
    advice: str
    because: tuple[Fact, ...]
    rule_id: str
    version: int
    hash: str
    facts: tuple[str, ...]
    medicines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Today:
    """What the rules say before a dose, from the strictest.

    ``reasons`` stand; ``accepted`` are holds that were seen when the decision was signed and are no different now;
    ``set_aside`` are blocks that two prescribers have overridden.
    """

    reasons: tuple[DayReason, ...]
    accepted: tuple[DayReason, ...]
    set_aside: tuple[DayReason, ...]


def reasons_today(
    found: Assessment,
    *,
    facts: Facts,
    expired: Iterable[Expired] = (),
    overridden: Collection[str] = (),
    accepted: Collection[str] = (),
) -> Today:
    """What stands before a dose by an assessment of stage "session".

    ``overridden`` are the fingerprints that two prescribers have overridden, ``accepted`` those of the findings that
    acted and were seen when the decision was signed, ``expired`` what no longer counts (see ``evidence.current``).
    """
    standing = [*_always(facts, found), *_old(found, expired), *_not_asked(found)]
    passed: list[DayReason] = []
    aside: list[DayReason] = []
    for finding in found.acting:
        if finding.action not in _PASSES or _is_always(finding):
            continue
        reason, key = _of_finding(finding), fingerprint(finding)
        if reason.override == "two" and key in overridden:
            aside.append(reason)
        elif finding.action == "hold" and not finding.of_the_day and key in accepted:
            passed.append(reason)
        else:
            standing.append(reason)
    return Today(_ordered(standing), _ordered(passed), _ordered(aside))


def override_of(finding: Finding) -> Override | None:
    """Who may pass a finding before a dose; None where it does not stand before one."""
    passes = _PASSES.get(finding.action) if finding.adopted else None
    return "never" if passes is not None and finding.never_overridden else passes


def item_override(item: Override, fact: str, reasons: Iterable[DayReason]) -> Override:
    """Who may pass a checklist item bound to a fact: the item's own answer, or that of a reason because of the same
    fact where it is stricter."""
    for reason in reasons:
        if fact in reason.facts:
            item = stricter(item, reason.override)
    return item


def _ordered(reasons: Iterable[DayReason]) -> tuple[DayReason, ...]:
    return tuple(sorted(reasons, key=lambda each: OVERRIDES.index(each.override)))  # sorted() keeps the order of equals


def _of_finding(finding: Finding) -> DayReason:
    override = override_of(finding)
    assert override is not None
    return DayReason(
        code=f"rule:{finding.rule_id}",
        override=override,
        title=finding.title,
        statement=finding.statement,
        advice=finding.advice,
        because=finding.because,
        rule_id=finding.rule_id,
        version=finding.version,
        hash=finding.rule_hash,
        facts=tuple(each.name for each in finding.because),
    )


def _is_always(finding: Finding) -> bool:
    return any(each.name in ALWAYS and each.value is True for each in finding.because)


def _always(facts: Facts, found: Assessment) -> list[DayReason]:
    """Allergy and lack of capacity, in the words of their rule where one found them."""
    told = {name: facts[name] for name in ALWAYS if name in facts and facts[name].value is True}
    return [_never(fact, _finding_of(name, found)) for name, fact in told.items()]


def _finding_of(name: str, found: Assessment) -> Finding | None:
    return next((each for each in found.findings if any(said.name == name for said in each.because)), None)


def _never(fact: Fact, finding: Finding | None) -> DayReason:
    code = ALWAYS[fact.name]
    if finding is None:
        return DayReason(
            code=code, override="never", title=TEXTS[code], statement=TEXTS["always"], advice=TEXTS[f"{code}.advice"],
            because=(fact,), rule_id="", version=0, hash="", facts=(fact.name,),
        )  # fmt: skip
    return DayReason(
        code=code, override="never", title=finding.title, statement=finding.statement, advice=finding.advice,
        because=(fact,), rule_id=finding.rule_id, version=finding.version, hash=finding.rule_hash, facts=(fact.name,),
    )  # fmt: skip


def _old(found: Assessment, expired: Iterable[Expired]) -> list[DayReason]:
    """Expired evidence that an adopted rule asks for, unless it must be told today anyway."""
    asked = {each.fact: each for each in found.missing if each.adopted}
    return [
        DayReason(
            code=f"expired:{each.name}",
            override="prescriber",
            title=TEXTS["expired"],
            statement=each.statement,
            advice=TEXTS["expired.advice"],
            because=(each.fact,),
            rule_id=each.rule_id,
            version=each.version,
            hash=each.rule_hash,
            facts=(each.name,),
        )
        for each in expired
        if each.name in asked and not asked[each.name].of_the_day
    ]


def _not_asked(found: Assessment) -> list[DayReason]:
    """What an adopted rule counts only if it was told today, and nobody has told today."""
    return [_unasked(each, rule) for each in found.missing if (rule := _asking_today(each)) is not None]


def _asking_today(missing: Missing) -> EligibilityRule | None:
    if not missing.of_the_day:
        return None
    return next(each for each in missing.rules if each.adopted and missing.fact in each.of_the_day)


def _unasked(missing: Missing, rule: EligibilityRule) -> DayReason:
    return DayReason(
        code=f"not-asked:{missing.fact}",
        override="prescriber",
        title=TEXTS["not-asked"],
        statement=rule.rule.statement,
        advice=TEXTS["not-asked.advice"],
        because=(),
        rule_id=rule.id,
        version=rule.rule.version,
        hash=rule.rule.hash,
        facts=(missing.fact,),
    )


# --- medicines since the decision ---


@dataclass(frozen=True, slots=True)
class Notice:
    """A change in medicines that is shown before a dose and does not stop it. Words are message ids."""

    code: str  # "interaction:RULE", "not-checked" or "no-statement"
    title: str
    statement: str
    advice: str
    medicines: tuple[str, ...]
    severity: str = ""
    rule_id: str = ""
    version: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class MedicinesToday:
    """What the medicines say that they did not say when the decision was signed."""

    reasons: tuple[DayReason, ...]
    notices: tuple[Notice, ...]


def interactions_today(
    now: Sequence[Interaction],
    at_decision: Iterable[Mapping[str, Any]],
    *,
    not_checked: Sequence[Medicine] = (),
    not_checked_at_decision: Collection[str] = (),
    unmentioned: Sequence[Medicine] = (),
    listed_at_decision: Collection[str] = (),
    changed: Collection[str] = (),
) -> MedicinesToday:
    """What is new in the medicines since a decision was signed.

    ``at_decision`` and ``not_checked_at_decision`` are "interactions" and "not_checked" of the decision's basis. New is
    what did not act then for that medicine by that rule, or acts more gravely now, or is of a medicine whose dose was
    ``changed`` since (the names of ingredients). A new major interaction of an adopted rule waits for a prescriber;
    every other new one, medicines in free text, and those ``unmentioned`` for this drug and route that were not among
    the ingredients ``listed_at_decision``, are notices.
    """
    new = _new(now, at_decision, changed)
    major = [each for each in new if each.adopted and each.severity == "major"]
    reasons = [_of_interactions(group) for group in _by_rule(major)]
    notices = [_notice(group) for group in _by_rule([each for each in new if each not in major])]
    notices += _nothing_said("not-checked", not_checked, not_checked_at_decision)
    notices += _nothing_said("no-statement", unmentioned, listed_at_decision)
    return MedicinesToday(tuple(reasons), tuple(notices))


def _nothing_said(code: str, medicines: Sequence[Medicine], at_decision: Collection[str]) -> Iterator[Notice]:
    """One notice of all medicines of which the rules say nothing, and which are new since the decision."""
    new = tuple(each.shown for each in medicines if each.name not in at_decision)
    if new:
        yield Notice(code, TEXTS[code], TEXTS[f"{code}.statement"], TEXTS[f"{code}.advice"], new)


def _new(
    now: Iterable[Interaction], at_decision: Iterable[Mapping[str, Any]], changed: Collection[str]
) -> list[Interaction]:
    then = {(each["medicine"], each["rule_id"]): each for each in at_decision}

    def is_new(each: Interaction) -> bool:
        before = then.get((each.medicine.name, each.rule_id))
        if before is None or each.medicine.name in changed or (each.adopted and not before["adopted"]):
            return True
        return LEVELS.index(each.severity) < LEVELS.index(before["severity"])

    return [each for each in now if is_new(each)]


def _by_rule(found: Iterable[Interaction]) -> list[list[Interaction]]:
    groups: dict[str, list[Interaction]] = {}
    for each in found:
        groups.setdefault(each.rule_id, []).append(each)
    return list(groups.values())


def _of_interactions(found: Sequence[Interaction]) -> DayReason:
    first, *_ = found
    return DayReason(
        code=f"interaction:{first.rule_id}",
        override="prescriber",
        title=first.title,
        statement=first.effect,
        advice=first.action,
        because=(),
        rule_id=first.rule_id,
        version=first.version,
        hash=first.rule_hash,
        facts=(),
        medicines=tuple(each.medicine.shown for each in found),
    )


def _notice(found: Sequence[Interaction]) -> Notice:
    first, *_ = found
    return Notice(
        code=f"interaction:{first.rule_id}",
        title=first.title,
        statement=first.effect,
        advice=first.action,
        medicines=tuple(each.medicine.shown for each in found),
        severity=first.severity,
        rule_id=first.rule_id,
        version=first.version,
        hash=first.rule_hash,
    )
