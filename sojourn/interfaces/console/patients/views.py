"""Find, make and change patients; the patient's own page; the people beside them; the way into the portal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_stubs_ext import StrPromise

from sojourn.care.intake.queries import access_needs
from sojourn.care.measures import queries as measures
from sojourn.care.patients import actions, queries
from sojourn.care.patients.days import days_in
from sojourn.care.patients.models import Patient, RelatedPerson, Sex
from sojourn.care.plan import queries as plan
from sojourn.care.safety import queries as safety
from sojourn.clinical.protocol import PRESENT, State
from sojourn.clinical.scales import say
from sojourn.foundation.accounts import actions as accounts
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import readiness
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.audit import queries as audit
from sojourn.foundation.clock import page_local, page_today
from sojourn.interfaces.console.clinic.place_presenters import missing_rows
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.scheduling import visits as sessions

PAGE_SIZE = 25
_FIELDS = (
    "record_number",
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "phone",
    "email",
    "language",
    "restricted",
)
_BEFORE = "console.patient.before"
_FIELD_OF_CODE = {
    "record-number-taken": "record_number",
    "born-in-future": "birth_date",
    "born-too-long-ago": "birth_date",
    "sex-unknown": "sex",
}


def day_words(day: date) -> str:
    """12 March 1980, in the reader's language."""
    return formats.date_format(day, _("j F Y"))


def years_words(patient: Patient) -> str:
    """The age today, in words."""
    years = patient.age_on(page_today())
    return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}


def tell(form: forms.Form, refused: Refused, fields: Mapping[str, str]) -> None:
    """Put a refusal's reasons beside the fields that they speak of, or at the top of the form."""
    for number, reason in enumerate(refused.reasons):
        code = refused.codes[number] if number < len(refused.codes) else ""
        field = fields.get(code)
        form.add_error(field if field in form.fields else None, str(reason))


class DayField(forms.DateField):
    """A day in any of the usual writings; one that can be read two ways is asked for again."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return cast(date | None, value or None)
        days, rest = days_in(str(value).strip())
        if not days or rest:
            raise ValidationError(_("Write the day as 1980-03-12 or 12 March 1980."), code="invalid")
        past = [day for day in days if day <= page_today()] or days
        if len(past) > 1:
            raise ValidationError(
                _("This can be read as %(one)s or %(other)s. Write the month as a word.")
                % {"one": day_words(past[0]), "other": day_words(past[1])},
                code="ambiguous",
            )
        return past[0]

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class PatientForm(forms.Form):
    """Who the patient is."""

    given_name = forms.CharField(label=gettext_lazy("Given name"), max_length=80)
    family_name = forms.CharField(label=gettext_lazy("Family name"), max_length=80)
    birth_date = DayField(label=gettext_lazy("Date of birth"), help_text=gettext_lazy("As 1980-03-12 or 12 March 1980"))
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=Sex.choices, initial=Sex.UNKNOWN)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of letters and pages"), choices=settings.LANGUAGES)
    record_number = forms.CharField(
        label=gettext_lazy("Record number"), max_length=24, help_text=gettext_lazy("The next free number is proposed.")
    )
    restricted = forms.BooleanField(
        label=gettext_lazy("Restricted record"),
        required=False,
        help_text=gettext_lazy("Only prescribers open it; others must say why, and the patient is told."),
    )
    another_person = forms.BooleanField(label=gettext_lazy("This is another person"), required=False)

    def __init__(self, *args: Any, asker: Asker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asker.may("patient.restricted"):
            del self.fields["restricted"]
        self.fields["phone"].widget.input_type = "tel"
        for name in ("given_name", "family_name", "phone", "email", "record_number"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class PersonForm(forms.Form):
    """Somebody beside the patient."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    relationship = forms.CharField(
        label=gettext_lazy("Relationship"), max_length=60, required=False,
        help_text=gettext_lazy("For example sister, partner, friend"),
    )  # fmt: skip
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), required=False)
    brings_home = forms.BooleanField(label=gettext_lazy("Brings the patient home"), required=False, initial=True)
    emergency_contact = forms.BooleanField(label=gettext_lazy("May be called in an emergency"), required=False)


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address of the patient"))


