"""An entry of the evidence as a person reads it: every column under a plain word, and what is doubtful said first.

The entries themselves are written in English, as their sources are: a page in Spanish marks those words as English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.clinical.jurisdictions import KIND as LAW
from sojourn.clinical.rules import Rule
from sojourn.foundation.clock import page_day
from sojourn.foundation.library.evidence import Checked, Entry, Outcome, Practice, Study, entries
from sojourn.foundation.library.finding import AnyEntry
from sojourn.foundation.library.models import DecisionKind, EvidenceDecision
from sojourn.foundation.library.queries import ClinicEntry
from sojourn.interfaces.portal.library.words import DESIGNS, METRICS, TOPICS

Kind = Literal["study", "practice", "figure", "rule"]

KINDS: Final[Mapping[Kind, StrPromise]] = {
    "study": gettext_lazy("A study"),
    "practice": gettext_lazy("What a label, a guideline or a service says"),
    "figure": gettext_lazy("One figure of a study"),
    "rule": gettext_lazy("A rule of this program"),
}
NULL: Final[Mapping[str, StrPromise]] = {
    "yes": gettext_lazy("Found no effect, or not the one it looked for"),
    "mixed": gettext_lazy("Found one thing and not another"),
    "unknown": gettext_lazy("We have not seen its result"),
}
CHECKED: Final[Mapping[Checked, StrPromise]] = {
    "read": gettext_lazy("We read it in the source."),
    "second-hand": gettext_lazy("We read it in a text about the source, not in the source."),
    "recalled": gettext_lazy("Not yet checked: it was written down from memory."),
}
# An entry that does not stand any more: on its own page and in lists, and behind a sentence that rests on it.
GONE: Final[Mapping[str, StrPromise]] = {
    DecisionKind.RETRACTED: gettext_lazy("Its journal has taken this study back. Do not rely on it."),
    DecisionKind.WITHDRAWN: gettext_lazy("The clinic has taken this back. Do not rely on it."),
}
GONE_BEHIND: Final[Mapping[str, StrPromise]] = {
    DecisionKind.RETRACTED: gettext_lazy("Do not rely on this: the journal has taken source %(n)s back."),
    DecisionKind.WITHDRAWN: gettext_lazy("Do not rely on this: the clinic has taken source %(n)s back."),
}
_ADDRESSES: Final = (
    (re.compile(r"doi:(10\.\S+?)[.;,]?(?=\s|$)"), "https://doi.org/{}"),
    (re.compile(r"PMID:?\s*(\d+)"), "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    (re.compile(r"(PMC\d+)"), "https://pmc.ncbi.nlm.nih.gov/articles/{}/"),
)
_NOT_SEEN: Final = re.compile(r"\bnot (seen|in the abstract read)\b", re.I)


@dataclass(frozen=True, slots=True)
class Fact:
    """One row. ``foreign``: the words are English, also where the page is not; ``brief``: the list at an article's end
    has it too."""

    label: str
    value: str
    foreign: bool = True
    brief: bool = False


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """``null``: in words where it found nothing, "" where it did not; ``checked``: how far we read it; ``doubtful``: it
    was not read in its source; ``gist``: what tells it from others of the same title, ``gist_of`` in the source's own
    words; ``own``: the clinic has added it; ``gone``: in words that it does not stand any more, and since when;
    ``overdue``: the day on which the clinic wanted to look at it again, where that is past."""

    id: str
    kind: StrPromise
    title: str
    by: str
    foreign: bool
    null: str
    facts: tuple[Fact, ...]
    checked: str
    doubtful: bool
    addresses: tuple[str, ...]
    place: str = ""
    gist: str = ""
    gist_of: str = ""
    own: bool = False
    gone: str = ""
    gone_since: date | None = None
    overdue: date | None = None

    @property
    def short(self) -> tuple[Fact, ...]:
        """What the list at an article's end says of it."""
        return tuple(each for each in self.facts if each.brief)


def shown(
    entry: AnyEntry, language: str, gone: EvidenceDecision | None = None, today: date | None = None
) -> ShownEntry:
    told = _told(entry, language, today)
    if gone is None:
        return told
    return replace(told, gone=str(GONE[gone.kind]), gone_since=page_day(gone.decided_at), overdue=None)


