"""A series of sessions proposed, looked over and booked in one step; and repaired the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

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
from django.views.decorators.http import require_http_methods

from sojourn.care.booking import queries
from sojourn.care.booking.models import PreferredTimes
from sojourn.care.booking.proposing import NoSeries, Planned, Proposal, Slot
from sojourn.care.booking.queries import FreeTime, Proposed
from sojourn.care.booking.series_actions import SeriesTaken, Wanted, book_series
from sojourn.care.plan.models import CarePlan
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Refused
from sojourn.foundation.clock import page_local, page_today
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.console.patients.views import closed
from sojourn.interfaces.console.scheduling.before_dose import warned
from sojourn.interfaces.console.typed import whole

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
        self.fields["therapist"].choices = [("", _("Nobody")), *therapists]  # type: ignore[attr-defined]
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
class Line:
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


def _why_not(answer: NoSeries, wanted: int) -> str:
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


@allowed("appointment.book")
@require_http_methods(["GET", "POST"])
def series(request: HttpRequest, course_id: int) -> HttpResponse:
    """Propose, look over, book. A sent proposal that fails in part keeps the rest and proposes anew for what failed.
    Seven queries."""
    asked = cast(Request, request)
    assert asked.clinic is not None
    zone, now = asked.clinic.zone, timezone.now()
    try:
        known = queries.series_file(course_id, now)
    except CarePlan.DoesNotExist:
        raise Http404 from None
    course = known.course
    if gate := closed(asked, course.patient):
        return gate
    spacing, minutes, people = known.numbers.spacing, known.numbers.minutes, known.people
    staff = queries.attending_staff()
    typed = request.POST if request.method == "POST" else request.GET
    initial: dict[str, Any] = {
        "earliest": max(page_today() + timedelta(days=1), course.started_on), "minutes": minutes,
        "min_days": spacing[0] if spacing else None, "max_days": spacing[1] if spacing else None,
    }  # fmt: skip
    sent = "earliest" in typed
    data = typed if sent else {key: value for key, value in initial.items() if value is not None}
    bound = sent or (spacing is not None and minutes is not None)
    form = ShapeForm(
        data if bound else None, initial=initial, spaced=spacing is not None,
        therapists=[(member.pk, member.name) for member in staff if member.role == "therapist"],
    )  # fmt: skip
    context: dict[str, Any] = {
        "patient": course.patient, "name": course.patient.name, "course": course, "form": form,
        "spaced": spacing is not None, "people": people,
        "companion": _companion(request, [p.pk for p in people], next((p.pk for p in people if p.brings_home), None)),
        "clinical": asked.asker.may("patient.clinical"), "warned": warned(asked.asker, course),
        "draft_url": reverse("console:plan_draft", args=[course.patient_id])
        if spacing is None and asked.asker.may("plan.draft") else "",
    }  # fmt: skip
    if not form.is_valid():
        return render(request, "console/scheduling/series.html", context, status=422 if sent else 200)
    values = form.cleaned_data
    taken: Sequence[int] = ()
    chosen: list[Chosen] = []
    status = 200
    if request.method == "POST":
        chosen = _chosen(asked, values["minutes"])
        try:
            booked = book_series(
                by=asked.asker, care_plan_id=course_id, companion_id=context["companion"],
                wanted=[
                    Wanted(
                        each.slot.begins, values["minutes"], each.slot.chair_id,
                        tuple(n for n in (each.slot.nurse_id, each.slot.therapist_id) if n is not None),
                        each.moves, each.version,
                    )
                    for each in chosen
                ],
            )  # fmt: skip
            words = ngettext("%(n)d session is booked.", "%(n)d sessions are booked.", len(booked)) % {"n": len(booked)}
            messages.success(request, words)
            return redirect("console:series", course_id)
        except SeriesTaken as refused:
            status, taken = 409, refused.taken
            context["reasons"] = refused.reasons
        except Refused as refused:
            status = 409
            context["reasons"] = refused.reasons
        except ObjectDoesNotExist:
            raise Http404 from None
    kept = [each for number, each in enumerate(chosen) if number not in taken]
    found = queries.propose_series(
        course, min_days=values["min_days"], max_days=values["max_days"], earliest=values["earliest"],
        minutes=values["minutes"], zone=zone, now=now, therapist_id=values.get("therapist"), staff=staff, known=known,
        holding=[each.slot for each in kept], leaving=[each.moves for each in chosen if each.moves is not None],
    )  # fmt: skip
    context |= _shown(found, kept, [each for number, each in enumerate(chosen) if number in taken])
    return render(request, "console/scheduling/series.html", context, status=status)


def _companion(request: HttpRequest, ids: Sequence[int], usual: int | None) -> int | None:
    if request.method != "POST":
        return usual
    chosen = whole(request.POST.get("companion"))
    return chosen if chosen in ids else None


def _shown(found: Proposed, kept: Sequence[Chosen], failed: Sequence[Chosen]) -> dict[str, Any]:
    answer = found.answer
    shown: dict[str, Any] = {
        "standing": found.standing,
        "wishes": wishes(found.stated),
        "assumed_hours": found.free.assumed_hours,
        "complete": isinstance(answer, Proposal) and not found.shape.sessions,
    }
    if isinstance(answer, NoSeries):
        return shown | {"why_not": _why_not(answer, found.shape.sessions)}
    chairs = found.free.chair_names
    standing = {row.pk: row for row in found.standing.ahead}
    leaving = iter([each for each in failed if each.moves is not None])
    lines = [
        _line(number, each, found, kept, next(leaving, None) if each.kind == "new" else None, chairs, standing)
        for number, each in enumerate(answer.sessions)
    ]
    changing = sum(line.kind != "kept" for line in lines)
    return shown | {
        "lines": lines,
        "changing": changing,
        "moved": sum(line.kind == "moved" for line in lines),
        "late": answer.late,
        "beyond_wish": answer.beyond_wish,
        "book_words": ngettext("Book %(n)d session", "Book these %(n)d sessions", changing) % {"n": changing}
        if not any(line.kind == "moved" for line in lines)
        else _("Book this series"),
    }


def _line(
    number: int, each: Planned, found: Proposed, kept: Sequence[Chosen], left: Chosen | None, chairs: dict[int, str],
    standing: dict[int, Any],
) -> Line:  # fmt: skip
    if each.kind == "kept" and each.appointment_id is not None and each.appointment_id > 0:
        row = standing[each.appointment_id]
        return Line(number, "kept", each.begins, row.chair.name, "", "", (), again=False)
    number_held = -1 - (each.appointment_id or 0) if each.kind == "kept" else None
    held = kept[number_held] if number_held is not None else None
    slot = held.slot if held is not None else each.slot
    assert slot is not None
    source = held or left
    moves, version = (source.moves, source.version) if source else (None, None)
    if each.kind == "moved" and each.appointment_id is not None:
        if each.appointment_id < 0:  # a time that was chosen, and does not fit the others any more
            before = kept[-1 - each.appointment_id]
            moves, version = before.moves, before.version
        else:
            moves, version = each.appointment_id, standing[each.appointment_id].version
    was = ""
    if moves is not None and moves in standing:
        was = formats.date_format(page_local(standing[moves].during.lower), _("D j M, H:i"))
    options = sorted({slot, *each.alternatives})
    return Line(
        number, "moved" if moves is not None else "new", slot.begins, "", was,
        f"{moves}:{version}" if moves is not None else "",
        tuple(Option(_value(option), _label(option, chairs, found.free), option == slot) for option in options),
        again=left is not None or (held is None and bool(kept)),
    )  # fmt: skip


urlpatterns = [path("courses/<int:course_id>/series/", series, name="series")]