# ---------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. A withheld one says only that it is there."""

    url: str
    name: str
    record_number: str
    born: str
    years: str
    withheld: bool
    restricted: bool


def _row(patient: Patient, withheld: bool) -> Row:
    if withheld:
        return Row(reverse("console:restricted", args=[patient.pk]), "", "", "", "", True, True)
    return Row(
        reverse("console:patient", args=[patient.pk]),
        f"{patient.family_name}, {patient.given_name}",
        patient.record_number,
        day_words(patient.birth_date),
        years_words(patient),
        False,
        patient.restricted,
    )


@allowed("patient.find")
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """The list, narrowed by what is typed; a fragment for htmx, the whole page for everybody else."""
    asked = cast(Request, request)
    now = timezone.now()
    text = request.GET.get("q", "")
    page: Page[Patient] = Paginator(queries.find(text, asker=asked.asker, now=now), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    hidden = queries.withheld(asked.asker, page.object_list, now)
    context = {
        "text": text,
        "rows": [_row(patient, patient.pk in hidden) for patient in page.object_list],
        "page": page,
        "may_create": asked.asker.may("patient.create"),
    }
    live = bool(asked.htmx) and not asked.htmx.history_restore_request
    name = "console/patients/rows.html" if live else "console/patients/list.html"
    response = render(request, name, context | {"live": live})
    response["Vary"] = "HX-Request"
    return response


# ---------------------------------------------------------------- making and changing


def _likenesses(request: Request, values: Mapping[str, Any], other_than: int | None = None) -> list[Row]:
    if not {"given_name", "family_name", "birth_date"} <= values.keys():
        return []
    same = queries.same_person(
        given_name=values["given_name"],
        family_name=values["family_name"],
        birth_date=values["birth_date"],
        other_than=other_than,
    )
    hidden = queries.withheld(request.asker, same, timezone.now())
    return [_row(patient, patient.pk in hidden) for patient in same]


@allowed("patient.create")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a record. A likely duplicate is shown before it is saved."""
    asked = cast(Request, request)
    assert asked.asker.clinic_id is not None
    assert asked.clinic is not None
    status, likenesses = 200, list[Row]()
    if request.method == "POST":
        form = PatientForm(request.POST, asker=asked.asker)
        if form.is_valid():
            values = form.values()
            if values["record_number"] == request.POST.get("proposed"):
                values["record_number"] = ""  # nobody chose it, so the next free one will do
            try:
                patient = actions.add(by=asked.asker, **values)
                return redirect("console:patient", patient.pk)
            except Refused as refused:
                status = 409
                if "possible-duplicate" in refused.codes:
                    likenesses = _likenesses(asked, values)
                else:
                    tell(form, refused, _FIELD_OF_CODE)
        else:
            status = 422
        proposed = request.POST.get("proposed", "")
    else:
        proposed = queries.next_record_number(asked.asker.clinic_id)
        form = PatientForm(
            asker=asked.asker,
            initial={"record_number": proposed, "language": asked.clinic.language, "sex": Sex.UNKNOWN},
        )
    context = {"form": form, "proposed": proposed, "likenesses": likenesses, "cancel_url": reverse("console:patients")}
    return render(request, "console/patients/form.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that somebody else saved meanwhile. ``yours`` is set where both changed it."""

    label: str
    was: str
    saved: str
    yours: str


def _stored(patient: Patient) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value := getattr(patient, name), date) else value for name in _FIELDS}


def _shown(name: str, value: Any) -> str:
    if name == "sex":
        return str(dict(Sex.choices).get(value, value))
    if name == "language":
        return str(dict(settings.LANGUAGES).get(value, value))
    if name == "restricted":
        return _("yes") if value else _("no")
    if name == "birth_date":
        days, _rest = days_in(str(value))
        return day_words(days[0]) if len(days) == 1 else str(value)
    return str(value) or _("(empty)")


