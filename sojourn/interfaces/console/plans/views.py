"""The plan of a patient: drafted on one page, checked by a second, signed, compared and printed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.intake import doubts
from sojourn.care.intake import queries as intake
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.plan import actions, dose, gates, queries
from sojourn.care.plan.models import PlanVersion
from sojourn.clinical import dosing
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.printing import setting
from sojourn.interfaces.console.patients.weights import weight_words
from sojourn.interfaces.console.plans import limits as plan_limits
from sojourn.interfaces.console.plans import medicines as plan_medicines
from sojourn.interfaces.console.plans import presenters as plan_presenters
from sojourn.interfaces.console.plans.forms import CheckForm, Sheet
from sojourn.interfaces.console.plans.paper import document
from sojourn.interfaces.console.plans.proposals import studied, weighed
from sojourn.interfaces.console.plans.worked import frame, newest_height, whole_version
from sojourn.interfaces.console.rules.views import SHORT_MARKS
from sojourn.interfaces.shared.days import day_words
from sojourn.interfaces.shared.pages import closed
from sojourn.interfaces.shared.typed import whole

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


# ---------------------------------------------------------------- the patient's plans


@allowed("plan.read")
@require_GET
def plan(request: Request, patient_id: int) -> HttpResponse:
    """Every version of a patient's plans, and where a new one begins."""
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    patients.open_record(by=request.asker, patient=patient, part="clinical")
    rows = queries.versions_of_patient(patient_id)
    drafted = {each.care_plan_id for each in rows if each.open}
    holding: dict[int, int] = {}
    may_check = request.asker.may("plan.check")
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
                "blind": each.open and may_check and not plan_presenters.own_dose(each, request.asker),
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
        "may_draft": request.asker.may("plan.draft"),
    }
    return render(request, "console/plans/plan.html", context)


@allowed("plan.draft")
@require_POST
def draft(request: Request, patient_id: int) -> HttpResponse:
    """Begin a version, or go on with the open one."""
    patient = get_object_or_404(Patient, pk=patient_id)
    if gate := closed(request, patient):
        return gate
    course_id = whole(request.POST.get("course"))
    if course_id is not None and not any(each.pk == course_id for each in queries.of_patient(patient_id)):
        raise Http404
    try:
        version = actions.draft(by=request.asker, patient_id=patient_id, course_id=course_id)
    except Refused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
        return redirect("console:plan", patient_id)
    return redirect("console:plan_edit", version.pk)


# ---------------------------------------------------------------- the editor


