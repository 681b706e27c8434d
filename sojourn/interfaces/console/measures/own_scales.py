"""The clinic's own questionnaires, for which it holds a licence: loaded, in use, retired."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sojourn.care.measures import own, own_scale_actions
from sojourn.care.measures import queries as measures_queries
from sojourn.care.measures.faults import said
from sojourn.care.measures.models import OwnScale
from sojourn.care.measures.queries import scale
from sojourn.clinical.scales import say
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.console.measures.words import reading_language, short_first
from sojourn.interfaces.shared.pages import POST, ClinicPage, clinic_page, form_action, sent, tell


def _numbered() -> list[tuple[str, str]]:
    """The scales that ship without their words, to choose one; read each time that the form is."""
    named = [(each.id, short_first(say(each.title, reading_language()))) for each in measures_queries.numbered()]
    return [("", _("none of these")), *named]


class OwnForm(forms.Form):
    """A questionnaire that the clinic holds a licence for."""

    questionnaire = forms.CharField(
        label=gettext_lazy("Questionnaire"),
        help_text=gettext_lazy("FHIR R4 Questionnaire, as JSON. Each answer has a number (ordinalValue)."),
        widget=forms.Textarea(attrs={"rows": 12, "class": "textarea mono", "spellcheck": "false"}),
        max_length=400_000,
    )
    stands_for = forms.ChoiceField(
        label=gettext_lazy("It is the text of"),
        choices=_numbered,
        required=False,
        help_text=gettext_lazy("Then it is scored as that scale, question by question in the same order."),
    )
    score = forms.CharField(
        label=gettext_lazy("Otherwise, how it is scored"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy(
            "For example: sum[1..9], 4 * sum[1..5], max[1..4] + sum[5], mean[1..6], sum[1, -2]: -2 is reversed."
        ),
        widget=forms.TextInput(attrs={"class": "input mono", "spellcheck": "false"}),
    )
    higher_is = forms.ChoiceField(
        label=gettext_lazy("A higher score is"),
        choices=[("worse", gettext_lazy("worse")), ("better", gettext_lazy("better"))],
        initial="worse",
    )
    most_missing = CountField(
        label=gettext_lazy("Questions that may be left out"), min_value=0, max_value=50, initial=0
    )
    decimals = CountField(label=gettext_lazy("Decimals of the score"), min_value=0, max_value=2, initial=0)
    bands = forms.CharField(
        label=gettext_lazy("Bands"),
        required=False,
        help_text=gettext_lazy("One a line: 0-4 Minimal"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
    )
    safety_items = forms.CharField(
        label=gettext_lazy("Questions about danger"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Their linkIds, with commas. An answer at or above the number raises a flag at once."),
    )
    safety_from = CountField(label=gettext_lazy("A flag from"), initial=1, required=False)
    not_danger = forms.CharField(
        label=gettext_lazy("Questions that are not about danger"),
        required=False,
        max_length=400,
        help_text=gettext_lazy(
            "Only where a question was taken for one: the linkIds, with commas. It is kept with your name."
        ),
    )
    holder = forms.CharField(label=gettext_lazy("Who holds the rights"), max_length=200)
    statement = forms.CharField(
        label=gettext_lazy("The clinic's licence"),
        help_text=gettext_lazy("By which agreement the clinic may use it: number, date, what it allows."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )

    def clean_bands(self) -> list[tuple[str, str, int, int]]:
        rows: list[tuple[str, str, int, int]] = []
        for line in self.cleaned_data["bands"].splitlines():
            if not line.strip():
                continue
            found = _BAND.fullmatch(line.strip())
            if found is None:
                raise forms.ValidationError(_("“%(line)s” is no band. Write: 0-4 Minimal") % {"line": line.strip()})
            low, high, label = found.groups()
            rows.append((f"band_{len(rows) + 1}", label, int(low), int(high)))
        return rows

    @property
    def scoring(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "score": values["score"],
            "higher_is": values["higher_is"],
            "most_missing": values["most_missing"],
            "decimals": values["decimals"],
            "bands": [list(each) for each in values["bands"]],
            "safety_items": _names(values["safety_items"]),
            "safety_from": 1 if values["safety_from"] is None else values["safety_from"],
        }

    def propose(self) -> OwnForm:
        """The same form with the questions filled in that look as if they were about danger, for a person to look at;
        itself where it names some already, or where there are none."""
        values = self.cleaned_data
        if values["safety_items"].strip() or values["stands_for"]:
            return self
        proposed = ", ".join(own.danger_proposed(values["questionnaire"]))
        again = OwnForm({**{name: self.data.get(name) for name in self.data}, "safety_items": proposed})
        again.full_clean()
        return again


def _names(typed: str) -> list[str]:
    return [each.strip() for each in typed.split(",") if each.strip()]


_BAND = re.compile(r"(-?\d+)\s*(?:-|–|to)\s*(-?\d+)\s*:?\s+(.{1,80})")


@allowed("measure.define")
@require_http_methods(["GET", "POST"])
def own_scales(request: Request) -> HttpResponse:
    """The clinic's own questionnaires: those in use, and a form to load one."""

    def act(form: OwnForm) -> HttpResponse:
        try:
            row = _load(request.actor, form)
        except ActionRefused as refused:
            if "danger-not-named" not in refused.codes:
                raise
            proposed = form.propose()
            tell(proposed, refused, {})
            return show(proposed, 409)
        told = {"title": row.title, "version": row.version}
        messages.success(request, _("%(title)s is loaded, version %(version)d.") % told)
        return redirect("console:own_scales")

    def show(form: OwnForm, status: int) -> HttpResponse:
        context = {"form": form, "rows": [_own_row(each) for each in measures_queries.own_rows()]}
        return render(request, "console/measures/own.html", context, status=status)

    return form_action(OwnForm(sent(request)), act, show)


def _load(by: Actor, form: OwnForm) -> OwnScale:
    values = form.cleaned_data
    return own_scale_actions.load_own_scale(
        by=by,
        questionnaire=values["questionnaire"],
        scoring=form.scoring,
        holder=values["holder"],
        statement=values["statement"],
        stands_for=values["stands_for"],
        not_danger=_names(values["not_danger"]),
    )


def _own_row(row: OwnScale) -> dict[str, object]:
    """A questionnaire of the clinic. ``deaf``: where it would not hear of danger."""
    faults = own.danger_faults(row.questionnaire, row.scoring, row.stands_for, row.scoring.get("not_danger", ()))
    return {
        "row": row,
        "items": len(measures_queries.scale_of(row).items),
        "deaf": [str(said(each)) for each in faults],
        "stands_for": say(scale(row.stands_for).title, reading_language()) if row.stands_for else "",
        "retire_url": reverse("console:retire_own_scale", args=[row.code]),
    }


@clinic_page("measure.define", methods=POST)
def retire_own_scale(request: Request, scope: ClinicPage, code: str) -> HttpResponse:
    """Ask it no more."""
    try:
        own_scale_actions.retire_own_scale(by=scope.actor, code=code)
        messages.success(request, _("It is not asked any more. What was answered stays."))
    except ActionRefused as refused:
        for reason in refused.reasons:
            messages.warning(request, str(reason))
    return redirect("console:own_scales")
