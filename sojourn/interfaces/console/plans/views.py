"""The plan of a patient: drafted on one page, checked by a second, signed, compared and printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.intake import doubts
from sojourn.care.intake import queries as intake
from sojourn.care.intake.queries import newest_weight
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions, dose, gates, queries
from sojourn.care.plan.models import PlanVersion
from sojourn.care.plan.parts import KINDS, MOST_GOALS, MOST_PARTS, PERIODS, Goal, Part, goals, parts
from sojourn.clinical import dosing
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.clock import page_today
from sojourn.foundation.printing import setting
from sojourn.foundation.ui.numbers import AmountField, CountField
from sojourn.interfaces.console.nav import address
from sojourn.interfaces.console.patients.views import closed, day_words
from sojourn.interfaces.console.patients.weights import weight_words
from sojourn.interfaces.console.plans import limits as plan_limits
from sojourn.interfaces.console.plans import medicines as plan_medicines
from sojourn.interfaces.console.plans import presenters as plan_presenters
from sojourn.interfaces.console.plans.paper import document
from sojourn.interfaces.console.rules.views import SHORT_MARKS
from sojourn.interfaces.console.typed import whole

_BLANK_ROWS = 2


def _decimal(label: Any, unit: str, digits: int, places: int, *, required: bool = False) -> AmountField:
    return AmountField(label=label, unit=unit, required=required, max_digits=digits, decimal_places=places)


def _count(label: Any) -> CountField:
    return CountField(label=label, required=False, max_value=200)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class DraftForm(forms.Form):
    """A form whose fields may all be left open now, while those of ``wanted`` are not called optional: the signature
    will ask for them."""

    use_required_attribute = False
    wanted: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._call_wanted(True)

    def full_clean(self) -> None:
        self._call_wanted(False)
        super().full_clean()
        self._call_wanted(True)

    def _call_wanted(self, now: bool) -> None:
        for name in self.wanted:
            self.fields[name].required = now


class PlanForm(DraftForm):
    """One version of a plan. A draft may leave anything open."""

    wanted = (
        *("indication", "protocol_id", "weight_kg", "weight_on", "per_kg", "fixed_mg", "round_mg", "round_direction"),
        *("stock_mg_per_ml", "total_ml", "over_min", "sessions", "min_days", "max_days", "starts_on", "change_reason"),
        *("review_after", "review_on"),
    )

    indication = forms.CharField(label=gettext_lazy("Indication"), max_length=120, required=False)
    protocol_id = forms.ChoiceField(label=gettext_lazy("Route and protocol"), required=False)
    weight_kg = _decimal(gettext_lazy("Weight"), "kg", 6, 2)
    weight_on = _day(gettext_lazy("Weighed on"))
    per_kg = _decimal(gettext_lazy("Dose by weight"), "mg/kg", 7, 4)
    fixed_mg = _decimal(gettext_lazy("Dose, the same for everybody"), "mg", 7, 2)
    round_mg = _decimal(gettext_lazy("Rounded to multiples of"), "mg", 5, 2)
    round_direction = forms.ChoiceField(
        label=gettext_lazy("Rounding"), choices=tuple(plan_presenters.DIRECTIONS.items()), required=False
    )
    stock_mg_per_ml = _decimal(gettext_lazy("In the vial, as base"), "mg/mL", 7, 3)
    total_ml = _decimal(gettext_lazy("Made up to"), "mL", 7, 2)
    over_min = _decimal(gettext_lazy("Over"), "min", 5, 1)
    sessions = _count(gettext_lazy("Sessions"))
    min_days = _count(gettext_lazy("Days between, at least"))
    max_days = _count(gettext_lazy("Days between, at most"))
    starts_on = _day(gettext_lazy("Begins on"))
    intention = forms.CharField(
        label=gettext_lazy("Intention"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("What the patient hopes for, in the patient's words"),
    )  # fmt: skip
    review_after = _count(gettext_lazy("Look at the plan again after so many sessions"))
    review_on = _day(gettext_lazy("Or on"))
    change_reason = forms.CharField(
        label=gettext_lazy("Why the plan changes"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, clinic_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["protocol_id"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose one")),
            *((each.id, f"{_(each.rule.title)} ({queries.minutes_of(each)} min)")
              for each in queries.protocols_of(clinic_id)),
        ]  # fmt: skip


class PartForm(DraftForm):
    """One part of the plan beside the medicine; left empty it is none."""

    wanted = ("kind", "who", "times", "period")

    kind = forms.ChoiceField(
        label=gettext_lazy("What"), required=False, choices=(("", gettext_lazy("Nothing")), *KINDS.items())
    )
    who = forms.CharField(label=gettext_lazy("Who does it"), max_length=80, required=False)
    times = _count(gettext_lazy("How often"))
    period = forms.ChoiceField(label=gettext_lazy("In which time"), required=False, choices=tuple(PERIODS.items()))
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    def part(self) -> Part | None:
        told = self.cleaned_data
        if not any(told.get(name) for name in ("kind", "who", "times", "note")):
            return None
        return Part(told["kind"], told["who"].strip(), told["times"] or 0, told["period"], told["note"].strip())


class GoalForm(DraftForm):
    """One goal; left empty it is none."""

    wanted = ("text",)

    text = forms.CharField(label=gettext_lazy("Goal"), max_length=300, required=False)
    line = forms.CharField(required=False, widget=forms.HiddenInput)


class Sheet:
    """The editor's forms together: the plan, its parts and its goals."""

    def __init__(self, version: PlanVersion, clinic_id: int, typed: Any = None) -> None:
        names = list(PlanForm.base_fields)
        initial = {name: getattr(version, name) for name in names}
        for name, value in initial.items():
            if isinstance(value, Decimal):
                initial[name] = dosing.trimmed(value)
        stored_parts = [each.plain for each in parts(version.parts)]
        stored_goals = [each.plain for each in goals(version.goals)]
        self.plan = PlanForm(typed, initial=initial, clinic_id=clinic_id, auto_id="%s")
        self.parts = [
            PartForm(
                typed, prefix=f"part-{k}", initial=stored_parts[k] if k < len(stored_parts) else {"period": "week"}
            )
            for k in range(_rows(typed, "part", len(stored_parts), MOST_PARTS))
        ]
        self.goals = [
            GoalForm(typed, prefix=f"goal-{k}", initial=stored_goals[k] if k < len(stored_goals) else {})
            for k in range(_rows(typed, "goal", len(stored_goals), MOST_GOALS))
        ]

    @property
    def valid(self) -> bool:
        wrong = [each for each in (self.plan, *self.parts, *self.goals) if not each.is_valid()]
        return not wrong

    @property
    def values(self) -> dict[str, Any]:
        told = dict(self.plan.cleaned_data)
        told["round_direction"] = told["round_direction"] or "nearest"
        told["parts"] = tuple(part for each in self.parts if (part := each.part()) is not None)
        told["goals"] = tuple(
            Goal(" ".join(each.cleaned_data["text"].split()), each.cleaned_data["line"])
            for each in self.goals
            if each.cleaned_data["text"].strip()
        )
        return told

    @property
    def errors(self) -> list[dict[str, str]]:
        found = []
        for form in (self.plan, *self.parts, *self.goals):
            for name, texts in form.errors.items():
                field = form[name] if name in form.fields else None
                label = f"{field.label}: " if field is not None else ""
                href = f"#{field.id_for_label}" if field is not None else ""
                found += [{"href": href, "text": f"{label}{text}"} for text in texts]
        return found