def _merge(request: HttpRequest, patient: Patient, asker: Asker) -> tuple[PatientForm, list[Change]]:
    """What was typed over what the other saved: untouched fields take the other's value, typed ones stay."""
    try:
        before: dict[str, Any] = signing.loads(request.POST.get("before", ""), salt=_BEFORE)
    except signing.BadSignature:
        before = {}
    saved, data, changes = _stored(patient), request.POST.copy(), list[Change]()
    for name in PatientForm(asker=asker).fields:
        if name not in saved or (name in before and before[name] == saved[name]):
            continue
        typed: Any = name in data if name == "restricted" else data.get(name, "")
        untouched = name in before and typed == before[name]
        if untouched:
            if name == "restricted":
                data.pop(name, None)
                if saved[name]:
                    data[name] = "on"
            else:
                data[name] = str(saved[name])
        if untouched or typed != saved[name]:
            label = str(PatientForm.base_fields[name].label)
            was = _shown(name, before[name]) if name in before else ""
            changes.append(Change(label, was, _shown(name, saved[name]), "" if untouched else _shown(name, typed)))
    return PatientForm(data, asker=asker), changes


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Change who the patient is. Where somebody else saved meanwhile, both versions are shown."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    status, likenesses, changes, other = 200, list[Row](), list[Change](), ""
    if request.method == "POST":
        form = PatientForm(request.POST, asker=asked.asker)
        if form.is_valid():
            values = form.values()
            try:
                version = int(request.POST.get("version", "0") or 0)
            except ValueError:
                version = 0
            try:
                actions.edit(by=asked.asker, patient_id=patient_id, version=version, **values)
                return redirect("console:patient", patient_id)
            except Overtaken:
                status = 409
                patient.refresh_from_db()
                form, changes = _merge(request, patient, asked.asker)
                form.is_valid()
                last = audit.events(patient_id=patient_id).filter(action="patient.edited").first()
                other = last.name if last else ""
            except Refused as refused:
                status = 409
                if "possible-duplicate" in refused.codes:
                    likenesses = _likenesses(asked, values, patient_id)
                else:
                    tell(form, refused, _FIELD_OF_CODE)
        else:
            status = 422
        seen = request.POST.get("version") if status != 409 or not other else None
        before = request.POST.get("before", "")
        if seen is None or not before:
            before = signing.dumps(_stored(patient), salt=_BEFORE)
        version_shown = seen or str(patient.version)
    else:
        form = PatientForm(asker=asked.asker, initial=_stored(patient))
        before, version_shown = signing.dumps(_stored(patient), salt=_BEFORE), str(patient.version)
    context = {
        "patient": patient, "form": form, "version": version_shown, "before": before, "likenesses": likenesses,
        "changes": changes, "other": other, "cancel_url": reverse("console:patient", args=[patient_id]),
    }  # fmt: skip
    return render(request, "console/patients/form.html", context, status=status)


# ---------------------------------------------------------------- the patient's page


def closed(request: Request, patient: Patient) -> HttpResponse | None:
    """The way to the break-glass page where this asker may not see the inside of the record, else None."""
    if accounts_queries.may_open(request.asker, patient, timezone.now()):
        return None
    return _gate(request, patient.pk)


def _gate(request: Request, patient_id: int) -> HttpResponse:
    onward = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return redirect(f"{reverse('console:restricted', args=[patient_id])}{onward}")


@dataclass(frozen=True, slots=True)
class Word:
    """A state in words, with the look of its pill."""

    text: StrPromise | str
    kind: str


