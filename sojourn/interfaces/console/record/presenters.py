"""The session record in words, once for the page and for the PDF: both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.chart.content import stands
from sojourn.care.chart.rows import Signature
from sojourn.care.patients.models import Sex
from sojourn.clinical.protocol import State
from sojourn.clinical.vitals import SYSTOLIC
from sojourn.interfaces.console.record import double_check as record_double_check
from sojourn.interfaces.console.record import given as record_given
from sojourn.interfaces.console.record.tables import Tables
from sojourn.interfaces.console.record.timeline import Timeline
from sojourn.interfaces.console.record.vitals_table import VitalsTable
from sojourn.interfaces.console.record.words import (
    TimelineEntry,
    clock,
    day,
    day_and_clock,
    mg,
    who,
)
from sojourn.interfaces.console.sessions.words import drug_word

_OUTCOMES: Final[Mapping[State, StrPromise]] = {
    State.LEFT: gettext_lazy("finished"),
    State.DID_NOT_ATTEND: gettext_lazy("did not attend"),
    State.CANCELLED: gettext_lazy("cancelled"),
}


class RecordView(Timeline, Tables, VitalsTable):
    """A record for reading. Everything is text in the active language and zone."""

    @property
    def title(self) -> str:
        return _("Session of %(day)s") % {"day": day(self.record.opened_at)}

    @property
    def protocol_title(self) -> str:
        rule = self.record.protocol.rule
        return _(rule.title) if rule else self.record.protocol.id

    @property
    def facts(self) -> list[tuple[str, str]]:
        record = self.record
        patient = record.patient
        born = formats.date_format(patient.birth_date, _("j F Y"))
        frozen = record.protocol
        times = clock(record.opened_at)
        if record.ended_at:
            times = _("%(begin)s to %(end)s") % {"begin": times, "end": clock(record.ended_at)}
        doses = "; ".join(
            _("%(drug)s %(mg)s mg (as base), %(route)s") % {
                "drug": drug_word(each.dose.drug), "mg": record_given.given_mg(each),
                "route": self._route(each.dose.route)}
            for each in record.given
        )  # fmt: skip
        state = _OUTCOMES.get(record.state)
        pairs = [
            (_("Patient"), patient.name),
            (_("Record number"), patient.record_number),
            (_("Born"), f"{born}, {Sex(patient.sex).label}"),
            (_("Session"), f"{day(record.opened_at)}, {times}" + (f" ({state})" if state else "")),
            (_("Chair"), record.chair),
            (_("For"), f"{record.plan.indication} ({record.plan.title})"),
            (_("Dose given"), doses or _("none")),
            (_("Planned dose"), _("%(mg)s mg (as base)") % {"mg": mg(record.plan.dose_mg)}),
            (_("Protocol"), _("%(title)s, version %(version)s (%(hash)s…)") % {
                "title": self.protocol_title, "version": frozen.version, "hash": frozen.hash[:8]}),
            (_("Staff"), "; ".join(str(each) for each in record.staff) or _("none")),
        ]  # fmt: skip
        if not frozen.intact:
            pairs.append((_("Rulebook"), _("The text of this protocol is no longer the one of that day.")))
        return pairs

    @property
    def standing_title(self) -> str:
        signature = self.verified.signature
        if signature is None:
            return _("Not signed yet") if self.record.over else _("The session is still running")
        if self.verified.standing == "unchanged":
            return _("Signed")
        return _("Signed, but the record has changed since")

    @property
    def standing(self) -> list[str]:
        lines = []
        for each in self.record.signatures:
            lines.append(self._how_it_stands(each) % {"who": who(each.by), "when": day_and_clock(each.at)})
        if not lines:
            if self.record.over:
                lines.append(_("Nobody has signed this record."))
            else:
                lines.append(_("It can be signed when it is over."))
        return lines

    def _how_it_stands(self, signature: Signature) -> str:
        if stands(self.record, signature):
            return _("Signed by %(who)s on %(when)s; unchanged since.")
        if not signature.in_audit:
            return _("Signed by %(who)s on %(when)s; the signature is not the one that the audit trail recorded.")
        return _("Signed by %(who)s on %(when)s; the record has changed since.")

    @property
    def addenda(self) -> list[tuple[str, str]]:
        return [
            (_("%(who)s on %(when)s") % {"who": who(each.by), "when": day_and_clock(each.at)}, each.text)
            for each in self.record.addenda
        ]

    @property
    def remarks(self) -> list[str]:
        """Gaps, what does not add up, and reasons set aside, each as a sentence."""
        found = [
            *(self._gap(each) for each in self.record.gaps),
            *record_double_check.remarks(self.record),
            *record_given.remarks(self.record),
        ]
        for each in self.record.overrides:
            found.append(
                _("%(who)s set aside at %(time)s: %(what)s. Reason given: %(reason)s") % {
                    "who": who(each.by), "time": clock(each.at), "what": self._set_aside(each),
                    "reason": each.reason or "–"}
            )  # fmt: skip
        return found

    @property
    def legend(self) -> str:
        """How to read the picture."""
        parts = []
        if any(code in self.record.series for code in SYSTOLIC):
            parts.append(_("Bars of blood pressure run from systolic to diastolic."))
        if self.record.doses:
            parts.append(_("Where it is shaded, the dose was going in."))
        if any(self.crossed(code) for code in self.record.series):
            parts.append(_("A cross is a value that was corrected or struck."))
        if self.marks:
            parts.append(_("Numbers are steps of the dose (squares), events and alarms."))
        return " ".join(parts)

    @property
    def marks(self) -> list[TimelineEntry]:
        """What is numbered in the picture, in the order of its numbers."""
        return [each for each in self.lines if each.number]
