"""The plan of a patient: drafted on one page, checked by a second, signed, compared and printed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from sojourn.care.intake import doubts
from sojourn.care.patients import actions as patients_actions
from sojourn.care.plan import actions as plan_actions
from sojourn.care.plan import dose, gates
from sojourn.care.plan import queries as plan_queries
from sojourn.care.plan.models import PlanVersion
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused, Overtaken
from sojourn.foundation.printing import setting
from sojourn.foundation.scope import CourseScope, PatientScope, one_row
from sojourn.interfaces.console.plans import medicines as plan_medicines
from sojourn.interfaces.console.plans import presenters as plan_presenters
from sojourn.interfaces.console.plans.forms import CheckForm, CourseForm, Sheet, SignForm
from sojourn.interfaces.console.plans.paper import document
from sojourn.interfaces.console.plans.proposals import proposed
from sojourn.interfaces.console.plans.worked import editor_context, frame, whole_version
from sojourn.interfaces.shared.days import day_words
from sojourn.interfaces.shared.pages import (
    FORM,
    POST,
    PatientPage,
    error_list,
    form_action,
    patient_page,
    patient_row_page,
    require_valid,
    sent,
)
from sojourn.interfaces.shared.paper import pdf_answer
from sojourn.interfaces.shared.typed import whole

# ---------------------------------------------------------------- the patient's plans


@patient_page("plan.read")
def plan(request: Request, scope: PatientPage) -> HttpResponse:
    """Every version of a patient's plans, and where a new one begins."""
    patient = scope.patient
    patients_actions.open_record(by=scope.actor, patient=patient, part="clinical")
    rows = plan_queries.versions_of_patient(PatientScope(patient.pk))
    context = {
        "patient": patient,
        "name": patient.name,
        "versions": plan_presenters.version_rows(rows, scope.actor),
        "courses": plan_presenters.course_rows(plan_queries.running(PatientScope(patient.pk)), rows),
        "first_drafted": any(each.open and each.care_plan_id is None for each in rows),
        "may_draft": scope.actor.may("plan.draft"),
    }
    return render(request, "console/plans/plan.html", context)


@patient_page("plan.draft", methods=POST)
def draft(request: Request, scope: PatientPage) -> HttpResponse:
    """Begin a version, or go on with the open one."""
    form, patient_id = CourseForm(request.POST), scope.patient.pk
    course_id = whole(form.cleaned_data["course"]) if form.is_valid() else None
    if course_id is not None and not any(
        each.pk == course_id for each in plan_queries.of_patient(PatientScope(patient_id))
    ):
        raise Http404
    try:
        version = plan_actions.draft(by=scope.actor, patient_id=patient_id, course_id=course_id)
    except ActionRefused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
        return redirect("console:plan", patient_id)
    return redirect("console:plan_edit", version.pk)


# ---------------------------------------------------------------- the editor


def _version(plan_id: int) -> PlanVersion:
    return plan_queries.version(plan_id)