def _told(entry: AnyEntry, language: str, today: date | None) -> ShownEntry:
    if isinstance(entry, ClinicEntry):
        return _of_the_clinic(entry, language, today)
    if isinstance(entry, Study):
        return _study(entry, language)
    if isinstance(entry, Practice):
        return _practice(entry, language)
    return _outcome(entry) if isinstance(entry, Outcome) else _rule(entry)


def _rows(*facts: Fact) -> tuple[Fact, ...]:
    """Those that say something."""
    return tuple(each for each in facts if each.value)


def _seen(text: str) -> str:
    """What a row says, or that we have not seen it."""
    return _("We have not seen it.") if _NOT_SEEN.search(text) else text


def _addresses(*texts: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            address.format(found) for text in texts for reads, address in _ADDRESSES for found in reads.findall(text)
        )
    )


def _design(code: str) -> Fact:
    """The design in plain words, with its own word behind them."""
    for name, plain in DESIGNS.items():
        if code.startswith(name):
            return Fact(_("Design"), f"{plain} ({code})", foreign=False, brief=True)
    return Fact(_("Design"), code, brief=True)


def _said(texts: Mapping[str, str], language: str) -> tuple[str, bool]:
    """What is said in the reader's language, else in English, and whether it is English."""
    own = texts.get(language, "")
    return (own, False) if own else (texts.get("en", ""), True)


def _study(study: Study, language: str) -> ShownEntry:
    result, foreign = _said(study.result, language)
    unseen_people, unseen_money = _NOT_SEEN.search(study.people), _NOT_SEEN.search(study.money)
    return ShownEntry(
        id=study.id,
        kind=KINDS["study"],
        title=study.title,
        by=", ".join(
            each for each in (study.authors, study.year, study.journal) if each and not _NOT_SEEN.search(each)
        ),
        foreign=True,
        null=str(NULL.get(study.null, "")),
        facts=_rows(
            _design(study.design),
            Fact(_("How many people"), _seen(study.people), not unseen_people, brief=True),
            Fact(_("Who they were"), study.who),
            Fact(_("What they were given"), study.treatment),
            Fact(_("Compared with"), study.compared_with),
            Fact(_("Result"), result, foreign, brief=True),
            Fact(_("Money behind it"), _seen(study.money), not unseen_money, brief=True),
            Fact(_("What we saw of it"), study.how_read),
        ),
        checked=str(CHECKED[study.mark]),
        doubtful=study.mark != "read",
        addresses=_addresses(study.identifier),
    )


def _of_the_clinic(found: ClinicEntry, language: str, today: date | None) -> ShownEntry:
    """An entry that an editor of the clinic has approved, in the words in which it was written."""
    entry, decision = found.entry, found.decision
    result, foreign = _said({"en": entry.result_en, "es": entry.result_es}, language)
    approved = decision if decision is not None and decision.kind == DecisionKind.APPROVED else None
    late = approved is not None and today is not None and found.overdue(today)
    return ShownEntry(
        id=found.id,
        kind=KINDS["study"],
        title=entry.title,
        by=", ".join(each for each in (entry.authors, entry.year, entry.journal) if each),
        foreign=False,
        null=str(NULL.get(entry.null, "")),
        facts=_rows(
            replace(_design(entry.design), foreign=False),
            Fact(_("How many people"), entry.people, foreign=False, brief=True),
            Fact(_("Who they were"), entry.who, foreign=False),
            Fact(_("What they were given"), entry.treatment, foreign=False),
            Fact(_("Compared with"), entry.compared_with, foreign=False),
            Fact(_("Result"), result, foreign and bool(result), brief=True),
            Fact(_("Money behind it"), entry.money, foreign=False, brief=True),
        ),
        checked=_approved(entry.how_checked, approved),
        doubtful=False,
        addresses=tuple(
            address.format(each)
            for address, each in (
                ("https://doi.org/{}", entry.doi),
                ("https://pubmed.ncbi.nlm.nih.gov/{}/", entry.pmid),
            )
            if each
        ),
        own=True,
        overdue=approved.review_by if late and approved is not None else None,
    )


def _approved(how_checked: str, approved: EvidenceDecision | None) -> str:
    """How the clinic checked an entry and when it approved it; no name of whoever did stands on a reader's page."""
    if approved is None:
        return how_checked
    on = date_format(page_day(approved.decided_at))
    told = _("The clinic approved it on %(day)s.") % {"day": on}
    return f"{how_checked.rstrip('.')}. {told}" if how_checked else told


