"""A series of sessions proposed, looked over and booked in one step; and repaired the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling import series_queries as scheduling_series_queries
from sojourn.care.scheduling.models import Appointment, PreferredTimes
from sojourn.care.scheduling.proposing import Planned, Proposal, SeriesRefusal, Slot
from sojourn.care.scheduling.series_actions import SeriesTaken, Wanted, book_series
from sojourn.care.scheduling.series_queries import FreeTime, Proposed, SeriesFile
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.scope import CourseScope
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.console.fields import set_choices
from sojourn.interfaces.console.scheduling.before_dose import warned
from sojourn.interfaces.shared.pages import FORM, PatientPage, patient_row_page
from sojourn.interfaces.shared.typed import whole

PARTS = {
    "morning": gettext_lazy("mornings"),
    "afternoon": gettext_lazy("afternoons"),
    "evening": gettext_lazy("evenings"),
}


class ShapeForm(forms.Form):
    """What a proposal is made from. The spacing is the signed plan's, where it says one."""

    earliest = forms.DateField(
        label=gettext_lazy("Not before"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    min_days = CountField(label=gettext_lazy("Days from one session to the next, at least"), min_value=1,
                                  max_value=366)  # fmt: skip
    max_days = CountField(label=gettext_lazy("At most"), min_value=1, max_value=366)
    minutes = CountField(label=gettext_lazy("Length of a session"), min_value=15, max_value=24 * 60)
    therapist = forms.TypedChoiceField(
        label=gettext_lazy("Therapist in each session"), coerce=int, empty_value=None, required=False
    )

    def __init__(self, *args: Any, therapists: Sequence[tuple[int, str]], spaced: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "therapist", [("", _("Nobody")), *therapists])
        if not therapists:
            del self.fields["therapist"]
        if spaced:
            for name in ("min_days", "max_days"):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any] | None:
        least, most = self.cleaned_data.get("min_days"), self.cleaned_data.get("max_days")
        if least is not None and most is not None and least > most:
            self.add_error("max_days", _("The longest gap cannot be below the shortest."))
        return self.cleaned_data


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ProposedSession:
    """One session of the proposal: kept where it stands, or with the times to choose from."""

    number: int
    kind: str
    begins: datetime
    words: str
    was: str
    moves: str
    options: tuple[Option, ...]
    again: bool


def _value(slot: Slot) -> str:
    return f"{slot.begins.isoformat()}|{slot.chair_id}|{slot.nurse_id or ''}|{slot.therapist_id or ''}"


def _slot(text: str, minutes: int) -> Slot | None:
    parts = text.split("|")
    if len(parts) != 4:
        return None
    chair, nurse, therapist = map(whole, parts[1:])
    try:
        begins = datetime.fromisoformat(parts[0])
    except ValueError:
        return None
    if begins.tzinfo is None or chair is None:
        return None
    return Slot(begins, begins + timedelta(minutes=minutes), chair, nurse, therapist)


def _label(slot: Slot, chairs: dict[int, str], free: FreeTime) -> str:
    local = page_local(slot.begins)
    who = [free.names[each] for each in (slot.nurse_id, slot.therapist_id) if each in free.names]
    words = formats.date_format(local, _("D j M, H:i"))
    return ", ".join([words, chairs.get(slot.chair_id, ""), *who])


def wishes(stated: PreferredTimes | None) -> str:
    """What the patient said about when they can come, in one sentence; "" where nothing was said."""
    if stated is None:
        return ""
    said = []
    if stated.weekdays:
        said.append(", ".join(str(WEEKDAYS[day]) for day in stated.weekdays))
    if stated.parts:
        said.append(", ".join(str(PARTS[part]) for part in stated.parts if part in PARTS))
    if stated.cannot:
        days = ", ".join(formats.date_format(day, _("j M")) for day in stated.cannot)
        said.append(_("not on %(days)s") % {"days": days})
    return "; ".join(said)


def _why_not(answer: SeriesRefusal, wanted: int) -> str:
    if not answer.free_days:
        return _(
            "There is no free time of that length at all. Look at the opening hours, the chairs and who works when."
        )
    return ngettext(
        "With this spacing there is room for %(fit)d session, not for %(wanted)d. Begin later, or free a time.",
        "With this spacing there is room for %(fit)d sessions, not for %(wanted)d. Begin later, or free a time.",
        answer.fit,
    ) % {"fit": answer.fit, "wanted": wanted}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A session as the form sent it back."""

    slot: Slot
    moves: int | None
    version: int | None


def _chosen(request: Request, minutes: int) -> list[Chosen]:
    found = []
    for name, text in request.POST.items():
        number = name.removeprefix("slot-")
        if number == name or (slot := _slot(str(text), minutes)) is None:
            continue
        moves, _sep, version = request.POST.get(f"moves-{number}", "").partition(":")
        found.append(Chosen(slot, whole(moves), whole(version)))
    return sorted(found, key=lambda each: each.slot.begins)


def _file(course_id: int) -> SeriesFile:
    return scheduling_series_queries.series_file(CourseScope(course_id), timezone.now())


@patient_row_page(_file, "appointment.book", methods=FORM)
def series(request: Request, scope: PatientPage, known: SeriesFile) -> HttpResponse:
    """Propose, look over, book. A sent proposal that fails in part keeps the rest and proposes anew for what failed.
    Seven queries."""
    staff = scheduling_queries.attending_staff()
    form = _shape(request, known, staff)
    context = _context(request, known, form)
    if not form.is_valid():
        return render(request, "console/scheduling/series.html", context, status=422 if _is_sent(request) else 200)
    if request.method != "POST":
        return _propose(request, known, form, staff, context)
    chosen = _chosen(request, form.cleaned_data["minutes"])
    try:
        booked = _book(request, known, chosen, form.cleaned_data["minutes"], context["escort"])
    except ActionRefused as refused:
        taken = refused.taken if isinstance(refused, SeriesTaken) else ()
        return _propose(request, known, form, staff, context | {"reasons": refused.reasons}, chosen, taken, 409)
    except ObjectDoesNotExist:
        raise Http404 from None
    words = ngettext("%(n)d session is booked.", "%(n)d sessions are booked.", booked) % {"n": booked}
    messages.success(request, words)
    return redirect("console:series", known.course.pk)


def _is_sent(request: HttpRequest) -> bool:
    return "earliest" in (request.POST if request.method == "POST" else request.GET)


def _shape(request: Request, known: SeriesFile, staff: Sequence[Membership]) -> ShapeForm:
    """The form as it was sent; else as the signed plan fills it, where it says enough for a proposal."""
    spacing, minutes = known.numbers.spacing, known.numbers.minutes
    least, most = spacing or (None, None)
    earliest = max(page_today() + timedelta(days=1), known.course.started_on)
    initial: dict[str, object] = {"earliest": earliest, "minutes": minutes, "min_days": least, "max_days": most}
    data: Mapping[str, object] | None = None
    if _is_sent(request):
        data = request.POST if request.method == "POST" else request.GET
    elif spacing is not None and minutes is not None:
        data = initial
    therapists = [(member.pk, member.name) for member in staff if member.role == "therapist"]
    return ShapeForm(data, initial=initial, spaced=spacing is not None, therapists=therapists)


def _context(request: Request, known: SeriesFile, form: ShapeForm) -> dict[str, Any]:
    course, people = known.course, known.people
    usual = next((person.pk for person in people if person.brings_home), None)
    spaced = known.numbers.spacing is not None
    drafts = not spaced and request.actor.may("plan.draft")
    return {
        "patient": course.patient,
        "name": course.patient.name,
        "course": course,
        "form": form,
        "spaced": spaced,
        "people": people,
        "escort": _escort(request, [person.pk for person in people], usual),
        "clinical": request.actor.may("patient.clinical"),
        "warned": warned(request.actor, course),
        "draft_url": reverse("console:plan_draft", args=[course.patient_id]) if drafts else "",
    }


def _book(
    request: Request, known: SeriesFile, chosen: Sequence[Chosen], minutes: int, escort_id: int | None
) -> int:  # fmt: skip
    """Book what was chosen; how many. Raises Refused, and SeriesTaken with the places of what is taken."""
    wanted = [
        Wanted(
            each.slot.begins, minutes, each.slot.chair_id,
            tuple(n for n in (each.slot.nurse_id, each.slot.therapist_id) if n is not None), each.moves, each.version,
        )
        for each in chosen
    ]  # fmt: skip
    return len(book_series(by=request.actor, care_plan_id=known.course.pk, escort_id=escort_id, wanted=wanted))


def _propose(
    request: Request, known: SeriesFile, form: ShapeForm, staff: Sequence[Membership], context: dict[str, Any],
    chosen: Sequence[Chosen] = (), taken: Collection[int] = (), status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The proposal, around what was chosen and is not taken."""
    assert request.clinic is not None
    values = form.cleaned_data
    kept = [each for number, each in enumerate(chosen) if number not in taken]
    failed = [each for number, each in enumerate(chosen) if number in taken]
    found = scheduling_series_queries.propose_series(
        known.course, min_days=values["min_days"], max_days=values["max_days"], earliest=values["earliest"],
        minutes=values["minutes"], zone=request.clinic.zone, now=timezone.now(), therapist_id=values.get("therapist"),
        staff=staff, known=known, holding=[each.slot for each in kept],
        leaving=[each.moves for each in chosen if each.moves is not None],
    )  # fmt: skip
    context = context | _shown(found, kept, failed)
    return render(request, "console/scheduling/series.html", context, status=status)


def _escort(request: HttpRequest, ids: Sequence[int], usual: int | None) -> int | None:
    if request.method != "POST":
        return usual
    chosen = whole(request.POST.get("escort"))
    return chosen if chosen in ids else None


def _shown(found: Proposed, kept: Sequence[Chosen], failed: Sequence[Chosen]) -> dict[str, Any]:
    answer = found.answer
    shown: dict[str, Any] = {
        "standing": found.standing,
        "wishes": wishes(found.stated),
        "assumed_hours": found.free.assumed_hours,
        "complete": isinstance(answer, Proposal) and not found.shape.sessions,
    }
    if isinstance(answer, SeriesRefusal):
        return shown | {"why_not": _why_not(answer, found.shape.sessions)}
    chairs = found.free.chair_names
    standing = {row.pk: row for row in found.standing.ahead}
    leaving = iter([each for each in failed if each.moves is not None])
    lines = [
        _line(number, each, found, kept, next(leaving, None) if each.kind == "new" else None, chairs, standing)
        for number, each in enumerate(answer.sessions)
    ]
    kinds = Counter(line.kind for line in lines)
    changing = len(lines) - kinds["kept"]
    words = ngettext("Book %(n)d session", "Book these %(n)d sessions", changing) % {"n": changing}
    return shown | {
        "lines": lines,
        "changing": changing,
        "moved": kinds["moved"],
        "late": answer.late,
        "beyond_wish": answer.beyond_wish,
        "book_words": _("Book this series") if kinds["moved"] else words,
    }


def _line(
    number: int, each: Planned, found: Proposed, kept: Sequence[Chosen], left: Chosen | None, chairs: dict[int, str],
    standing: Mapping[int, Appointment],
) -> ProposedSession:  # fmt: skip
    own = each.appointment_id or 0
    if each.kind == "kept" and own > 0:
        return ProposedSession(number, "kept", each.begins, standing[own].chair.name, "", "", (), again=False)
    held = kept[-1 - own] if each.kind == "kept" else None
    slot = held.slot if held is not None else each.slot
    assert slot is not None
    again = left is not None or (held is None and bool(kept))
    options = _options(slot, each.alternatives, chairs, found.free)
    moves, version = _moved(each, kept, held or left, standing)
    if moves is None:
        return ProposedSession(number, "new", slot.begins, "", "", "", options, again)
    was = _when(standing[moves]) if moves in standing else ""
    return ProposedSession(number, "moved", slot.begins, "", was, f"{moves}:{version}", options, again)


def _when(row: Appointment) -> str:
    return formats.date_format(page_local(row.during.lower), _("D j M, H:i"))


def _options(
    slot: Slot, others: Iterable[Slot], chairs: dict[int, str], free: FreeTime
) -> tuple[Option, ...]:  # fmt: skip
    """The times to choose from, in their order."""
    return tuple(
        Option(_value(option), _label(option, chairs, free), option == slot) for option in sorted({slot, *others})
    )


def _moved(
    each: Planned, kept: Sequence[Chosen], source: Chosen | None, standing: Mapping[int, Appointment]
) -> tuple[int | None, int | None]:  # fmt: skip
    """The appointment that a session of the proposal moves, and in which version it was seen."""
    own = each.appointment_id
    if each.kind == "moved" and own is not None and own >= 0:
        return own, standing[own].version
    if each.kind == "moved" and own is not None:  # a time that was chosen, and does not fit the others any more
        source = kept[-1 - own]
    return (source.moves, source.version) if source else (None, None)


urlpatterns = [path("courses/<int:course_id>/series/", series, name="series")]
