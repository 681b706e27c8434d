"""Whether the treatment fits a patient: what the rules find, what is missing, the decision, overrides, what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.candidacy import actions, judging, queries
from sojourn.care.candidacy.actions import Answer
from sojourn.care.candidacy.models import CandidacyDecision, Override
from sojourn.care.candidacy.queries import File
from sojourn.care.intake import actions as intake
from sojourn.care.intake import doubts, medicine_history
from sojourn.care.intake import queries as story
from sojourn.care.intake.models import ClinicalFact
from sojourn.care.measures import queries as measures
from sojourn.care.patients import actions as patients
from sojourn.care.patients.models import Patient
from sojourn.care.safety import fact_actions
from sojourn.clinical.eligibility import VOCABULARY
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.interfaces.console.candidacy import signature as candidacy_signature
from sojourn.interfaces.console.candidacy.clearances import ClearanceForm
from sojourn.interfaces.console.candidacy.findings import finding_groups, finding_row, medicine_beside
from sojourn.interfaces.console.candidacy.forms import (
    Typed,
    answer_of,
    day_of,
    fact_value,
    report_text,
    typed_decision,
    way_of,
)
from sojourn.interfaces.console.candidacy.missing import PANELS, fact_panels, patient_asks, too_old
from sojourn.interfaces.console.candidacy.presenters import (
    MOST_MOMENTS,
    arrived,
    error_links,
    kind_choices,
    past_decision,
    waiting_lines,
)
from sojourn.interfaces.console.candidacy.timeline import day_line, early_warning, scale_title, score_lines
from sojourn.interfaces.console.candidacy.words import DECISIONS, value_words, way_words
from sojourn.interfaces.console.medicines import changed as medicines_changed
from sojourn.interfaces.shared.pages import closed

HOW_MANY = 50


# ---------------------------------------------------------------- the page


def _page(
    request: Request,
    file: File,
    *,
    refused: Refused | None = None,
    place: str = "",
    typed: Typed | None = None,
    panel: str = "",
    values: Mapping[str, str] | None = None,
    reason: tuple[str, str] = ("", ""),
    report: tuple[str, str] = ("", ""),
) -> HttpResponse:
    """The whole page. Four queries more."""
    patient, newest, asker, today = file.patient, file.newest, request.asker, timezone.localdate()
    drug, route = way_of(request.POST or request.GET, newest)
    facts = story.facts_of(patient, today, story.answers(patient.pk), file.entered, story.allergies(patient.pk))
    medicines = medicine_history.history(patient.pk)
    taken = medicines.taken()
    trends = measures.trends(patient.pk, rules={})
    rules = queries.rules(patient.clinic_id)
    assessed = queries.assess(patient, facts, taken, rules, drug=drug, route=route, on=today)
    decided = assessed
    if newest is not None and (newest.drug, newest.route) != (drug, route):
        decided = queries.assess(patient, facts, taken, rules, drug=newest.drug, route=newest.route, on=today)
    standing = queries.judge(newest, decided, today)
    signed = {each.finding: each for each in reversed(file.overrides) if each.row.drug == drug}
    signed |= {each.finding: each for each in file.overrides if each.row.drug == drug and each.in_effect}
    left = judging.blocks_left(assessed.findings, queries.in_effect(file.overrides, drug))
    scored = [each.points[-1] for each in trends if each.points]
    points = [point for each in trends for point in each.points]
    titles = {each: scale_title(each) for each in {point.scale_id for point in points}}
    panels = fact_panels(assessed, values or {}, panel)
    days = [day_line(each, titles) for each in queries.moments(file, taken, points)]
    context = {
        "patient": patient,
        "errors": error_links(refused, place),
        "ways": [(f"{one}-{other}", way_words(one, other)) for one, other in judging.WAYS],
        "way": f"{drug}-{route}",
        "way_words": way_words(drug, route),
        "newest": newest,
        "word": DECISIONS[newest.kind] if newest else None,
        "newest_way": way_words(newest.drug, newest.route) if newest else "",
        "standing": standing,
        "changed": [_(each.title) for each in standing.changed],
        "sent_at": file.sent_at[0] if file.sent_at else None,
        "told_since": bool(newest and file.sent_at and file.sent_at[0] > newest.decided_at),
        "arrived": arrived(newest, assessed),
        "left": [_(each.title) for each in left],
        "groups": finding_groups(assessed, signed, asker, file.clearances),
        "not_adopted": [finding_row(each, {}, asker) for each in assessed.assessment.not_adopted],
        "panels": panels,
        "n_missing": sum(each.missing for each in panels),
        "asks": patient_asks(assessed),
        "too_old": too_old(assessed),
        "interactions": [medicine_beside(each) for each in assessed.interactions],
        "not_checked": [each.shown for each in assessed.not_checked],
        "unmentioned": [each.shown for each in assessed.unmentioned],
        "medicines_changed": list(
            medicines_changed.sentences(medicines.since_each({"decision": newest.decided_at if newest else None}))
        ),
        "takes_any": any(each.current for each in taken),
        "news2": early_warning(assessed.news2, assessed.facts),
        "scores": score_lines(scored),
        "days": days[:MOST_MOMENTS],
        "more_days": max(0, len(days) - MOST_MOMENTS),
        "today": today,
        "observed_on": (values or {}).get("observed_on", today.isoformat()),
        "source_note": (values or {}).get("source_note", ""),
        "may_enter": asker.may("fact.enter"),
        "may_decide": asker.may("candidacy.decide"),
        "kinds": kind_choices(typed.kind if typed else ""),
        "typed": typed or Typed(),
        "awaitable": [
            (each.name, each.label) for group in panels for each in group.inputs if not each.known or each.expired
        ],
        "seen": queries.seeing(assessed, newest.pk if newest else None),
        "reason": reason,
        "report": report[0],
        "report_note": report[1],
        "newer_open": place == "report",
        "asks_sure": refused is not None and doubts.doubted(refused.codes),
        "history": [past_decision(each) for each in file.decisions],
    }
    return render(request, "console/candidacy/page.html", context, status=409 if refused else 200)


# ---------------------------------------------------------------- the views


def _file(request: Request, patient_id: int) -> File | HttpResponse:
    try:
        file = queries.file_of(patient_id)
    except Patient.DoesNotExist:
        raise Http404 from None
    return closed(request, file.patient) or file


@allowed("candidacy.read")
@require_GET
def candidacy(request: Request, patient_id: int) -> HttpResponse:
    """What the rules say, what is missing, what was decided; the form of the decision."""
    file = _file(request, patient_id)
    if isinstance(file, HttpResponse):
        return file
    patients.open_record(by=request.asker, patient=file.patient, part="clinical")
    return _page(request, file)


@allowed("candidacy.decide")
@require_POST
def decide(request: Request, patient_id: int) -> HttpResponse:
    """Show what the patient will read (step "preview"), go back ("change"), or sign ("sign")."""
    file = _file(request, patient_id)
    if isinstance(file, HttpResponse):
        return file
    typed, step = typed_decision(request.POST), request.POST.get("step", "preview")
    if step == "change":
        return _page(request, file, typed=typed)
    try:
        seen = queries.read_seen(request.POST.get("seen", ""))
        if seen is None:
            raise Overtaken(
                _("This page was open for too long. Look at it again; what you typed is still here."), codes=("stale",)
            )
        answer = answer_of(typed)
        if step == "sign":
            return _sign(request, file.patient.pk, answer, seen, typed)
        row = actions.draft(by=request.asker, patient_id=file.patient.pk, answer=answer, seen=seen)
        return _preview(request, row, typed)
    except Refused as refused:
        return _page(request, file, refused=refused, typed=typed)


def _sign(request: Request, patient_id: int, answer: Answer, seen: dict[str, Any], typed: Typed) -> HttpResponse:
    """Sign; where something is missing that is typed beside the signature, record it, or show that page again."""
    signing: dict[str, Any] = {"by": request.asker, "patient_id": patient_id, "answer": answer, "seen": seen}
    try:
        return _done(request, actions.decide(**signing))
    except Refused as missing:
        if not candidacy_signature.is_mended_here(missing):
            raise
        refused = missing
    row = actions.draft(**signing)
    recorded, wrong = candidacy_signature.record_typed(request, row)
    if recorded and not wrong:
        try:
            return _done(request, actions.decide(**signing))
        except Refused as missing:
            refused, row = missing, actions.draft(**signing)
    return _preview(request, row, typed, refused=refused, wrong=wrong)


def _done(request: Request, row: CandidacyDecision) -> HttpResponse:
    messages.success(request, _("Signed. The patient can read it now."))
    return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}?way={row.drug}-{row.route}")


def _preview(
    request: Request,
    row: CandidacyDecision,
    typed: Typed,
    *,
    refused: Refused | None = None,
    wrong: Sequence[ClearanceForm] = (),
) -> HttpResponse:
    word, look = DECISIONS[row.kind]
    shown = {
        "word": word,
        "look": look,
        "way": f"{row.drug}-{row.route}",
        "way_words": way_words(row.drug, row.route),
        "typed": typed,
        "seen": request.POST["seen"],
    }
    found = candidacy_signature.eyes(row, typed.reasons, value_words, wrong)
    return candidacy_signature.page(request, row, shown, found, refused, wrong)


@allowed("fact.enter")
@require_POST
def enter(request: Request, patient_id: int) -> HttpResponse:
    """Enter the facts of one panel, all of them or none. Fields left empty say nothing."""
    file = _file(request, patient_id)
    if isinstance(file, HttpResponse):
        return file
    panel = request.POST.get("panel", "")
    names = PANELS[panel][1] if panel in PANELS else tuple(n for n in request.POST.getlist("fact") if n in VOCABULARY)
    typed = {name: request.POST.get(name, "").strip() for name in names}
    day_text, note = request.POST.get("observed_on", ""), request.POST.get("source_note", "")
    try:
        on = day_of(day_text)
        if on is None:
            raise Refused(_("Write the day on which it was observed, like 2026-03-12."), codes=("not-a-day",))
        if not any(typed.values()):
            raise Refused(_("Nothing was entered. Fill in at least one field."), codes=("nothing-said",))
        fact_actions.enter_facts(
            by=request.asker, patient_id=file.patient.pk,
            values={name: fact_value(name, text) for name, text in typed.items() if text}, on=on, source_note=note,
            sure=bool(request.POST.get("sure")),
        )  # fmt: skip
    except Refused as refused:
        values = {**typed, "observed_on": day_text, "source_note": note}
        place = f"panel-{panel}" if panel in PANELS else "asks"
        return _page(request, file, refused=refused, place=place, panel=panel, values=values)
    messages.success(request, _("Entered. The findings below know it."))
    drug, route = way_of(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@allowed("fact.enter")
@require_POST
def take_report(request: Request, patient_id: int) -> HttpResponse:
    """Take a laboratory's report, whole or not at all. What was sent comes back where a line of it is refused."""
    file = _file(request, patient_id)
    if isinstance(file, HttpResponse):
        return file
    text, note = request.POST.get("report", ""), request.POST.get("source_note", "")
    try:
        text = report_text(request)
        found = fact_actions.import_facts(
            by=request.asker, patient_id=file.patient.pk, text=text, source_note=note,
            sure=bool(request.POST.get("sure")),
        )  # fmt: skip
    except Refused as refused:
        return _page(request, file, refused=refused, place="report", report=(text, note))
    n = len(found.taken)
    said = ngettext("%(n)d result was taken from the report.", "%(n)d results were taken from the report.", n) % {
        "n": n
    }
    if found.known:
        known = ngettext("%(n)d was known already.", "%(n)d were known already.", found.known) % {"n": found.known}
        said = f"{said} {known}"
    messages.success(request, said)
    drug, route = way_of(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@allowed("fact.enter")
@require_http_methods(["GET", "POST"])
def strike(request: Request, fact_id: int) -> HttpResponse:
    """Strike a fact as entered in error, with the reason; it stays readable. Struck already: back to the page."""
    row = get_object_or_404(ClinicalFact.objects.select_related("patient"), pk=fact_id, retracts=None)
    if gate := closed(request, row.patient):
        return gate
    reason, refused = request.POST.get("reason", ""), None
    if request.method == "POST":
        try:
            intake.retract_fact(by=request.asker, fact_id=row.pk, reason=reason)
        except Refused as wrong:
            refused = wrong
        else:
            messages.success(request, _("Struck. It stays readable and counts for nothing any more."))
            return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}#days")
    context = {
        "patient": row.patient,
        "what": f"{_(VOCABULARY[row.name].label)}: {value_words(row.name, row.value)}",
        "row": row,
        "reason": reason,
        "errors": error_links(refused, "reason"),
    }
    return render(request, "console/candidacy/strike.html", context, status=409 if refused else 200)