def _practice(practice: Practice, language: str) -> ShownEntry:
    says, foreign = _said(practice.says, language)
    topic = TOPICS.get(practice.topic)
    return ShownEntry(
        id=practice.id,
        kind=KINDS["practice"],
        title=str(topic) if topic else practice.topic.capitalize(),
        by=practice.source,
        foreign=topic is None,
        null="",
        facts=_rows(
            Fact(
                _("What it says"),
                ". ".join(each.rstrip(".") for each in (says, practice.figure) if each),
                foreign,
                brief=True,
            ),
            Fact(_("Treatment"), practice.treatment),
            Fact(_("Of whom"), practice.people, brief=True),
            Fact(_("When, or for how long"), practice.when),
            Fact(_("When to call"), practice.call),
            Fact(_("What limits it"), practice.limits),
            Fact(_("What we saw of it"), practice.how_read),
        ),
        checked=str(CHECKED[practice.mark]),
        doubtful=practice.mark != "read",
        addresses=_addresses(practice.identifier, practice.source),
        gist_of=practice.source,
    )


def _outcome(row: Outcome) -> ShownEntry:
    first = _first_of(row)
    return ShownEntry(
        id=row.id,
        kind=KINDS["figure"],
        title=f"{row.study} {row.year}",
        by=first.citation if row.citation in {"", "same"} else row.citation,
        foreign=True,
        null="",
        facts=_rows(
            _design(row.design if row.design not in {"", "same"} else first.design),
            Fact(_("Result"), figure(row), foreign=False, brief=True),
            Fact(_("How many people"), row.people or first.people, brief=True),
            Fact(_("Counted as a share of"), str(row.of) if row.of else _("The source does not say."), foreign=False),
            Fact(_("Which group"), row.arm),
            Fact(_("When"), row.when),
            Fact(_("Measured with"), row.measure),
            Fact(_("Note"), row.note),
        ),
        checked=_("We read this figure in the source.") if row.verified else str(CHECKED["recalled"]),
        doubtful=not row.verified,
        addresses=_addresses(row.citation, first.citation),
        gist=figure(row),
        gist_of=", ".join(each for each in (row.arm, row.when) if each),
    )


def _first_of(row: Outcome) -> Outcome:
    """The row that says of a study what the rows after it do not repeat."""
    same = [each for each in entries().values() if isinstance(each, Outcome)]
    return next(each for each in same if (each.study, each.year) == (row.study, row.year))


def figure(row: Outcome) -> str:
    """A figure in words: "53.6 %: at least half of the symptoms gone"."""
    if row.value is None:
        return _("The source gives no number that stands alone.")
    number = f"{row.value:g}"
    if row.low is not None and row.high is not None:
        number = _("%(value)s (between %(low)s and %(high)s)") % {
            "value": number, "low": f"{row.low:g}", "high": f"{row.high:g}",
        }  # fmt: skip
    if row.count is not None and row.of is not None:
        number = _("%(value)s, that is %(n)s of %(of)s") % {"value": number, "n": row.count, "of": row.of}
    metric = METRICS.get(row.metric)
    return f"{number} ({metric or row.metric})" if metric or row.metric else number


def _rule(rule: Rule) -> ShownEntry:
    return ShownEntry(
        id=rule.id,
        kind=KINDS["rule"],
        title=_(rule.title),
        by=_("Rulebook, version %(version)s") % {"version": rule.version},
        foreign=False,
        null="",
        facts=_rows(
            Fact(_("What it says"), _(rule.statement), foreign=False, brief=True),
            Fact(_("Its numbers"), "; ".join(_numbers(rule)), foreign=False),
            Fact(_("Sources"), "; ".join(rule.sources)),
        ),
        checked=str(CHECKED["read"]) if rule.verification == "verified" else _("Not read in its source by us."),
        doubtful=rule.verification != "verified",
        addresses=_addresses(*rule.sources),
        place=str(rule.fact("code")).lower() if rule.kind == LAW else "",
    )


def _numbers(rule: Rule) -> Iterator[str]:
    for each in rule.parameters.values():
        yield f"{_(each.label)}: {each.value:g} {each.unit}"


def matches(
    found: Iterable[Entry | ClinicEntry], gone: Mapping[str, EvidenceDecision], language: str
) -> list[ShownEntry]:
    return [shown(each, language, gone.get(each.id)) for each in found]
