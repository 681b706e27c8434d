"""The first start of a clinic as its pages say it: the groups, what is missing of each, and what no dose is given
without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from sojourn.foundation.rulebook.first_start import FirstStart, FirstStartGroup, is_open, needs_a_decision
from sojourn.foundation.rulebook.queries import RuleStatus

# What each group is called, and why it is decided.
NAMES: Mapping[str, StrPromise] = {
    "floors": gettext_lazy("Limits that nobody passes"),
    "alarms": gettext_lazy("Alarms"),
    "protocols": gettext_lazy("Protocols of a session"),
    "doses": gettext_lazy("Highest doses, and how doses are worked out"),
    "eligibility": gettext_lazy("Who may be treated"),
    "interactions": gettext_lazy("Medicines together with ketamine"),
    "recovery": gettext_lazy("Recovery and leaving"),
    "danger": gettext_lazy("When a patient may be in danger"),
}
WHY: Mapping[str, StrPromise] = {
    "floors": gettext_lazy(
        "Values at which no dose begins, goes on or grows, whoever signs. No number is proposed: you state each."
    ),
    "alarms": gettext_lazy(
        "What calls a nurse to the chair. Until an alarm is decided, it is silent and no dose is given."
    ),
    "protocols": gettext_lazy("What is checked before, during and after a dose, for each drug and route that you use."),
    "doses": gettext_lazy("The highest dose of each drug and route. Without one, that route gives no dose."),
    "eligibility": gettext_lazy("What speaks against treating somebody, and for how long evidence counts."),
    "interactions": gettext_lazy("What is said about medicines that a patient takes together with ketamine."),
    "recovery": gettext_lazy("How recovery is scored, and what must be reached before a patient leaves."),
    "danger": gettext_lazy(
        "By when somebody answers a flag, and who is told next. Until it is decided, every flag tells every clinical"
        " member at once."
    ),
}
# Why no dose can be given, by group: how much of it is decided.
_WITHHELD: Mapping[str, StrPromise] = {
    "floors": gettext_lazy("limits that nobody passes: %(done)d of %(all)d decided"),
    "alarms": gettext_lazy("alarms: %(done)d of %(all)d decided"),
    "protocols": gettext_lazy("no protocol adopted"),
    "doses": gettext_lazy("no highest dose adopted"),
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list of its group."""

    title: str
    url: str
    word: str
    kind: str  # of the status: wait, done, off, open


@dataclass(frozen=True, slots=True)
class RuleGroupView:
    """A group: how far it is, and its rules."""

    code: str
    name: StrPromise
    why: StrPromise
    url: str
    decided: int
    total: int
    words: str
    is_done: bool
    next_url: str
    rows: tuple[RuleRow, ...]
    acting: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the whole walk is, in words."""

    groups_done: int
    groups: int
    words: str
    next_url: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """What does not act in the clinic yet, for its home. ``no_dose``: no dose at all can be given."""

    no_dose: bool
    words: str
    url: str


def rule_url(rule_id: str) -> str:
    """Where a rule is read and decided within the walk."""
    return reverse("console:first_start_rule", args=[rule_id])


def progress(found: FirstStart) -> Progress:
    """ "3 of 7 groups; 12 of 40 numbers"."""
    words = _("%(groups)d of %(all_groups)d groups; %(numbers)d of %(all_numbers)d numbers") % {
        "groups": found.groups_done, "all_groups": len(found.to_walk),
        "numbers": found.numbers_decided, "all_numbers": found.numbers,
    }  # fmt: skip
    following = found.next
    return Progress(
        found.groups_done, len(found.to_walk), words, "" if following is None else rule_url(following.newest.id)
    )


def parts(found: FirstStart) -> list[RuleGroupView]:
    """Every group in the order of the walk."""
    return [part(each) for each in found.groups]


def part(group: FirstStartGroup) -> RuleGroupView:
    """One group with its rules: those to decide, and those that act by themselves."""
    return RuleGroupView(
        code=group.code, name=NAMES[group.code], why=WHY[group.code],
        url=reverse("console:first_start_group", args=[group.code]), decided=group.decided, total=len(group.to_decide),
        words=_words(group), is_done=group.is_done,
        next_url=rule_url(group.open[0].newest.id) if group.open else "",
        rows=tuple(_row(each) for each in group.to_decide),
        acting=tuple(_row(each) for each in group.standings if not needs_a_decision(each.newest)),
    )  # fmt: skip


def _words(group: FirstStartGroup) -> str:
    """How far a group is: its rules, and its numbers where it has some."""
    if not group.to_decide:
        return _("Nothing to decide")
    rules = ngettext("%(done)d of %(n)d rule decided", "%(done)d of %(n)d rules decided", len(group.to_decide)) % {
        "done": group.decided, "n": len(group.to_decide)}  # fmt: skip
    if not group.numbers:
        return rules
    numbers = ngettext("%(done)d of %(n)d number", "%(done)d of %(n)d numbers", group.numbers) % {
        "done": group.numbers_decided, "n": group.numbers}  # fmt: skip
    return f"{rules}; {numbers}"


def _row(standing: RuleStatus) -> RuleRow:
    rule = standing.newest
    if not needs_a_decision(rule):
        acts = _("Acts by itself") if rule.acts_without_adoption else _("Used as it is")
        return RuleRow(_(rule.title), reverse("console:rule", args=[rule.id]), acts, "done")
    if is_open(standing):
        return RuleRow(_(rule.title), rule_url(rule.id), _("To decide"), "wait")
    if standing.acting is None:
        return RuleRow(_(rule.title), rule_url(rule.id), _("Not used here"), "off")
    return RuleRow(_(rule.title), rule_url(rule.id), _("Acts here"), "done")


def withheld(found: FirstStart, prescribers: Iterable[str], *, decides: bool) -> Withheld | None:
    """What a home says until everything is decided; None then. ``decides``: the reader is a prescriber."""
    if found.is_done:
        return None
    groups = found.withholds
    url = reverse("console:first_start")
    if groups:
        missing = "; ".join(
            str(_WITHHELD[each.code]) % {"done": each.decided, "all": len(each.to_decide)} for each in groups
        )
        return Withheld(True, _sentence(missing, prescribers, decides=decides), url)
    still = sum(len(each.open) for each in found.groups)
    words = ngettext("%(n)d rule is not decided and does not act", "%(n)d rules are not decided and do not act", still)
    return Withheld(False, _sentence(words % {"n": still}, prescribers, decides=decides), url)


def _sentence(missing: str, prescribers: Iterable[str], *, decides: bool) -> str:
    missing = f"{missing[:1].upper()}{missing[1:]}."
    if decides:
        return missing
    names = ", ".join(prescribers)
    if not names:
        return _("%(missing)s A prescriber decides; this clinic has none yet.") % {"missing": missing}
    return _("%(missing)s A prescriber decides: %(names)s.") % {"missing": missing, "names": names}