@allowed("candidacy.decide")
@require_POST
def override(request: Request, patient_id: int) -> HttpResponse:
    """The first signature of an override."""
    file = _file(request, patient_id)
    if isinstance(file, HttpResponse):
        return file
    key, reason = request.POST.get("finding", ""), request.POST.get("reason", "")
    drug, route = way_of(request.POST, file.newest)
    try:
        actions.override(by=request.asker, patient_id=file.patient.pk, drug=drug, finding=key, reason=reason)
    except Refused as refused:
        return _page(request, file, refused=refused, place="findings", reason=(key, reason))
    messages.success(request, _("Signed. It takes effect when another prescriber signs too."))
    return redirect(f"{reverse('console:candidacy', args=[file.patient.pk])}?way={drug}-{route}#findings")


@allowed("candidacy.decide")
@require_POST
def second(request: Request, override_id: int) -> HttpResponse:
    """The second signature of an override."""
    row = get_object_or_404(Override, pk=override_id)
    file = _file(request, row.patient_id)
    if isinstance(file, HttpResponse):
        return file
    try:
        actions.second_sign(by=request.asker, override_id=row.pk)
    except Refused as refused:
        return _page(request, file, refused=refused, place="findings")
    messages.success(request, _("Signed second. This does not stand in the way any more."))
    drug, route = way_of(request.POST, file.newest)
    return redirect(f"{reverse('console:candidacy', args=[row.patient_id])}?way={drug}-{route}#findings")


