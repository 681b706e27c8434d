"""The clinic's telephone, address and hours, and the lines of its place: written, dialled and confirmed here."""

from __future__ import annotations

from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from sojourn.clinical import lines
from sojourn.foundation.accounts import place, place_actions, readiness
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.models import Clinic, VisitWords
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.clinic import place_presenters as shown
from sojourn.interfaces.console.fields import WordsField, read
from sojourn.interfaces.shared.pages import FORM, POST, ClinicPage, clinic_page, tell
from sojourn.interfaces.shared.today.coming import coming

_FIELDS: Final = {
    "phone-missing": "phone", "phone-unreadable": "phone", "address-missing": "address", "hours-missing": "phone_hours",
    "crisis-unreadable": "crisis_phone", "emergency-missing": "emergency_phone",
    "emergency-unreadable": "emergency_phone",
}  # fmt: skip


class DetailsForm(forms.Form):
    """What a patient needs to reach the clinic."""

    phone = forms.CharField(
        label=gettext_lazy("Telephone"), max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("The number on which patients reach the clinic. It is shown on every help page."),
    )  # fmt: skip
    phone_hours = forms.CharField(
        label=gettext_lazy("When somebody answers"), max_length=200,
        help_text=gettext_lazy("As patients read it, for example: Monday to Friday, 8:00 to 17:00."),
    )  # fmt: skip
    phone_hours_other = forms.CharField(
        label=gettext_lazy("The same in the other language"), max_length=200, required=False,
        help_text=gettext_lazy(
            "For those who read these pages in Spanish, or in English where your clinic speaks Spanish."
        ),
    )  # fmt: skip
    address = forms.CharField(
        label=gettext_lazy("Address"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Where patients and those who bring them home find you."),
    )  # fmt: skip
    emergency_phone = forms.CharField(
        label=gettext_lazy("Emergency number of your country"), max_length=40, required=False,
        help_text=gettext_lazy("Nothing was collected for your country: this number becomes the emergency button."),
    )  # fmt: skip
    crisis_phone = forms.CharField(
        label=gettext_lazy("A crisis number of your own"), max_length=40, required=False,
        help_text=gettext_lazy("If somebody of the clinic, or a service near you, answers at night."),
    )  # fmt: skip
    crisis_name = forms.CharField(
        label=gettext_lazy("What it is called"), max_length=120, required=False,
        help_text=gettext_lazy("For example: our night line."),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, clinic: Clinic) -> None:
        super().__init__(data, initial={name: getattr(clinic, name) for name in place_actions.DETAILS})
        if lines.country_of(clinic.country) != lines.ELSEWHERE:
            del self.fields["emergency_phone"]


def _words(label: StrPromise, hint: StrPromise | str = "") -> forms.CharField:
    """A text of the clinic, as long as it is kept."""
    size = VisitWords._meta.get_field("finding").max_length
    return forms.CharField(
        label=label, max_length=size, required=False, help_text=hint, widget=forms.Textarea(attrs={"rows": 4})
    )


class VisitForm(forms.Form):
    """What patients read before they come, in the clinic's own words, in its language and in the other one."""

    map_url = forms.CharField(
        label=gettext_lazy("Address of a map"), max_length=500, required=False,
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "off"}),
        help_text=gettext_lazy("Open your clinic in a map and copy the address of that page. It begins with https://."),
    )  # fmt: skip
    finding = _words(
        gettext_lazy("How to find us"),
        gettext_lazy(
            "Which door, which floor, where to park, which bus, and what somebody does who cannot take stairs."
        ),
    )
    finding_other = _words(gettext_lazy("How to find us, in the other language"))
    costs = _words(
        gettext_lazy("What a visit costs"),
        gettext_lazy("What is paid, when and how, what an insurance takes over, and whom to ask."),
    )
    costs_other = _words(gettext_lazy("What a visit costs, in the other language"))
    changing = _words(
        gettext_lazy("Moving or cancelling a visit"),
        gettext_lazy("How to tell you, until when, and what it costs if it is later."),
    )
    changing_other = _words(gettext_lazy("Moving or cancelling a visit, in the other language"))

    def __init__(self, data: QueryDict | None = None, *, clinic: Clinic) -> None:
        now = place.visit_words(clinic)
        super().__init__(data, initial={name: getattr(now, name, "") for name in place_actions.VISIT_WORDS})


