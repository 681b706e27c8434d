"""What pages have in common: the patient of the address, a record that is closed to the actor, a form that acts.

A page of one patient is written as what it does with that patient::

    @patient_page("patient.edit", methods=FORM)
    def edit(request: Request, scope: PatientPage) -> HttpResponse: ...

    path("patients/<int:patient_id>/edit/", edit)

Who may open it, in which methods, whether there is such a patient here and whether the record is restricted is asked
before the view, in this order.

What else an address names, ``opens`` finds and hands over, on a page of any scope::

    @clinic_page("monitor.manage", methods=POST)
    @opens(device_in_use)
    def rename(request: Request, scope: ClinicPage, device: Device) -> HttpResponse: ...

    path("monitors/<int:device_id>/rename/", rename)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.scope import PatientScope, one_row

P = ParamSpec("P")
Row = TypeVar("Row")
Scope = TypeVar("Scope")
Answer = TypeVar("Answer", bound=HttpResponseBase)
Guarded = Callable[Concatenate[Request, P], HttpResponseBase]

GET: Final = ("GET",)
POST: Final = ("POST",)
FORM: Final = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class PatientPage(PatientScope):
    """Whom a page is about, where, who asks, and the moment at which the page was asked for."""

    patient: Patient
    clinic: Clinic
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class ClinicPage:
    """In which clinic a page is opened, who asks, and the moment at which it was asked for."""

    clinic: Clinic
    actor: Actor
    now: datetime


class OfPatient(Protocol):
    """Something that belongs to one patient: a consent, a plan, a file."""

    @property
    def patient(self) -> Patient: ...


Found = TypeVar("Found", bound=OfPatient)


def closed(request: Request, patient: Patient) -> HttpResponse | None:
    """The way to the break-glass page where this actor may not see the inside of the record, else None."""
    if accounts_queries.may_open(request.actor, patient, timezone.now()):
        return None
    return gate(request, patient.pk)


def gate(request: Request, patient_id: int) -> HttpResponse:
    """The way to the page on which a restricted record is opened with a reason, and back to what was asked for."""
    onward = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
    return redirect(f"{reverse('console:restricted', args=[patient_id])}{onward}")


def scope_of(request: Request, patient: Patient) -> PatientPage:
    """The scope of a page that found its patient by itself."""
    assert request.clinic is not None  # who holds a permission holds it in a clinic
    return PatientPage(patient.pk, patient, request.clinic, request.actor, timezone.now())


def patient_row_page(
    load: Callable[P, Found], *permissions: str, methods: Sequence[str] = GET
) -> Callable[[Callable[[Request, PatientPage, Found], HttpResponseBase]], Guarded[P]]:
    """Open the view to roles that hold any of ``permissions``, with what ``load`` finds by the address.

    ``load`` takes the parts of the address by name. Where it raises DoesNotExist the answer is 404; where the record
    of the patient is restricted, the way to open it.
    """

    def decorate(view: Callable[[Request, PatientPage, Found], HttpResponseBase]) -> Guarded[P]:
        @wraps(view)
        def opened(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                found = load(*args, **kwargs)
            except ObjectDoesNotExist:
                raise Http404 from None
            patient = found.patient
            return closed(request, patient) or view(request, scope_of(request, patient), found)

        return allowed(*permissions)(require_http_methods(list(methods))(opened))

    return decorate


def patient_page(
    *permissions: str, methods: Sequence[str] = GET
) -> Callable[[Callable[Concatenate[Request, PatientPage, P], HttpResponseBase]], Guarded[Concatenate[int, P]]]:
    """Open the view to roles that hold any of ``permissions``, with the patient of the address (``patient_id``).

    What else the address holds is handed over as it stands. 404 where there is no such patient here; the way to open
    it where the record is restricted. One query.
    """

    def decorate(
        view: Callable[Concatenate[Request, PatientPage, P], HttpResponseBase],
    ) -> Guarded[Concatenate[int, P]]:
        @wraps(view)
        def opened(request: Request, patient_id: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                patient = one_row(Patient, patient_id).get()
            except Patient.DoesNotExist:
                raise Http404 from None
            return closed(request, patient) or view(request, scope_of(request, patient), *args, **kwargs)

        return allowed(*permissions)(require_http_methods(list(methods))(opened))

    return decorate


def clinic_page(
    *permissions: str, methods: Sequence[str] = GET
) -> Callable[[Callable[Concatenate[Request, ClinicPage, P], HttpResponseBase]], Guarded[P]]:
    """Open the view to roles that hold any of ``permissions``, with the clinic in which they hold it. No query."""

    def decorate(view: Callable[Concatenate[Request, ClinicPage, P], HttpResponseBase]) -> Guarded[P]:
        @wraps(view)
        def opened(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            assert request.clinic is not None  # who holds a permission holds it in a clinic
            return view(request, ClinicPage(request.clinic, request.actor, timezone.now()), *args, **kwargs)

        return allowed(*permissions)(require_http_methods(list(methods))(opened))

    return decorate


def opens(
    load: Callable[Concatenate[Scope, P], Row],
) -> Callable[[Callable[[Request, Scope, Row], Answer]], Callable[Concatenate[Request, Scope, P], Answer]]:
    """Hand over what ``load`` finds. It stands below the decorator of a page, whose scope it is given.

    ``load`` takes the scope, and the parts of the address by name. Where it raises DoesNotExist the answer is 404.
    """

    def decorate(view: Callable[[Request, Scope, Row], Answer]) -> Callable[Concatenate[Request, Scope, P], Answer]:
        @wraps(view)
        def opened(request: Request, scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
            try:
                found = load(scope, *args, **kwargs)
            except ObjectDoesNotExist:
                raise Http404 from None
            return view(request, scope, found)

        return opened

    return decorate


# ---------------------------------------------------------------- forms

AForm = TypeVar("AForm", bound=forms.Form)


def sent(request: Request) -> QueryDict | None:
    """What was sent with a form, for the form to read; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def require_valid(form: AForm) -> AForm:
    """The form where nothing is wrong in it.

    Refused: what is wrong, with codes, for a page that tells it in the same place as what an action refuses.
    """
    if form.is_valid():
        return form
    faults = [fault for faults in form.errors.as_data().values() for fault in faults]
    told = [(text, fault.code or "") for fault in faults for text in fault.messages]
    raise ActionRefused(*(text for text, _code in told), codes=[code for _text, code in told])


