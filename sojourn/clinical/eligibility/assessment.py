"""Who may be treated: facts and rules in, findings and what is still unknown out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeVar, get_args

from sojourn.clinical.eligibility import conditions
from sojourn.clinical.eligibility.conditions import Condition
from sojourn.clinical.eligibility.facts import UPPER_LIMIT, VOCABULARY, Fact, Facts
from sojourn.clinical.rules import Rule, RuleInvalid, Verification, one_of

KIND: Final = "eligibility"

Severity = Literal["absolute", "relative-high", "relative", "caution", "indication"]
Action = Literal[
    "block",  # no treatment; a prescriber overrides with a reason and a second signature
    "block_unless_specialist",  # no treatment unless a specialist's decision is recorded
    "hold",  # not now: a prescriber decides when
    "urgent_review",  # seen today by somebody who can act, whatever is decided about treatment
    "specialist_review",
    "monitor",
    "document",
]
Stage = Literal["treatment", "session"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)  # from the gravest
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
DRUGS: Final = ("ketamine", "esketamine")
W = TypeVar("W", bound=str)
_BLOCKS: Final = frozenset(("block", "block_unless_specialist"))


@dataclass(frozen=True, slots=True)
class Grade:
    """One degree of a rule: when it holds, how grave it is and what to do. The first that holds counts."""

    when: Condition
    severity: Severity
    action: Action
    advice: str  # message id: what to do, in a sentence


@dataclass(frozen=True, slots=True)
class Want:
    """Facts that the rule asks for although its condition does not use them: a pregnancy test, a liver panel."""

    facts: tuple[str, ...]
    when: Condition | None


@dataclass(frozen=True, slots=True)
class EligibilityRule:
    """A rule ready to be applied. ``adopted``: it acts in the clinic; otherwise it is only shown."""

    rule: Rule
    category: str
    drugs: tuple[str, ...]
    stages: tuple[Stage, ...]
    grades: tuple[Grade, ...]
    wants: tuple[Want, ...]
    moot: Condition | None  # while this holds, nothing is asked for the rule's sake
    asked_anyway: Condition | None  # while this holds, it is asked although the rule is moot
    only_where_known: bool  # reads its facts where they are known, and asks for none
    of_the_day: frozenset[str]  # at a session, these facts count only if they were told that day
    never_overridden: bool
    adopted: bool

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def asks(self) -> tuple[str, ...]:
        """Every fact that the rule looks at."""
        looked_at = [name for grade in self.grades for name in conditions.names(grade.when)]
        return tuple(dict.fromkeys([*looked_at, *(name for want in self.wants for name in want.facts)]))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a person that a rule speaks of, and the facts that made it so."""

    rule_id: str
    version: int
    rule_hash: str
    severity: Severity
    action: Action
    never_overridden: bool
    title: str  # message ids
    statement: str
    advice: str
    because: tuple[Fact, ...]
    sources: tuple[str, ...]
    verification: Verification
    adopted: bool
    category: str = ""
    tightened: bool = False
    of_the_day: bool = False  # before a dose, the rule counts facts only if they were told that day

    @property
    def blocks(self) -> bool:
        """Treatment does not go ahead without a signed override. What nobody has adopted never blocks."""
        return self.adopted and self.action in _BLOCKS

    @property
    def urgent(self) -> bool:
        """Somebody must see the person today, whatever is decided about treatment."""
        return self.action == "urgent_review"


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that nobody has told, and why it matters. ``why`` are the titles (message ids) of the rules that ask."""

    fact: str
    rule_ids: tuple[str, ...]
    why: tuple[str, ...]
    severity: Severity  # of the gravest finding that it could lead to
    adopted: bool  # whether a rule that acts here asks
    of_the_day: bool = False  # whether such a rule counts it only if it was told today
    rules: tuple[EligibilityRule, ...] = ()  # that ask, by id

    @property
    def label(self) -> str:
        """What the fact is called (message id)."""
        return VOCABULARY[self.fact].label


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say about a person on a day. Findings: the urgent first, then from the gravest; the missing from
    the one that could weigh most."""

    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...]

    @property
    def acting(self) -> tuple[Finding, ...]:
        """The findings of rules that the clinic has adopted or that act by themselves."""
        return tuple(each for each in self.findings if each.adopted)

    @property
    def not_adopted(self) -> tuple[Finding, ...]:
        """The findings of rules that nobody has adopted: shown, and without effect."""
        return tuple(each for each in self.findings if not each.adopted)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What stands in the way of treatment."""
        return tuple(each for each in self.findings if each.blocks)


def assess(
    facts: Facts,
    rules: Sequence[EligibilityRule],
    *,
    drug: str,
    stage: Stage,
    today: date,
    expired: Collection[str] = (),
) -> Assessment:
    """What the rules for a drug say about a person before a course ("treatment") or before a dose ("session").

    A fact that is absent is missing, never "no". Facts named in ``expired`` are known but too old (see ``evidence``):
    they are missing again, and what they found stays found. The order of facts and of rules makes no difference.
    """
    facts = _with_own_limits(facts)
    counting = {name: fact for name, fact in facts.items() if name not in expired}
    findings: list[Finding] = []
    asked: dict[str, list[tuple[EligibilityRule, Severity]]] = {}
    for each in sorted(rules, key=lambda rule: rule.id):
        if drug not in each.drugs or stage not in each.stages:
            continue
        finding = _found(each, facts, stage, today)
        if finding is not None:
            findings.append(finding)
        for name, severity in _unknown(each, facts, counting, stage, today).items():
            asked.setdefault(name, []).append((each, severity))
    missing = [_missing(name, who, stage) for name, who in asked.items()]
    words = tuple(VOCABULARY)
    return Assessment(
        tuple(sorted(findings, key=_weight)),
        tuple(sorted(missing, key=lambda each: (SEVERITIES.index(each.severity), words.index(each.fact)))),
    )


def _with_own_limits(facts: Facts) -> Facts:
    """Without a laboratory's upper limit that is older than the value: it came with another report, and perhaps from
    another laboratory."""
    return {
        name: fact
        for name, fact in facts.items()
        if not (
            name.endswith(UPPER_LIMIT)
            and (value := facts.get(name.removesuffix(UPPER_LIMIT))) is not None
            and fact.on < value.on
        )
    }


def _weight(finding: Finding) -> tuple[bool, int, int, str]:
    return (
        not finding.urgent,
        SEVERITIES.index(finding.severity),
        ACTIONS.index(finding.action),
        finding.rule_id,
    )


def _fresh(rule: EligibilityRule, stage: Stage) -> frozenset[str]:
    """The facts that count only if they were told that day."""
    return rule.of_the_day if stage == "session" else frozenset()


def _found(rule: EligibilityRule, facts: Facts, stage: Stage, today: date) -> Finding | None:
    """The finding of one rule, by the first of its grades that holds."""
    for grade in rule.grades:
        verdict = conditions.evaluate_rules(grade.when, facts, rule.rule.parameters, today, _fresh(rule, stage))
        if verdict.holds:
            return _finding(rule, grade, tuple(facts[name] for name in verdict.because), stage)
    return None


def _missing(name: str, who: Sequence[tuple[EligibilityRule, Severity]], stage: Stage) -> Missing:
    """A fact that some rules lack, each with the severity that it could lead to."""
    rules = tuple(rule for rule, _ in who)
    return Missing(
        fact=name,
        rule_ids=tuple(rule.id for rule in rules),
        why=tuple(rule.rule.title for rule in rules),
        severity=min((severity for _, severity in who), key=SEVERITIES.index),
        adopted=any(rule.adopted for rule in rules),
        of_the_day=any(rule.adopted and name in _fresh(rule, stage) for rule in rules),
        rules=rules,
    )


def _unknown(rule: EligibilityRule, facts: Facts, counting: Facts, stage: Stage, today: date) -> dict[str, Severity]:
    """The facts that one rule lacks, with the severity they could lead to.

    Only what still counts answers a question (``counting``); what is too old may still raise one (``facts``).
    """
    numbers, fresh = rule.rule.parameters, _fresh(rule, stage)

    def verdict(condition: Condition, known: Facts) -> conditions.Verdict:
        return conditions.evaluate_rules(condition, known, numbers, today, fresh)

    is_moot = rule.moot is not None and verdict(rule.moot, counting).holds
    asked_anyway = rule.asked_anyway is not None and verdict(rule.asked_anyway, facts).holds
    if rule.only_where_known or (is_moot and not asked_anyway):
        return {}
    unknown: dict[str, Severity] = {}
    for grade in rule.grades:
        found = verdict(grade.when, counting)
        if found.holds:
            break
        unknown = dict.fromkeys(found.missing, grade.severity) | unknown  # what the graver grade asked stays with it
    wanted = [each for each in rule.wants if each.when is None or verdict(each.when, facts).holds]
    names = [name for each in wanted for name in each.facts if name not in counting]
    return dict.fromkeys(names, _gravest(rule)) | unknown


def _gravest(rule: EligibilityRule) -> Severity:
    return min((each.severity for each in rule.grades), key=SEVERITIES.index)


def _finding(rule: EligibilityRule, grade: Grade, because: tuple[Fact, ...], stage: Stage) -> Finding:
    said = rule.rule
    return Finding(
        rule_id=said.id,
        version=said.version,
        rule_hash=said.hash,
        severity=grade.severity,
        action=grade.action,
        never_overridden=rule.never_overridden,
        title=said.title,
        statement=said.statement,
        advice=grade.advice,
        because=because,
        sources=said.sources,
        verification=said.verification,
        adopted=rule.adopted,
        category=rule.category,
        tightened=said.tightened,
        of_the_day=bool(_fresh(rule, stage)),
    )


# --- reading ---

_FIXED: Final = frozenset(
    (
        *("category", "drugs", "stages", "grades", "wants", "moot", "asked_anyway", "only_where_known"),
        *("of_the_day", "never_overridden", "fact_base", "note"),
    )
)


def read(rule: Rule, *, adopted: bool = True) -> EligibilityRule:
    """An eligibility rule from its data; raises RuleInvalid, naming what is wrong."""
    if rule.kind != KIND:
        raise RuleInvalid(f"{rule.id}: a rule of kind {rule.kind} says nothing about eligibility")
    if extra := sorted(set(rule.fixed) - _FIXED):
        raise RuleInvalid(f"{rule.id}: {', '.join(extra)} is not a part of an eligibility rule")
    grades = tuple(_grade(rule, each) for each in rule.fact("grades"))
    if not grades:
        raise RuleInvalid(f"{rule.id}: no grades")
    moot, anyway = _plain_or_none(rule, "moot"), _plain_or_none(rule, "asked_anyway")
    if anyway is not None and moot is None:
        raise RuleInvalid(f"{rule.id}: asked_anyway without moot")
    ready = EligibilityRule(
        rule=rule,
        category=str(rule.fact("category")),
        drugs=_some(rule, "drugs", rule.fact("drugs"), DRUGS),
        stages=_some(rule, "stages", rule.fact("stages"), STAGES),
        grades=grades,
        wants=tuple(_want(rule, each) for each in rule.fixed.get("wants", ())),
        moot=moot,
        asked_anyway=anyway,
        only_where_known=bool(rule.fixed.get("only_where_known", False)),
        of_the_day=frozenset(_some(rule, "of_the_day", rule.fixed.get("of_the_day", ()), tuple(VOCABULARY), True)),
        never_overridden=bool(rule.fixed.get("never_overridden", False)),
        adopted=adopted,
    )
    _must_be_whole(ready)
    return ready


def _must_be_whole(ready: EligibilityRule) -> None:
    """Every number is compared with something, and every fact of the day is asked for."""
    rule = ready.rule
    used = {each.parameter for grade in ready.grades for each in _comparisons(grade.when)}
    if idle := sorted({*rule.parameters, *rule.open} - used):
        raise RuleInvalid(f"{rule.id}: {', '.join(idle)} is compared with nothing")
    if stray := sorted(ready.of_the_day - set(ready.asks)):
        raise RuleInvalid(f"{rule.id}: {', '.join(stray)} is of the day, but not asked")


def _plain_or_none(rule: Rule, key: str) -> Condition | None:
    data = rule.fixed.get(key)
    return None if data is None else _plain(rule, data)


def _comparisons(condition: Condition) -> list[conditions.Compares | conditions.Multiple]:
    match condition:
        case conditions.All(parts) | conditions.AnyOf(parts):
            return [found for part in parts for found in _comparisons(part)]
        case conditions.Not(part):
            return _comparisons(part)
        case conditions.Compares() | conditions.Multiple():
            return [condition]
        case conditions.Is() | conditions.Known() | conditions.Unstated():
            return []


def _plain(rule: Rule, data: Any) -> Condition:
    """A condition about what is asked, not about what is found: it may use no number."""
    found = conditions.read(rule, data)
    if _comparisons(found):
        raise RuleInvalid(f"{rule.id}: what is asked may not hang on a number")
    return found


def _some(rule: Rule, key: str, given: Any, known: tuple[W, ...], empty: bool = False) -> tuple[W, ...]:
    if (not given and not empty) or any(each not in known for each in given):
        raise RuleInvalid(f"{rule.id}: {key} cannot be {list(given)}")
    return tuple(one_of(each, known) for each in given)


def _grade(rule: Rule, data: Mapping[str, Any]) -> Grade:
    severity, action, advice = data.get("severity"), data.get("action"), data.get("advice")
    if severity not in SEVERITIES:
        raise RuleInvalid(f"{rule.id}: severity cannot be {severity!r}")
    if action not in ACTIONS:
        raise RuleInvalid(f"{rule.id}: action cannot be {action!r}")
    if not isinstance(advice, str) or not advice.strip():
        raise RuleInvalid(f"{rule.id}: a grade needs advice")
    return Grade(conditions.read(rule, data.get("when")), severity, action, advice)


def _want(rule: Rule, data: Mapping[str, Any]) -> Want:
    when = data.get("when")
    return Want(
        _some(rule, "wants", data.get("facts", ()), tuple(VOCABULARY)), None if when is None else _plain(rule, when)
    )
