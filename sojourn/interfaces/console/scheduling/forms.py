"""The forms of an appointment: where, when and with whom, and why it is cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sojourn.care.patients.models import RelatedPerson
from sojourn.care.scheduling import queries as scheduling_queries
from sojourn.care.scheduling.models import Chair
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.ui.numbers import CountField
from sojourn.interfaces.console.fields import set_choices


class AppointmentForm(forms.Form):
    """Where, when and with whom."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        label=gettext_lazy("Time by the clinic's clock"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    minutes = CountField(label=gettext_lazy("Length"), unit="min", min_value=1, max_value=24 * 60)
    chair = forms.TypedChoiceField(label=gettext_lazy("Chair"), coerce=int)
    escort = forms.TypedChoiceField(
        label=gettext_lazy("Who brings the patient home"), coerce=int, empty_value=None, required=False
    )

    nurse = forms.TypedChoiceField(label=gettext_lazy("Nurse"), coerce=int, empty_value=None, required=False)
    therapist = forms.TypedChoiceField(label=gettext_lazy("Therapist"), coerce=int, empty_value=None, required=False)
    prescriber = forms.TypedChoiceField(
        label=gettext_lazy("Prescriber in the room"), coerce=int, empty_value=None, required=False
    )
    outside_hours = forms.BooleanField(label=gettext_lazy("Also outside the opening hours"), required=False)

    def __init__(
        self,
        *args: Any,
        chairs: Sequence[Chair],
        people: Sequence[RelatedPerson],
        staff: Sequence[Membership],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for role in scheduling_queries.ATTENDING:
            nobody = _("Whoever has room, where the clinic asks for a nurse") if role == "nurse" else _("Nobody")
            members = [(member.pk, member.name) for member in staff if member.role == role]
            set_choices(self, role, [("", nobody), *members])
        set_choices(self, "chair", [(chair.pk, chair.name) for chair in chairs])
        home = [(p.pk, f"{p.name} ({p.relationship})" if p.relationship else p.name) for p in people]
        set_choices(self, "escort", [("", _("Nobody named yet")), *home])

    @property
    def has_chairs(self) -> bool:
        """Whether there is any chair to choose."""
        field = self.fields["chair"]
        return isinstance(field, forms.ChoiceField) and bool(field.choices)

    def staff(self) -> list[int]:
        """The memberships that were chosen to attend."""
        return [
            self.cleaned_data[role] for role in scheduling_queries.ATTENDING if self.cleaned_data.get(role) is not None
        ]


class CancelForm(forms.Form):
    because = forms.CharField(
        label=gettext_lazy("Why is it cancelled?"), max_length=300,
        help_text=gettext_lazy("The clinic reads this later; the patient does not."),
    )  # fmt: skip