_CLINICAL_WORDS: Mapping[State, tuple[StrPromise, str]] = {
    State.PLANNED: (gettext_lazy("expected"), "open"),
    State.ARRIVED: (gettext_lazy("arrived, checks open"), "active"),
    State.CHECKED: (gettext_lazy("checks complete"), "active"),
    State.DOSING: (gettext_lazy("dose running"), "active"),
    State.PAUSED: (gettext_lazy("dose paused"), "wait"),
    State.OBSERVING: (gettext_lazy("observed"), "active"),
    State.READY_TO_LEAVE: (gettext_lazy("ready to leave"), "active"),
    State.LEFT: (gettext_lazy("left"), "done"),
    State.STOPPED_EARLY: (gettext_lazy("stopped early"), "stop"),
    State.DID_NOT_ATTEND: (gettext_lazy("did not attend"), "off"),
    State.CANCELLED: (gettext_lazy("cancelled"), "off"),
}


def state_word(state: State, *, clinical: bool) -> Word:
    """Where a session stands; without a clinical role only whether the patient is here."""
    if not clinical and state in PRESENT:
        return Word(gettext_lazy("here"), "active")
    text, kind = _CLINICAL_WORDS[state]
    return Word(text, kind)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment on the patient's page."""

    when: str  # Wed 4 Mar 2026, 10:00
    at: datetime
    url: str
    chair: str
    companion: str
    word: Word
    session_url: str
    ahead: bool


def _visits(asker: Asker, patient_id: int, now: datetime) -> list[Visit]:
    clinical = asker.may("session.read")
    visits = []
    for row in sessions.of_patient(patient_id):
        appointment = row.appointment
        gone = appointment.status == "cancelled"
        session = address("console:session", row.encounter_id) if clinical and row.encounter_id else ""
        visits.append(
            Visit(
                formats.date_format(page_local(appointment.during.lower), _("D j M Y, H:i")),
                appointment.during.lower,
                reverse("console:appointment", args=[appointment.pk]),
                appointment.chair.name,
                appointment.companion.name if appointment.companion and not appointment.companion.ended_at else "",
                state_word(State.CANCELLED if gone else row.state, clinical=clinical),
                session,
                not gone and row.state == State.PLANNED and appointment.during.upper > now,
            )
        )
    return visits


@dataclass(frozen=True, slots=True)
class Course:
    """A course of treatment on the patient's page; without a clinical role only its days. ``unplanned``: it runs
    without a signed plan, as courses of an earlier release do."""

    title: str
    words: str
    since: str
    ended: str
    protocol: str
    dose_mg: object
    sessions: int
    indication: str
    intention: str
    by: str
    end_url: str
    book_url: str
    series_url: str
    id: int
    unplanned: bool


