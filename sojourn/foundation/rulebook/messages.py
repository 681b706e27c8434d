"""Every word of the rulebook and of the pure medicine that a person reads, for the translators.

The storey below knows no gettext: it hands out English message ids, and the pages translate them. What stands in
Python or TOML outside ``gettext()`` is collected here.
"""

from __future__ import annotations

from collections.abc import Iterator

from sojourn.clinical import administration, dosing, eligibility, interactions, recovery
from sojourn.clinical.eligibility import VOCABULARY
from sojourn.clinical.jurisdictions import NOTHING_SAID
from sojourn.clinical.jurisdictions import TEXTS as TEXTS_OF_LAW
from sojourn.clinical.protocol import TRANSITIONS, dose_against, known_of, road
from sojourn.clinical.protocol.guards import SCORE_NAMES, TEXTS
from sojourn.clinical.rules import Rule
from sojourn.clinical.vitals import VITALS
from sojourn.foundation.rulebook.jurisdictions import jurisdictions
from sojourn.foundation.rulebook.load import released_rulebook
from sojourn.foundation.rulebook.scales import scales


def messages() -> dict[str, str]:
    """Message id -> where it comes from, each once, in a fixed order. Scale items are not among them: their files
    carry their own, published translations."""
    found: dict[str, str] = {}
    for text, where in _all():
        if text:
            found.setdefault(text, where)
    return found


def _all() -> Iterator[tuple[str, str]]:
    for sign in VITALS.values():
        yield sign.label, f"vital {sign.code}"
    for step in TRANSITIONS:
        yield step.label, f"transition {step.name}"
    for code, text in TEXTS.items():
        yield text, f"guard {code}"
    yield from ((name, f"score {code}") for code, name in SCORE_NAMES.items())
    yield from ((text, f"road {code}") for code, text in road.TEXTS.items())
    yield from ((text, "dose step") for text in dose_against.SENTENCES)
    yield from ((text, f"dose {code}") for code, text in dosing.TEXTS.items())
    yield from ((text, f"administration {code}") for code, text in administration.TEXTS.items())
    for rule in released_rulebook().newest.values():
        yield from _of_rule(rule)
        yield from ((each.says, f"{rule.id} known") for each in known_of(rule))
    yield from _of_candidacy()
    yield from _of_the_law()
    yield from _of_protocols()
    yield from _of_scores()
    yield from _of_scales()


def _of_protocols() -> Iterator[tuple[str, str]]:
    for plan in released_rulebook().protocols():
        for item in (*plan.checklist, *plan.discharge):
            yield item.label, f"{plan.id} {item.id}"
            yield item.hint, f"{plan.id} {item.id}"


def _of_scores() -> Iterator[tuple[str, str]]:
    for rule in released_rulebook().of_kind("score.recovery"):
        for part in recovery.read(rule).items:
            yield part.label, f"{rule.id} {part.id}"
            yield part.as_before, f"{rule.id} {part.id} as before"
            for anchor in part.anchors:
                yield anchor.text, f"{rule.id} {part.id} {anchor.points}"
    for caveat in released_rulebook().rule("news2").fact("caveats"):
        yield caveat, "news2"


def _of_scales() -> Iterator[tuple[str, str]]:
    for rule in released_rulebook().of_kind("battery"):
        yield rule.fact("label"), rule.id
    for scale in scales():
        yield from _of_rule(scale.rule)
        yield scale.construct, scale.id
        yield scale.licence.note, scale.id
        for band in scale.bands:
            yield band.label, f"{scale.id} {band.code}"
        for part in scale.parts:
            yield part.label, f"{scale.id} {part.code}"
        for finding in scale.findings:
            yield finding.label, f"{scale.id} {finding.code}"


def _of_candidacy() -> Iterator[tuple[str, str]]:
    """Facts, advice and interactions."""
    for word in VOCABULARY.values():
        yield word.label, f"fact {word.name}"
    yield from ((text, f"today {code}") for code, text in eligibility.today.TEXTS.items())
    for rule in released_rulebook().of_kind(eligibility.KIND):
        for grade in eligibility.read(rule).grades:
            yield grade.advice, f"{rule.id} advice"
    for rule in released_rulebook().of_kind(interactions.KIND):
        said = interactions.read(rule)
        for text in (said.effect, said.evidence, said.action):
            yield text, rule.id


def _of_the_law() -> Iterator[tuple[str, str]]:
    """What was noted of the law of each place. The sources stay in their own language."""
    for law in jurisdictions():
        for part in TEXTS_OF_LAW:
            if (text := law.text(part)) != NOTHING_SAID:
                yield text, f"{law.rule.id} {part}"
        yield from ((each.what, f"{law.rule.id} ends") for each in law.ends)


def _of_rule(rule: Rule) -> Iterator[tuple[str, str]]:
    yield rule.title, rule.id
    yield rule.statement, rule.id
    for number in rule.numbers:
        yield number.label, f"{rule.id} {number.name}"