def error_list(refused: ActionRefused | None, href: str = "") -> list[dict[str, str]]:
    """A refusal's reasons for the list of errors at the head of a page. ``href``: where they are mended."""
    return [{"href": href, "text": str(each)} for each in refused.reasons] if refused else []


def tell(form: forms.Form, refused: ActionRefused, fields: Mapping[str, str]) -> None:
    """Put a refusal's reasons beside the fields that they speak of, or at the top of the form."""
    for number, reason in enumerate(refused.reasons):
        code = refused.codes[number] if number < len(refused.codes) else ""
        field = fields.get(code)
        form.add_error(field if field in form.fields else None, str(reason))


def form_action(
    form: AForm,
    act: Callable[[AForm], HttpResponse],
    show: Callable[[AForm, int], HttpResponse],
    *,
    fields: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Act on a form that was sent and is whole; show it in every other case.

    ``act`` does it and answers, mostly with a redirect. ``show`` answers with the form and a status: 200 before it is
    sent, 422 with what is wrong in it, 409 with what the action refused. ``fields``: beside which field a code of a
    refusal is told.
    """
    if not form.is_bound:
        return show(form, 200)
    if not form.is_valid():
        return show(form, 422)
    try:
        return act(form)
    except ActionRefused as refused:
        tell(form, refused, fields or {})
    return show(form, 409)