def _plain(amount: Decimal) -> Decimal:
    """The amount without idle zeros: 35, 37.5."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()


def _courses(asker: Asker, patient_id: int) -> list[Course]:
    found = []
    held = {version.care_plan_id for version in plan.in_force_of_patient(patient_id)}
    for course in plan.of_patient(patient_id):
        protocol = plan.protocol(course.protocol_id)
        running = course.ended_on is None
        book = f"{reverse('console:appointment_book')}?course={course.pk}" if running else ""
        found.append(
            Course(
                title=course.title,
                words=_("running") if running else _("ended"),
                since=day_words(course.started_on),
                ended=day_words(course.ended_on) if course.ended_on else "",
                protocol=_(protocol.rule.title) if protocol else course.protocol_id,
                dose_mg=_plain(course.dose_mg),
                sessions=course.planned_sessions,
                indication=course.indication,
                intention=course.intention,
                by=str(course.created_by),
                end_url=reverse("console:course_end", args=[course.pk]) if running and asker.may("course.end") else "",
                book_url=book if asker.may("appointment.book") else "",
                series_url=reverse("console:series", args=[course.pk])
                if running and asker.may("appointment.book")
                else "",
                id=course.pk,
                unplanned=running and course.pk not in held,
            )
        )
    return found


@allowed("patient.find")
@require_GET
def patient(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The patient's page. Roles without patient.clinical see who the patient is, and when they come."""
    asked = cast(Request, request)
    asker, now = asked.asker, timezone.now()
    try:
        record = queries.record_for(asker, patient_id, now)
    except Patient.DoesNotExist:
        raise Http404 from None
    if record.withheld:
        return _gate(asked, patient_id)
    found, clinical = record.patient, asker.may("patient.clinical")
    actions.open_record(by=asker, patient=found, part="clinical" if clinical else "identity")
    visits = _visits(asker, patient_id, now)
    courses = _courses(asker, patient_id)
    ahead = [visit for visit in visits if visit.ahead]
    context = {
        "patient": found,
        "name": found.name,
        "born": day_words(found.birth_date),
        "years": years_words(found),
        "language": dict(settings.LANGUAGES).get(found.language, found.language),
        "clinical": clinical,
        "may_edit": asker.may("patient.edit"),
        "has_account": record.signs_in,
        "may_draft": asker.may("plan.draft"),
        "may_book": asker.may("appointment.book"),
        "people": queries.people_of(patient_id),
        "access_needs": access_needs(patient_id),
        "courses": courses,
        "running": [course for course in courses if not course.ended],
        "ahead": sorted(ahead, key=lambda visit: visit.at),
        "past": [visit for visit in visits if not visit.ahead],
        "flagged": bool(safety.flagged([patient_id])) if asker.may("flag.read") else False,
        "flags_url": address("console:flags"),
        "consents_url": address("console:patient_consents", patient_id) if asker.may("consent.read") else "",
        "measures_url": reverse("console:patient_measures", args=[patient_id]) if asker.may("measure.read") else "",
    }
    return render(request, "console/patients/patient.html", context)


# ---------------------------------------------------------------- measures on the page


@dataclass(frozen=True, slots=True)
class Score:
    """The newest score of one questionnaire and the way it came. ``line`` are the points of a small drawing."""

    title: str
    total: Decimal | int | None
    out_of: int
    band: str
    at: datetime
    line: str
    dot: tuple[float, float] | None
    words: str
    safety_positive: bool


_WIDE, _HIGH, _EDGE = 120, 32, 4


def _line(values: Sequence[tuple[datetime, Decimal | int]], top: int) -> tuple[str, tuple[float, float] | None]:
    """Points of a polyline in a box of 120 by 32: time across, the score up from nothing to the highest possible."""
    if len(values) < 2:
        return "", None
    first, last = values[0][0].timestamp(), values[-1][0].timestamp()
    span = max(last - first, 1.0)
    points = [
        (
            round(_EDGE + (at.timestamp() - first) / span * (_WIDE - 2 * _EDGE), 1),
            round(_HIGH - _EDGE - float(total) / max(top, 1) * (_HIGH - 2 * _EDGE), 1),
        )
        for at, total in values
    ]
    return " ".join(f"{x},{y}" for x, y in points), points[-1]


def scores(patient_id: int) -> list[Score]:
    """The newest score of each questionnaire, with its way there. One query."""
    found = []
    for trend in measures.trends(patient_id):
        newest = trend.points[-1]
        values = [(point.at, point.total) for point in trend.scored if point.total is not None]
        top = trend.scale.high
        line, dot = _line(values, top)
        band = newest.band
        found.append(
            Score(
                title=say(trend.scale.title, get_language() or "en"),
                total=newest.total,
                out_of=top,
                band=_(band.label) if band else "",
                at=newest.at,
                line=line,
                dot=dot,
                words=", ".join(str(total) for _at, total in values[-6:]) if len(values) > 1 else "",
                safety_positive=newest.safety_positive,
            )
        )
    return found


@allowed("measure.read")
@require_GET
def patient_measures(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The newest scores: a part of the patient's page for htmx, a page of its own without."""
    asked = cast(Request, request)
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, found):
        return gate
    context = {
        "patient": found,
        "name": found.name,
        "scores": scores(patient_id),
        "more_url": address("console:measures", patient_id),
    }
    if asked.htmx:
        return render(request, "console/patients/scores.html", context)
    actions.open_record(by=asked.asker, patient=found, part="clinical")
    return render(request, "console/patients/measures.html", context)