def _rows(typed: Mapping[str, Any] | None, prefix: str, stored: int, most: int) -> int:
    numbers = [name.split("-")[1] for name in typed or () if name.startswith(f"{prefix}-")]
    told = max((number + 1 for each in numbers if (number := whole(each)) is not None), default=0)
    return min(most, max(told, stored + _BLANK_ROWS))


# ---------------------------------------------------------------- finding


def _version(request: Request, plan_id: int) -> PlanVersion | HttpResponse:
    """The version; 404 for another clinic's; the locked door where the record is restricted."""
    try:
        found = queries.version(plan_id)
    except PlanVersion.DoesNotExist:
        raise Http404 from None
    return closed(request, found.patient) or found


def _errors(refused: Refused) -> list[dict[str, str]]:
    return [{"href": "", "text": str(each)} for each in refused.reasons]


def _frame(version: PlanVersion) -> dict[str, Any]:
    return {"version": version, "patient": version.patient, "name": version.patient.name}


# ---------------------------------------------------------------- the patient's plans


@allowed("plan.read")
@require_GET
def plan(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Every version of a patient's plans, and where a new one begins."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    patients.open_record(by=asked.asker, patient=patient, part="clinical")
    rows = queries.versions_of_patient(patient_id)
    drafted = {each.care_plan_id for each in rows if each.open}
    holding: dict[int, int] = {}
    may_check = asked.asker.may("plan.check")
    for each in rows:
        if each.signed_at is not None and each.care_plan_id is not None:
            holding.setdefault(each.care_plan_id, each.pk)
    context = {
        "patient": patient,
        "name": patient.name,
        "versions": [
            {
                "row": each,
                "shown": plan_presenters.show(each),
                "holds": holding.get(each.care_plan_id or 0) == each.pk,
                "blind": each.open and may_check and not plan_presenters.own_dose(each, asked.asker),
            }
            for each in rows
        ],
        "courses": [
            {
                "course": each,
                "since": day_words(each.started_on),
                "drafted": each.pk in drafted,
                "unplanned": each.pk not in holding,
            }
            for each in queries.running(patient_id)
        ],
        "first_drafted": None in drafted,
        "may_draft": asked.asker.may("plan.draft"),
    }
    return render(request, "console/plans/plan.html", context)


@allowed("plan.draft")
@require_POST
def draft(request: HttpRequest, patient_id: int) -> HttpResponse:
    """Begin a version, or go on with the open one."""
    asked = cast(Request, request)
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(asked, patient):
        return gate
    course_id = whole(request.POST.get("course"))
    if course_id is not None and not any(each.pk == course_id for each in queries.of_patient(patient_id)):
        raise Http404
    try:
        version = actions.draft(by=asked.asker, patient_id=patient_id, course_id=course_id)
    except Refused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
        return redirect("console:plan", patient_id)
    return redirect("console:plan_edit", version.pk)


# ---------------------------------------------------------------- the editor


@allowed("plan.draft")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """The draft on one page. Every change is saved and worked out at the server; for htmx the working alone."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if not version.open:
        return redirect("console:plan_version", plan_id)
    if request.method == "GET":
        return _editor(asked, version, Sheet(version, asked.asker.here))
    return _save(asked, version, Sheet(version, asked.asker.here, request.POST))


def _save(request: Request, version: PlanVersion, sheet: Sheet) -> HttpResponse:
    live, use = bool(request.htmx), request.POST.get("use", "")
    if not sheet.valid:
        return _editor(request, version, sheet, errors=sheet.errors, status=422, live=live)
    values = sheet.values
    if use:
        values |= _weighed(version) if use == "weight" else _studied(use, values, request.asker.here)
    seen = whole(request.POST.get("revision")) or 0
    try:
        sure = bool(request.POST.get("sure"))
        actions.save_draft(by=request.asker, version_id=version.pk, seen=seen, values=values, sure=sure)
    except Refused as refused:
        overtaken, status = isinstance(refused, Overtaken), 422 if live else 409
        return _editor(
            request, version, sheet, errors=_errors(refused), status=status, live=live, overtaken=overtaken,
            asks_sure=bool(refused.codes) and doubts.doubted(refused.codes),
        )  # fmt: skip
    if live:
        return _editor(request, queries.version(version.pk), sheet, live=True)
    if use:
        return redirect(reverse("console:plan_edit", args=[version.pk]) + f"#{use}")
    messages.success(request, _("The draft is saved."))
    return redirect("console:plan_version" if "done" in request.POST else "console:plan_edit", version.pk)


def _weighed(version: PlanVersion) -> dict[str, Any]:
    """The one newest weight of the patient, where there is one."""
    newest = newest_weight(version.patient_id)
    return {} if newest is None else {"weight_kg": newest.kg, "weight_on": newest.on}


def _studied(use: str, values: Mapping[str, Any], clinic_id: int) -> dict[str, Any]:
    """What the rulebook proposes for the chosen protocol: the series, or the dose and minutes most studied."""
    route, drug = dose.protocol_way(values["protocol_id"])
    known = dose.doses_of(clinic_id).known
    if use == "series":
        series = known.series_of(route, drug)
        return {} if series is None else {
            "sessions": series.sessions, "min_days": series.min_days, "max_days": series.max_days
        }  # fmt: skip
    studied = next((each for each in known.ranges_of(route, drug) if each.usual is not None), None)
    if studied is None or studied.usual is None:
        return {}
    usual = dosing.Milligrams(studied.usual).rounded(4)
    minutes = None if studied.usual_minutes is None else studied.usual_minutes.rounded(1)
    by_weight = studied.basis == "mg/kg"
    return {"per_kg": usual if by_weight else None, "fixed_mg": None if by_weight else usual, "over_min": minutes}


def _editor(
    request: Request, version: PlanVersion, sheet: Sheet, *, errors: list[dict[str, str]] | None = None,
    status: int = 200, live: bool = False, overtaken: bool = False, asks_sure: bool = False,
) -> HttpResponse:  # fmt: skip
    doses = dose.doses_of(request.asker.here)
    today = page_today()
    newest, height = intake.newest_weight(version.patient_id), _height(version.patient, today)
    found = dose.work(version, doses.rules, today, height=height)
    series = doses.known.series_of(version.route, version.drug)
    ranges = doses.known.ranges_of(version.route, version.drug)
    answer = plan_presenters.expected(version, version.patient, today) if request.asker.may("pk.explore") else None
    context = _frame(version) | {
        "sheet": sheet,
        "errors": errors or [],
        "overtaken": overtaken,
        "asks_sure": asks_sure,
        "newest_weight": weight_words(newest),
        "newer_weight": newest is not None and (newest.kg, newest.on) != (version.weight_kg, version.weight_on),
        "live": live,
        "shown": plan_presenters.show(version),
        "bar": plan_presenters.bar(version, doses, found),
        "reasons": plan_presenters.reasons(found),
        "notices": plan_limits.notices(found),
        "limits": plan_limits.limits(found, doses.rules, dose.first_of(version, doses.rules, today)),
        "found": dose.calculated(found),
        "weight_days": None if version.weight_on is None else (today - version.weight_on).days,
        "by_weight": not ranges or ranges[0].basis == "mg/kg",
        "has_way": bool(version.route),
        "usual": any(each.usual is not None for each in ranges),
        "series": "" if series is None else _(series.rule.statement),
        "series_mark": None if series is None else SHORT_MARKS[series.rule.verification],
        "waiting": [
            _(each.title)
            for each in doses.waiting
            if each.kind == dosing.WEIGHT_AGE
            or (each.fixed.get("route") == version.route and each.kind != dosing.CEILING)
        ],
        "missing": [
            _(each.title)
            for each in doses.waiting
            if each.kind == dosing.CEILING
            and (each.fixed["route"], each.fixed["drug"]) == (version.route, version.drug)
        ],
        "stamps": plan_presenters.stamps(version),
        "expected": answer.answered[0].sentences[0] if answer and answer.answered[0].sentences else "",
        "explorer": plan_presenters.explorer_url(version) if request.asker.may("pk.explore") else "",
        "first": version.care_plan_id is None or queries.before(version) is None,
    }  # fmt: skip
    template = "console/plans/_worked.html" if live else "console/plans/edit.html"
    return render(request, template, context, status=status)


@allowed("plan.draft")
@require_POST
def discard(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Throw a draft away."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    try:
        actions.discard(by=asked.asker, version_id=plan_id)
        messages.success(request, _("The draft is thrown away."))
    except Refused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
    return redirect("console:plan", version.patient_id)


# ---------------------------------------------------------------- the second pair of eyes


class CheckForm(forms.Form):
    """The checker's own figures."""

    weight_kg = _decimal(gettext_lazy("Weight, as you read it"), "kg", 6, 2, required=True)
    amount = _decimal(gettext_lazy("Dose, as you would order it"), "", 8, 4, required=True)

    def __init__(self, *args: Any, by_weight: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["weight_kg"].help_text = _("Off the scale, not off the plan.")
        if not by_weight:
            del self.fields["weight_kg"]


@allowed("plan.check")
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Work the dose out again, without seeing what the draft says."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if not version.open:
        return redirect("console:plan_version", plan_id)
    by_weight = version.per_kg is not None
    form, status, errors = CheckForm(request.POST or None, by_weight=by_weight), 200, []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.double_check(
                    by=asked.asker, version_id=plan_id, weight_kg=form.cleaned_data.get("weight_kg"),
                    amount=form.cleaned_data["amount"],
                )  # fmt: skip
                messages.success(request, _("Checked: your figures and the plan's agree."))
                return redirect("console:plan_version", plan_id)
            except Refused as refused:
                status, errors = 409, _errors(refused)
    protocol = queries.protocol(version.protocol_id)
    context = _frame(version) | {
        "form": form,
        "errors": errors,
        "by_weight": by_weight,
        "ready": version.dose_mg is not None,
        "own": plan_presenters.own_dose(version, asked.asker),
        "protocol": _(protocol.rule.title) if protocol else "",
        "weighed": day_words(version.weight_on) if version.weight_on else "",
    }
    return render(request, "console/plans/check.html", context, status=status)


# ---------------------------------------------------------------- the signature


@allowed("plan.sign")
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Read the whole version and sign it."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if version.signed_by_id == asked.asker.membership_id and request.method == "POST":
        return redirect("console:plan_version", plan_id)  # a second click on the same signature
    reason, status, errors = request.POST.get("beyond_reason", ""), 200, []
    if request.method == "POST":
        try:
            actions.sign(
                by=asked.asker, version_id=plan_id, seen_hash=request.POST.get("seen", ""), beyond_reason=reason
            )
            messages.success(request, _("Signed. The plan holds from now on."))
            return redirect("console:plan_version", plan_id)
        except Refused as refused:
            status, errors = 409, _errors(refused)
            version = queries.version(plan_id)
    if version.signed_at is not None and request.method == "GET":
        return redirect("console:plan_version", plan_id)
    context = _whole(asked, version) | {"errors": errors, "reason": reason, "seen": dose.content_hash(version)}
    return render(request, "console/plans/sign.html", context, status=status)


def _height(patient: Patient, today: date) -> dosing.Centimetres | None:
    """The newest height of a patient. Three queries."""
    return dose.height_of(intake.facts(patient, today))


def _whole(request: Request, version: PlanVersion) -> dict[str, Any]:
    """A version with everything that a signature looks at."""
    today = page_today()
    doses = dose.doses_of(request.asker.here)
    height = _height(version.patient, today) if version.per_kg is not None else None
    found = dose.work(version, doses.rules, today, height=height)
    open_to_sign = found if version.open else None
    last = queries.before(version)
    return _frame(version) | {
        "shown": plan_presenters.show(version),
        "bar": plan_presenters.bar(version, doses, found),
        "reasons": plan_presenters.reasons(open_to_sign),
        "overridable": isinstance(open_to_sign, dosing.DoseRefused) and open_to_sign.overridable,
        "notices": plan_limits.notices(found),
        "limits": plan_limits.limits(found, doses.rules, dose.first_of(version, doses.rules, today)),
        "check": queries.standing_check(version),
        "waits_for": ("decision", "agreements", "medicines") if version.open and version.route else (),
        "last": last,
        "differences": plan_presenters.differences(last, version),
        "answer": plan_presenters.expected(version, version.patient, today)
        if request.asker.may("pk.explore")
        else None,
        "explorer": plan_presenters.explorer_url(version) if request.asker.may("pk.explore") else "",
        "stamps": plan_presenters.stamps(version),
        "patient_url": address("console:patient", version.patient_id),
    }


@allowed("plan.read")
@require_GET
def one(request: HttpRequest, plan_id: int) -> HttpResponse:
    """One version whole, with what changed in it."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    patients.open_record(by=asked.asker, patient=version.patient, part="clinical")
    holds = False
    if version.care_plan_id is not None and version.signed_at is not None:
        newest = queries.in_force(version.care_plan_id)
        holds = newest is not None and newest.pk == version.pk
    context = _whole(asked, version) | {
        "holds": holds,
        "unchanged": version.signed_at is None or queries.unchanged(version),
        "may_draft": asked.asker.may("plan.draft"),
        "may_check": asked.asker.may("plan.check") and not plan_presenters.own_dose(version, asked.asker),
        "may_sign": asked.asker.may("plan.sign"),
        "may_book": asked.asker.may("appointment.book"),
    }
    return render(request, "console/plans/version.html", context)


@allowed("plan.read")
@require_GET
def needs(request: HttpRequest, plan_id: int) -> HttpResponse:
    """What still stands against a signature from outside the plan: the decision about treatment, or with
    ``?of=agreements`` the patient's agreements, or with ``?of=medicines`` what the medicines say beside this drug. A
    piece of the version's page, read when that page is there."""
    asked = cast(Request, request)
    version = get_object_or_404(PlanVersion.objects.select_related("patient"), pk=plan_id)
    if gate := closed(asked, version.patient):
        return gate
    if request.GET.get("of") == "medicines":
        found = plan_medicines.beside_plan(version) if version.open and version.route else None
        return render(request, "console/medicines/_beside.html", {"beside": found})
    about = gates.agreed if request.GET.get("of") == "agreements" else gates.decided
    way = about(version.patient_id, version.route, version.drug) if version.open and version.route else None
    return render(request, "console/plans/_needs.html", {"gates": way, "of": about is gates.agreed})


@allowed("plan.read")
@require_GET
def paper(request: HttpRequest, plan_id: int) -> HttpResponse:
    """A signed version as a PDF, in the reader's language."""
    asked = cast(Request, request)
    version = _version(asked, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if version.signed_at is None:
        return redirect("console:plan_version", plan_id)
    patients.open_record(by=asked.asker, patient=version.patient, part="clinical")
    data = setting.pdf(document(asked.clinic, version, plan_presenters.show(version)))
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="plan-{version.patient_id}-{version.number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


_ONE = "patients/plans/<int:plan_id>/"

urlpatterns = [
    path("patients/<int:patient_id>/plan/", plan, name="plan"),
    path("patients/<int:patient_id>/plan/draft/", draft, name="plan_draft"),
    path(_ONE, one, name="plan_version"),
    path(f"{_ONE}edit/", edit, name="plan_edit"),
    path(f"{_ONE}needs/", needs, name="plan_needs"),
    path(f"{_ONE}discard/", discard, name="plan_discard"),
    path(f"{_ONE}check/", check, name="plan_check"),
    path(f"{_ONE}sign/", sign, name="plan_sign"),
    path("patients/plans/<int:plan_id>.pdf", paper, name="plan_pdf"),
]
