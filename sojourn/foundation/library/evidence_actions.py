"""Propose an entry of the clinic's own, rewrite it, approve it until a day, withdraw it, mark what was retracted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.action import action, turn, unchanged
from sojourn.foundation.audit.actions import record
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.library import evidence, queries
from sojourn.foundation.library.check import LONGEST_UNTIL_REVIEW
from sojourn.foundation.library.citations.record import Cited, doi_of, plain_title, pmid_of, title_key
from sojourn.foundation.library.known import known_of
from sojourn.foundation.library.models import OF_THE_CLINIC, DecisionKind, EvidenceDecision, EvidenceEntry, Null

# What an editor writes of an entry, and how long it may be.
TEXTS: Final = {
    "title": 2000, "authors": 2000, "year": 20, "journal": 500, "design": 300, "people": 500, "who": 1000,
    "treatment": 1000, "compared_with": 1000, "result_en": 4000, "result_es": 4000, "money": 1000, "how_checked": 1000,
}  # fmt: skip
# What must be said of an entry before anybody may rely on it.
NEEDED: Final = ("title", "year", "design", "people", "treatment", "compared_with", "result_en", "result_es", "money",
                 "how_checked")  # fmt: skip


def _values(values: Mapping[str, str]) -> dict[str, str]:
    """What was typed, whole. Refused: no-title, too-long, no-doi, no-pmid, no-null."""
    told = {name: values.get(name, "").strip() for name in TEXTS}
    told["title"] = plain_title(told["title"])
    if not told["title"]:
        raise ActionRefused(_("Say what the study is called."), codes=("no-title",))
    for name, most in TEXTS.items():
        if len(told[name]) > most:
            raise ActionRefused(_("This is longer than %(n)d characters.") % {"n": most}, codes=(f"too-long-{name}",))
    doi, pmid = values.get("doi", "").strip(), values.get("pmid", "").strip()
    if doi and not doi_of(doi):
        raise ActionRefused(_("A DOI begins with 10., for example 10.1016/j.jad.2021.12.097."), codes=("no-doi",))
    if pmid and not pmid_of(pmid):
        raise ActionRefused(_("A PMID is a number of at most nine digits."), codes=("no-pmid",))
    null = values.get("null") or Null.UNKNOWN
    if null not in Null.values:
        raise ActionRefused(_("Say whether it found an effect."), codes=("no-null",))
    return told | {"doi": doi_of(doi), "pmid": pmid_of(pmid), "null": null, "key": title_key(told["title"])}


def _write(by: Actor, told: Mapping[str, str], first: int | None, now: datetime | None) -> EvidenceEntry:
    return EvidenceEntry.objects.create(
        clinic_id=by.own_clinic_id, first_id=first, written_at=now or timezone.now(), written_by_id=by.member,
        by_name=by.name, **told,
    )  # fmt: skip


@action("library.edit", locks=turn("library"), audit="evidence.proposed")
def propose(*, by: Actor, values: Mapping[str, str], now: datetime | None = None) -> EvidenceEntry:
    """Write an entry; nobody but an editor sees it until it is approved.

    Refused: known, where the library has the work (by DOI, PMID or title), and what the fields say.
    """
    told = _values(values)
    double = known_of([_as_cited(told)]).double(_as_cited(told))
    if double is not None:
        raise ActionRefused(
            _("The library has this study already: %(id)s.") % {"id": double[0].called}, codes=("known",)
        )
    entry = _write(by, told, None, now)
    record(by, "evidence.proposed", entry)
    return entry


def _as_cited(told: Mapping[str, str]) -> Cited:
    return Cited(0, told["title"], doi=told["doi"], pmid=told["pmid"])


@action("library.edit", locks=turn("library"), audit="evidence.revised")
def revise(
    *, by: Actor, number: int, seen: int, values: Mapping[str, str], now: datetime | None = None
) -> EvidenceEntry:
    """Write an entry anew. Readers see what was approved until this is approved too. ``seen``: the version that the
    editor had before them. Overtaken ("overtaken") where there is a newer one. Raises EvidenceEntry.DoesNotExist."""
    before = _newest(number, seen)
    told = _values(values)
    if all(getattr(before, name) == value for name, value in told.items()):
        return unchanged(before)
    entry = _write(by, {**told, "abstract": before.abstract}, before.number, now)
    record(by, "evidence.revised", entry, about=entry.called)
    return entry


def _newest(number: int, seen: int) -> EvidenceEntry:
    newest = queries.newest_version(number)
    if newest.pk != seen:
        raise Overtaken(
            _("%(name)s has rewritten this meanwhile. Look first.") % {"name": newest.by_name}, codes=("overtaken",)
        )
    return newest


def missing(entry: EvidenceEntry) -> list[str]:
    """What has to be said of an entry before it can be approved, by the names of its fields."""
    return [name for name in NEEDED if not getattr(entry, name)] + ["null"] * (entry.null == Null.UNKNOWN)


@action("library.edit", locks=turn("library"), audit="evidence.approved")
def approve(*, by: Actor, number: int, seen: int, review_by: date, now: datetime | None = None) -> EvidenceDecision:
    """Let readers see this version, until it is to be looked at again.

    Refused: incomplete, with what is missing; review-past, review-far; retracted. Overtaken ("overtaken") where there
    is a newer version. Raises EvidenceEntry.DoesNotExist.
    """
    entry, now = _newest(number, seen), now or timezone.now()
    before = queries.newest_decision(entry.called)
    if before is not None and before.kind == DecisionKind.RETRACTED:
        raise ActionRefused(_("Its journal has retracted it. It cannot be approved."), codes=("retracted",))
    if absent := missing(entry):
        raise ActionRefused(
            _("First say what is missing. A reader must be able to judge the study by it."),
            codes=("incomplete", *absent),
        )
    today = clinic_day(now, by)
    if review_by <= today:
        raise ActionRefused(_("The day of the next review must be to come."), codes=("review-past",))
    if review_by - today > LONGEST_UNTIL_REVIEW:
        raise ActionRefused(_("Look at it again within a year."), codes=("review-far",))
    decision = _decide(by, entry.called, entry.pk, DecisionKind.APPROVED, "", now, review_by)
    record(by, "evidence.approved", entry, about=entry.called, review_by=review_by.isoformat())
    return decision


@action("library.edit", locks=turn("library"), audit="evidence.withdrawn")
def withdraw(*, by: Actor, number: int, reason: str, now: datetime | None = None) -> EvidenceDecision:
    """Take an entry of the clinic back; where an article cites it, that is said. Twice changes nothing. Refused:
    no-reason; retracted. Raises EvidenceEntry.DoesNotExist."""
    called = queries.newest_version(number).called
    before = queries.newest_decision(called)
    if before is not None and before.kind == DecisionKind.WITHDRAWN:
        return unchanged(before)
    if before is not None and before.kind == DecisionKind.RETRACTED:
        raise ActionRefused(_("It is marked as retracted, which says more."), codes=("retracted",))
    version = before.version_id if before is not None else None
    decision = _decide(by, called, version, DecisionKind.WITHDRAWN, _reason(reason), now)
    record(by, "evidence.withdrawn", decision, about=called)
    return decision


@action("library.edit", locks=turn("library"), audit="evidence.retracted")
def mark_retracted(*, by: Actor, about: str, reason: str, now: datetime | None = None) -> EvidenceDecision:
    """Mark an entry as retracted by its journal, one of the clinic ("CL17") or one that ships ("EV001"): every page
    that cites it says so. Twice changes nothing. Refused: no-reason. Raises EvidenceEntry.DoesNotExist."""
    if about not in evidence.entries():
        queries.newest_version(number_of(about))
    before = queries.newest_decision(about)
    if before is not None and before.kind == DecisionKind.RETRACTED:
        return unchanged(before)
    version = before.version_id if before is not None else None
    decision = _decide(by, about, version, DecisionKind.RETRACTED, _reason(reason), now)
    record(by, "evidence.retracted", decision, about=about)
    return decision


def number_of(about: str) -> int:
    """The number of an entry of the clinic. Raises EvidenceEntry.DoesNotExist for what is no such name."""
    digits = about.removeprefix(OF_THE_CLINIC)
    if digits == about or not digits.isdecimal() or len(digits) > 18:
        raise EvidenceEntry.DoesNotExist
    return int(digits)


def _reason(reason: str) -> str:
    told = reason.strip()[:2000]
    if not told:
        raise ActionRefused(_("Say why, for whoever reads it later."), codes=("no-reason",))
    return told


def _decide(
    by: Actor, about: str, version: int | None, kind: DecisionKind, reason: str, now: datetime | None,
    review_by: date | None = None,
) -> EvidenceDecision:  # fmt: skip
    return EvidenceDecision.objects.create(
        clinic_id=by.own_clinic_id, about=about, version_id=version, kind=kind, reason=reason, review_by=review_by,
        decided_at=now or timezone.now(), decided_by_id=by.member, by_name=by.name,
    )  # fmt: skip