# ---------------------------------------------------------------- what waits


@allowed("candidacy.read")
@require_http_methods(["GET"])
def candidacies(request: Request) -> HttpResponse:
    """Stories without a decision, deferrals that are due, overrides that wait for a second signature."""
    asker = request.asker

    def deferred(row: CandidacyDecision) -> str:
        return _("until %(day)s") % {"day": date_format(row.until_on, "j F Y")} if row.until_on else _("told again")

    undecided = queries.undecided().select_related("patient").defer("content").order_by("said_at")[:HOW_MANY]
    due = queries.due(timezone.localdate()).select_related("patient").defer("basis").order_by("until_on")[:HOW_MANY]
    half = queries.half_signed().select_related("patient").order_by("signed_at")[:HOW_MANY]
    context = {
        "undecided": waiting_lines(asker, undecided, lambda row: "", "said_at"),
        "due": waiting_lines(asker, due, deferred, "decided_at"),
        "half": waiting_lines(
            asker, half, lambda row: f"{_(row.shown['title'])}, {row.signer_name}", "signed_at"
        ),
    }  # fmt: skip
    return render(request, "console/candidacy/list.html", context)


@allowed("candidacy.read")
@require_GET
def waiting(request: Request) -> HttpResponse:
    """How much waits, for the first page of the clinic, which loads it after itself."""
    assert request.clinic is not None
    found = queries.waiting(request.clinic.pk, timezone.localdate(), request.asker.membership_id)
    lines = []
    if found.half_signed and request.asker.may("candidacy.decide"):
        words = ngettext("%(n)d override to sign second", "%(n)d overrides to sign second", found.half_signed)
        lines.append(("signature", words % {"n": found.half_signed}))
    if found.undecided:
        words = ngettext("%(n)d story sent, not decided", "%(n)d stories sent, not decided", found.undecided)
        lines.append(("notebook-pen", words % {"n": found.undecided}))
    if found.due:
        words = ngettext("%(n)d deferral is due", "%(n)d deferrals are due", found.due)
        lines.append(("calendar-clock", words % {"n": found.due}))
    return render(request, "console/candidacy/waiting.html", {"lines": lines})