# ---------------------------------------------------------------- people beside the patient


_FIELD_OF_PERSON_CODE = {"name-missing": "name", "no-way-to-reach": "phone"}


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def person_add(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Put somebody beside the patient."""
    asked = cast(Request, request)
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, found):
        return gate
    form, status = PersonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.add_person(by=asked.asker, patient_id=patient_id, **form.cleaned_data)
                return redirect("console:patient", patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELD_OF_PERSON_CODE)
    context = {"patient": found, "name": found.name, "form": form}
    return render(request, "console/patients/person.html", context, status=status)


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def person_edit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Change what is known of somebody beside the patient."""
    asked = cast(Request, request)
    person = get_object_or_404(RelatedPerson.objects.select_related("patient"), pk=person_id)
    if gate := closed(asked, person.patient):
        return gate
    initial = {name: getattr(person, name) for name in PersonForm.base_fields}
    form, status = PersonForm(request.POST or None, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_person(by=asked.asker, person_id=person_id, **form.cleaned_data)
                return redirect("console:patient", person.patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, _FIELD_OF_PERSON_CODE)
    context = {"patient": person.patient, "name": person.patient.name, "form": form, "beside": person}
    return render(request, "console/patients/person.html", context, status=status)


@allowed("patient.edit")
@require_POST
def person_end(request: HttpRequest, person_id: int) -> HttpResponse:
    """Somebody is no longer beside the patient."""
    asked = cast(Request, request)
    person = get_object_or_404(RelatedPerson.objects.select_related("patient"), pk=person_id)
    if gate := closed(asked, person.patient):
        return gate
    actions.end_person(by=asked.asker, person_id=person_id)
    return redirect("console:patient", person.patient_id)


# ---------------------------------------------------------------- the way into the portal


@allowed("patient.edit")
@require_http_methods(["GET", "POST"])
def access(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Who signs in for this patient, and the invitation of the patient."""
    asked = cast(Request, request)
    assert asked.asker.clinic_id is not None
    found = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, found):
        return gate
    form, status = InviteForm(request.POST or None, initial={"email": found.email}), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                accounts.invite(
                    by=asked.asker, email=form.cleaned_data["email"], name=found.name, role="patient",
                    patient_id=patient_id, language=found.language,
                )  # fmt: skip
                return redirect("console:patient_access", patient_id)
            except Refused as refused:
                status = 409
                tell(form, refused, {"bad_email": "email", "already_member": "email"})
    members = accounts_queries.accounts_of_patient(asked.asker.clinic_id, patient_id)
    context = {
        "patient": found,
        "name": found.name,
        "form": form,
        "accounts": [(member.name, member.person.email, member.role) for member in members],
        "has_account": any(member.role == "patient" for member in members),
        "missing": missing_rows(readiness.missing(cast(Clinic, asked.clinic))),
        "invitations": [
            (row, accounts_queries.standing(row, timezone.now()))
            for row in accounts_queries.invitations(asked.asker.clinic_id, patient_id=patient_id)
        ],
    }
    return render(request, "console/patients/access.html", context, status=status)


urlpatterns = [
    path("patients/", find, name="patients"),
    path("patients/new/", add, name="patient_add"),
    path("patients/<int:patient_id>/", patient, name="patient"),
    path("patients/<int:patient_id>/edit/", edit, name="patient_edit"),
    path("patients/<int:patient_id>/scores/", patient_measures, name="patient_measures"),
    path("patients/<int:patient_id>/people/new/", person_add, name="person_add"),
    path("patients/<int:patient_id>/access/", access, name="patient_access"),
    path("patients/people/<int:person_id>/", person_edit, name="person_edit"),
    path("patients/people/<int:person_id>/end/", person_end, name="person_end"),
]