@patient_row_page(_version, "plan.draft", methods=FORM)
def edit(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """The draft on one page. Every change is saved and worked out at the server; for htmx the working alone."""
    if not version.open:
        return redirect("console:plan_version", version.pk)
    sheet = Sheet(version, scope.clinic.pk, sent(request))
    return _save(request, version, sheet) if request.method == "POST" else _editor(request, version, sheet)


def _save(request: Request, version: PlanVersion, sheet: Sheet) -> HttpResponse:
    live = bool(request.htmx)
    if not sheet.valid:
        return _editor(request, version, sheet, errors=sheet.errors, status=422)
    values = sheet.values | proposed(sheet.use, version, sheet.values, request.actor.own_clinic_id)
    try:
        plan_actions.save_draft(
            by=request.actor, version_id=version.pk, seen=sheet.seen, values=values, sure=sheet.sure
        )
    except ActionRefused as refused:
        return _editor(
            request, version, sheet, errors=error_list(refused), status=422 if live else 409,
            overtaken=isinstance(refused, Overtaken),
            asks_sure=bool(refused.codes) and doubts.doubted(refused.codes),
        )  # fmt: skip
    if live:
        return _editor(request, plan_queries.version(version.pk), sheet)
    if sheet.use:
        return redirect(reverse("console:plan_edit", args=[version.pk]) + f"#{sheet.use}")
    messages.success(request, _("The draft is saved."))
    return redirect("console:plan_version" if sheet.done else "console:plan_edit", version.pk)


def _editor(request: Request, version: PlanVersion, sheet: Sheet, *, status: int = 200, **told: object) -> HttpResponse:
    """The editor; for htmx, after a change, what was worked out alone. ``told``: what is said of a save that failed."""
    live = bool(request.htmx) and request.method == "POST"
    said = {"errors": [], "overtaken": False, "asks_sure": False, **told}
    context = editor_context(version, request.actor) | {"sheet": sheet, "live": live, **said}
    template = "console/plans/_worked.html" if live else "console/plans/edit.html"
    return render(request, template, context, status=status)


@patient_row_page(_version, "plan.draft", methods=POST)
def discard(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """Throw a draft away."""
    try:
        plan_actions.discard(by=scope.actor, version_id=version.pk)
        messages.success(request, _("The draft is thrown away."))
    except ActionRefused as refused:
        messages.error(request, " ".join(str(each) for each in refused.reasons))
    return redirect("console:plan", version.patient_id)


# ---------------------------------------------------------------- the second pair of eyes


@patient_row_page(_version, "plan.check", methods=FORM)
def check(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """Work the dose out again, without seeing what the draft says."""
    if not version.open:
        return redirect("console:plan_version", version.pk)
    by_weight = version.per_kg is not None

    def act(form: CheckForm) -> HttpResponse:
        told = form.cleaned_data
        try:
            plan_actions.double_check(
                by=scope.actor, version_id=version.pk, weight_kg=told.get("weight_kg"), amount=told["amount"]
            )
        except ActionRefused as refused:
            return show(form, 409, refused)
        messages.success(request, _("Checked: your figures and the plan's agree."))
        return redirect("console:plan_version", version.pk)

    def show(form: CheckForm, status: int, refused: ActionRefused | None = None) -> HttpResponse:
        protocol = plan_queries.protocol(version.protocol_id)
        context = frame(version) | {
            "form": form,
            "errors": error_list(refused),
            "by_weight": by_weight,
            "ready": version.dose_mg is not None,
            "own": plan_presenters.own_dose(version, scope.actor),
            "protocol": _(protocol.rule.title) if protocol else "",
            "weighed": day_words(version.weight_on) if version.weight_on else "",
        }
        return render(request, "console/plans/check.html", context, status=status)

    return form_action(CheckForm(sent(request), by_weight=by_weight), act, show)


# ---------------------------------------------------------------- the signature


@patient_row_page(_version, "plan.sign", methods=FORM)
def sign(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """Read the whole version and sign it."""
    form = SignForm(sent(request))
    twice = version.signed_by_id == scope.actor.membership_id  # a second click on the same signature
    if version.signed_at is not None and (twice or not form.is_bound):
        return redirect("console:plan_version", version.pk)
    if not form.is_bound:
        return _to_sign(request, version)
    try:
        told = require_valid(form).cleaned_data
        plan_actions.sign(
            by=scope.actor, version_id=version.pk, seen_hash=told["seen"], beyond_reason=told["beyond_reason"]
        )
    except ActionRefused as refused:
        reason = form["beyond_reason"].value() or ""
        return _to_sign(request, plan_queries.version(version.pk), refused=refused, reason=reason)
    messages.success(request, _("Signed. The plan is in force from now on."))
    return redirect("console:plan_version", version.pk)


def _to_sign(
    request: Request, version: PlanVersion, *, refused: ActionRefused | None = None, reason: str = ""
) -> HttpResponse:
    told = {"errors": error_list(refused), "reason": reason, "seen": dose.content_hash(version)}
    context = whole_version(version, request.actor) | told
    return render(request, "console/plans/sign.html", context, status=409 if refused else 200)


@patient_row_page(_version, "plan.read")
def one(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """One version whole, with what changed in it."""
    actor = scope.actor
    patients_actions.open_record(by=actor, patient=version.patient, part="clinical")
    context = whole_version(version, actor) | {
        "holds": _holds(version),
        "unchanged": version.signed_at is None or plan_queries.unchanged(version),
        "may_draft": actor.may("plan.draft"),
        "may_check": actor.may("plan.check") and not plan_presenters.own_dose(version, actor),
        "may_sign": actor.may("plan.sign"),
        "may_book": actor.may("appointment.book"),
    }
    return render(request, "console/plans/version.html", context)


def _holds(version: PlanVersion) -> bool:
    """Whether this is the version that is in force. One query."""
    if version.care_plan_id is None or version.signed_at is None:
        return False
    newest = plan_queries.in_force(CourseScope(version.care_plan_id))
    return newest is not None and newest.pk == version.pk


def _bare_version(plan_id: int) -> PlanVersion:
    return one_row(PlanVersion, plan_id).select_related("patient").get()


@patient_row_page(_bare_version, "plan.read")
def needs(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """What still stands against a signature from outside the plan: the decision about treatment, or with
    ``?of=agreements`` the patient's agreements, or with ``?of=medicines`` what the medicines say beside this drug. A
    piece of the version's page, read when that page is there."""
    if request.GET.get("of") == "medicines":
        found = plan_medicines.beside_plan(version) if version.open and version.route else None
        return render(request, "console/medicines/_beside.html", {"beside": found})
    about = gates.agreed if request.GET.get("of") == "agreements" else gates.decided
    way = (
        about(PatientScope(version.patient_id), version.route, version.drug) if version.open and version.route else None
    )
    return render(request, "console/plans/_needs.html", {"gates": way, "of": about is gates.agreed})


@patient_row_page(_version, "plan.read")
def paper(request: Request, scope: PatientPage, version: PlanVersion) -> HttpResponse:
    """A signed version as a PDF, in the reader's language."""
    if version.signed_at is None:
        return redirect("console:plan_version", version.pk)
    patients_actions.open_record(by=scope.actor, patient=version.patient, part="clinical")
    data = setting.pdf(document(scope.clinic, version, plan_presenters.show(version)))
    return pdf_answer(data, f"plan-{version.patient_id}-{version.number}.pdf")
