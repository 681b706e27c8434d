"""The session record on paper: the same words as the page, laid out as a document."""

from __future__ import annotations

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import page_local
from sojourn.foundation.printing import figure
from sojourn.foundation.printing.setting import FONT, Column, DatedLine, Document, FigureBlock, Section, Table
from sojourn.interfaces.console.record.figure import figure_of
from sojourn.interfaces.console.record.presenters import RecordView
from sojourn.interfaces.console.record.tables import CheckRow
from sojourn.interfaces.console.record.words import TimelineEntry, clock


def document(clinic: Clinic | None, shown: RecordView) -> Document:
    """The whole document in the active language, under the clinic's letterhead."""
    record = shown.record
    letterhead = _letterhead(clinic)
    return Document(
        language=(translation.get_language() or "en").partition("-")[0],
        title=shown.title,
        about=f"{record.patient.name} · {record.patient.record_number}",
        author=letterhead[0],
        made_at=page_local(timezone.now()),
        letterhead=letterhead,
        # Translators: keep {page} and {pages} as they are.
        page=_("Page {page} of {pages}"),
        hash_label=_("Content hash"),
        hash=shown.verified.named,
        facts=shown.facts,
        standing_title=shown.standing_title,
        standing=shown.standing,
        sections=[each for each in _sections(shown) if _says_something(each)],
        paper="us-letter" if clinic and clinic.jurisdiction.startswith("US") else "a4",
    )


def _letterhead(clinic: Clinic | None) -> list[str]:
    if clinic is None:
        return ["Sojourn"]
    lines = [each.strip() for each in clinic.address.splitlines() if each.strip()]
    return [clinic.name, *lines, *([clinic.phone] if clinic.phone else [])]


def _says_something(section: Section) -> bool:
    table = section.table
    return bool(section.facts or section.picture or section.entries or section.paragraphs or (table and table.rows))


def _sections(shown: RecordView) -> list[Section]:
    return [
        Section(_("Not as planned"), paragraphs=shown.remarks),
        Section(_("The session on one axis"), picture=_picture(shown)),
        Section(_("Planned, given, wasted"), entries=[DatedLine("", each.title, each.texts) for each in shown.given]),
        Section(_("Doses"), lead=_("Milligrams are of base."), table=_doses(shown)),
        Section(_("Other medicines"), table=_medicines(shown)),
        Section(_("Alarms"), table=_alarms(shown)),
        Section(_("What happened"), entries=[_entry(each) for each in shown.lines]),
        Section(_("What the dose rested on"), entries=[_entry(each) for each in shown.basis]),
        Section(_("Checked before the dose"), table=_checks(shown.before)),
        Section(_("Checked before leaving"), table=_checks(shown.leaving)),
        Section(_("Leaving"), facts=shown.discharge),
        Section(_("Questionnaires"), facts=shown.measures),
        Section(
            _("Vital signs"),
            lead=_("The last value of every five minutes; in brackets the lowest and the highest of them."),
            table=_vitals(shown),
        ),
        Section(_("Readings that do not count"), table=_odd(shown)),
        Section(_("Monitors"), table=_monitors(shown)),
        Section(_("Addenda"), entries=[DatedLine("", title, (text,)) for title, text in shown.addenda]),
    ]


def _entry(line: TimelineEntry) -> DatedLine:
    return DatedLine(clock(line.at), f"{line.number} · {line.title}" if line.number else line.title, line.details)


def _doses(shown: RecordView) -> Table:
    return Table(
        [
            Column(_("Time")), Column(_("Drug and route"), "2fr"), Column(_("Planned, mg"), figures=True),
            Column(_("Given, mg"), figures=True), Column(_("Over, min"), figures=True), Column(_("Lot")),
            Column(_("Expires")),
            Column(_("Given by"), "1.3fr"), Column(_("Checked by"), "1.3fr"),
        ],
        [
            [clock(each.at), _noted(f"{each.drug} {each.route}", each.note), each.mg, each.given, each.minutes,
             each.lot, each.expires, each.given_by, each.checked_by]
            for each in shown.doses
        ],
    )  # fmt: skip


def _medicines(shown: RecordView) -> Table:
    return Table(
        [
            Column(_("Time")), Column(_("Medicine"), "1.5fr"), Column(_("Amount")), Column(_("How"), "1fr"),
            Column(_("Given by"), "1.3fr"), Column(_("Note"), "2fr"),
        ],
        [[clock(each.at), each.name, each.amount, each.route, each.by, each.notes] for each in shown.medicines],
    )  # fmt: skip


def _alarms(shown: RecordView) -> Table:
    return Table(
        [
            Column(_("No."), figures=True), Column(_("Time")), Column(_("Alarm"), "1.7fr"), Column(_("Value"), "1.7fr"),
            Column(_("Taken by"), "1.1fr"), Column(_("After")), Column(_("Over at")), Column(_("Rule"), "1fr"),
        ],
        [
            [each.number, clock(each.at), _noted(f"{each.title} ({each.priority_word})", each.notes), each.value,
             each.taken, each.waited, each.ended, each.rule]
            for each in shown.alarms
        ],
    )  # fmt: skip


def _checks(rows: list[CheckRow]) -> Table:
    """The column of notes only where there are any."""
    notes = [" ".join(said for said in (each.note, each.earlier) if said) for each in rows]
    columns = [Column(_("Item"), "2fr"), Column(_("Outcome"), "1.4fr"), Column(_("Time")), Column(_("By"), "1.1fr")]
    cells = [
        [each.label, f"{each.outcome}: {each.value}" if each.value else each.outcome,
         clock(each.at) if each.at else "–", each.by]
        for each in rows
    ]  # fmt: skip
    if any(notes):
        columns.append(Column(_("Note"), "1.4fr"))
        cells = [[*row, note] for row, note in zip(cells, notes, strict=True)]
    return Table(columns, cells)


def _vitals(shown: RecordView) -> Table:
    heads = [f"{name}, {unit}" if unit else name for name, unit in shown.vitals_columns]
    return Table(
        [Column(_("Time")), *(Column(each, figures=True) for each in heads), Column(_("Source"), "1fr")],
        [[each.time, *each.cells, each.source] for each in shown.vitals],
    )


def _odd(shown: RecordView) -> Table:
    return Table(
        [Column(_("Time")), Column(_("Vital sign"), "1fr"), Column(_("Value"), figures=True), Column(_("Why"), "2fr")],
        [[each.time, each.vital, each.value, each.why] for each in shown.odd],
    )


def _monitors(shown: RecordView) -> Table:
    return Table(
        [Column(_("Monitor"), "1fr"), Column(_("On")), Column(_("By"), "1fr"), Column(_("Clock"), "1.5fr")],
        [[each.name, each.times, each.people, each.clock] for each in shown.monitors],
    )


def _noted(text: str, note: str) -> str:
    return f"{text}. {note}" if note else text


def _picture(shown: RecordView) -> FigureBlock | None:
    drawn = figure_of(shown)
    if not drawn.panels:
        return None
    key = [(each.number, f"{clock(each.at)} {each.title}") for each in shown.marks]
    return FigureBlock(figure.svg(drawn, font=FONT), shown.vitals_summary, shown.legend, key)