_VISIT_FIELDS: Final = {
    "map-unreadable": "map_url",
    **{f"{name}-too-long": name for name in place_actions.VISIT_WORDS},
    **{f"{name}-missing": name for name in place_actions.ABOUT_VISITS},
}


class DialledForm(forms.Form):
    """A line that somebody dialled: the number, and whether it is right."""

    number = WordsField(strip=False)
    works = WordsField(strip=False)
    note = WordsField(strip=False)


def _page(
    request: Request, clinic: Clinic, form: DetailsForm | None = None, visits: VisitForm | None = None, *,
    status: int = 200, reasons: tuple[str, ...] = (),
) -> HttpResponse:  # fmt: skip
    language = (get_language() or "en").partition("-")[0]
    first, others = shown.line_rows(place.checked_lines(clinic, language))
    context = {
        "form": form or DetailsForm(clinic=clinic),
        "visits": visits or VisitForm(clinic=clinic),
        "coming": coming(clinic),
        "own": clinic,
        "country": lines.of(clinic.country, language).name,
        "is_known": lines.country_of(clinic.country) != lines.ELSEWHERE,
        "missing": shown.missing_rows(readiness.missing(clinic)),
        "first": first,
        "others": others,
        "reasons": reasons,
        "may_write": request.actor.may("clinic.details"),
        "may_dial": request.actor.may("clinic.lines"),
    }
    return render(request, "console/clinic/place.html", context, status=status)


@clinic_page("clinic.read", methods=("HEAD", *FORM))
def about(request: Request, scope: ClinicPage) -> HttpResponse:
    """What patients see of the clinic when they need help, and a form for whoever may write it."""
    clinic = scope.clinic
    if request.method != "POST":
        return _page(request, clinic)
    form = DetailsForm(request.POST, clinic=clinic)
    if not form.is_valid():
        return _page(request, clinic, form, status=422)
    try:
        place_actions.set_details(by=scope.actor, **form.cleaned_data)
    except ActionRefused as refused:
        tell(form, refused, _FIELDS)
        return _page(request, clinic, form, status=409)
    messages.success(request, _("Saved. Patients see it from now on."))
    return redirect("console:place")


@clinic_page("clinic.details", methods=POST)
def visit_words(request: Request, scope: ClinicPage) -> HttpResponse:
    """Write what patients read before they come."""
    form = VisitForm(request.POST, clinic=scope.clinic)
    if not form.is_valid():
        return _page(request, scope.clinic, visits=form, status=422)
    try:
        place_actions.write_visit_words(by=scope.actor, **form.cleaned_data)
    except ActionRefused as refused:
        tell(form, refused, _VISIT_FIELDS)
        return _page(request, scope.clinic, visits=form, status=409)
    messages.success(request, _("Saved. Patients see it from now on."))
    return redirect("console:place")


@clinic_page("clinic.lines", methods=POST)
def line(request: Request, scope: ClinicPage, line_code: str) -> HttpResponse:
    """Note that somebody dialled a line, and whether it is right."""
    dialled = read(DialledForm(request.POST))
    try:
        checked = place_actions.check_line(
            by=scope.actor, line_id=line_code, number=dialled["number"], works=dialled["works"] == "yes",
            note=dialled["note"],
        )  # fmt: skip
    except ActionRefused as refused:
        reasons = tuple(str(each) for each in refused.reasons)
        return _page(request, scope.clinic, status=409, reasons=reasons)
    words = _("Confirmed: %(number)s.") if checked.works else _("Noted: %(number)s is not right.")
    messages.success(request, words % {"number": checked.number})
    return redirect("console:place")


urlpatterns = [
    path("place/", about, name="place"),
    path("place/visits/", visit_words, name="place_visits"),
    path("place/lines/<slug:line_code>/", line, name="place_line"),
]