@allowed("plan.draft")
@require_http_methods(["GET", "POST"])
def edit(request: Request, plan_id: int) -> HttpResponse:
    """The draft on one page. Every change is saved and worked out at the server; for htmx the working alone."""
    version = _version(request, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if not version.open:
        return redirect("console:plan_version", plan_id)
    if request.method == "GET":
        return _editor(request, version, Sheet(version, request.asker.here))
    return _save(request, version, Sheet(version, request.asker.here, request.POST))


def _save(request: Request, version: PlanVersion, sheet: Sheet) -> HttpResponse:
    live, use = bool(request.htmx), request.POST.get("use", "")
    if not sheet.valid:
        return _editor(request, version, sheet, errors=sheet.errors, status=422, live=live)
    values = sheet.values
    if use:
        values |= weighed(version) if use == "weight" else studied(use, values, request.asker.here)
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


def _editor(
    request: Request, version: PlanVersion, sheet: Sheet, *, errors: list[dict[str, str]] | None = None,
    status: int = 200, live: bool = False, overtaken: bool = False, asks_sure: bool = False,
) -> HttpResponse:  # fmt: skip
    doses = dose.doses_of(request.asker.here)
    today = timezone.localdate()
    newest, height = intake.newest_weight(version.patient_id), newest_height(version.patient, today)
    found = dose.work(version, doses.rules, today, height=height)
    series = doses.known.series_of(version.route, version.drug)
    ranges = doses.known.ranges_of(version.route, version.drug)
    answer = plan_presenters.expected(version, version.patient, today) if request.asker.may("pk.explore") else None
    context = frame(version) | {
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
def discard(request: Request, plan_id: int) -> HttpResponse:
    """Throw a draft away."""
    version = _version(request, plan_id)
    if isinstance(version, HttpResponse):
        return version
    try:
        actions.discard(by=request.asker, version_id=plan_id)
        messages.success(request, _("The draft is thrown away."))
    except Refused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
    return redirect("console:plan", version.patient_id)


# ---------------------------------------------------------------- the second pair of eyes


@allowed("plan.check")
@require_http_methods(["GET", "POST"])
def check(request: Request, plan_id: int) -> HttpResponse:
    """Work the dose out again, without seeing what the draft says."""
    version = _version(request, plan_id)
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
                    by=request.asker, version_id=plan_id, weight_kg=form.cleaned_data.get("weight_kg"),
                    amount=form.cleaned_data["amount"],
                )  # fmt: skip
                messages.success(request, _("Checked: your figures and the plan's agree."))
                return redirect("console:plan_version", plan_id)
            except Refused as refused:
                status, errors = 409, _errors(refused)
    protocol = queries.protocol(version.protocol_id)
    context = frame(version) | {
        "form": form,
        "errors": errors,
        "by_weight": by_weight,
        "ready": version.dose_mg is not None,
        "own": plan_presenters.own_dose(version, request.asker),
        "protocol": _(protocol.rule.title) if protocol else "",
        "weighed": day_words(version.weight_on) if version.weight_on else "",
    }
    return render(request, "console/plans/check.html", context, status=status)


# ---------------------------------------------------------------- the signature


@allowed("plan.sign")
@require_http_methods(["GET", "POST"])
def sign(request: Request, plan_id: int) -> HttpResponse:
    """Read the whole version and sign it."""
    version = _version(request, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if version.signed_by_id == request.asker.membership_id and request.method == "POST":
        return redirect("console:plan_version", plan_id)  # a second click on the same signature
    reason, status, errors = request.POST.get("beyond_reason", ""), 200, []
    if request.method == "POST":
        try:
            actions.sign(
                by=request.asker, version_id=plan_id, seen_hash=request.POST.get("seen", ""), beyond_reason=reason
            )
            messages.success(request, _("Signed. The plan holds from now on."))
            return redirect("console:plan_version", plan_id)
        except Refused as refused:
            status, errors = 409, _errors(refused)
            version = queries.version(plan_id)
    if version.signed_at is not None and request.method == "GET":
        return redirect("console:plan_version", plan_id)
    context = whole_version(request, version) | {"errors": errors, "reason": reason, "seen": dose.content_hash(version)}
    return render(request, "console/plans/sign.html", context, status=status)


@allowed("plan.read")
@require_GET
def one(request: Request, plan_id: int) -> HttpResponse:
    """One version whole, with what changed in it."""
    version = _version(request, plan_id)
    if isinstance(version, HttpResponse):
        return version
    patients.open_record(by=request.asker, patient=version.patient, part="clinical")
    holds = False
    if version.care_plan_id is not None and version.signed_at is not None:
        newest = queries.in_force(version.care_plan_id)
        holds = newest is not None and newest.pk == version.pk
    context = whole_version(request, version) | {
        "holds": holds,
        "unchanged": version.signed_at is None or queries.unchanged(version),
        "may_draft": request.asker.may("plan.draft"),
        "may_check": request.asker.may("plan.check") and not plan_presenters.own_dose(version, request.asker),
        "may_sign": request.asker.may("plan.sign"),
        "may_book": request.asker.may("appointment.book"),
    }
    return render(request, "console/plans/version.html", context)


@allowed("plan.read")
@require_GET
def needs(request: Request, plan_id: int) -> HttpResponse:
    """What still stands against a signature from outside the plan: the decision about treatment, or with
    ``?of=agreements`` the patient's agreements, or with ``?of=medicines`` what the medicines say beside this drug. A
    piece of the version's page, read when that page is there."""
    version = get_object_or_404(PlanVersion.objects.select_related("patient"), pk=plan_id)
    if gate := closed(request, version.patient):
        return gate
    if request.GET.get("of") == "medicines":
        found = plan_medicines.beside_plan(version) if version.open and version.route else None
        return render(request, "console/medicines/_beside.html", {"beside": found})
    about = gates.agreed if request.GET.get("of") == "agreements" else gates.decided
    way = about(version.patient_id, version.route, version.drug) if version.open and version.route else None
    return render(request, "console/plans/_needs.html", {"gates": way, "of": about is gates.agreed})


@allowed("plan.read")
@require_GET
def paper(request: Request, plan_id: int) -> HttpResponse:
    """A signed version as a PDF, in the reader's language."""
    version = _version(request, plan_id)
    if isinstance(version, HttpResponse):
        return version
    if version.signed_at is None:
        return redirect("console:plan_version", plan_id)
    patients.open_record(by=request.asker, patient=version.patient, part="clinical")
    data = setting.pdf(document(request.clinic, version, plan_presenters.show(version)))
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="plan-{version.patient_id}-{version.number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
