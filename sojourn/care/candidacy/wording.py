"""A decision in the words in which its patient reads it. The clinic sees the same words before it signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

from sojourn.care.candidacy.models import CandidacyDecision, Kind
from sojourn.clinical.eligibility import VOCABULARY

MEDICINES: Mapping[tuple[str, str], StrPromise] = {
    ("ketamine", "iv"): gettext_lazy("ketamine, slowly into a vein"),
    ("ketamine", "im"): gettext_lazy("ketamine, as a shot into a muscle"),
    ("ketamine", "sc"): gettext_lazy("ketamine, as a shot under the skin"),
    ("ketamine", "in"): gettext_lazy("ketamine, as a nose spray"),
    ("ketamine", "sl"): gettext_lazy("ketamine, under the tongue"),
    ("ketamine", "oral"): gettext_lazy("ketamine, by mouth"),
    ("esketamine", "in"): gettext_lazy("esketamine, as a nose spray"),
}
_TITLES: Mapping[str, StrPromise] = {
    Kind.ACCEPT: gettext_lazy("This treatment can fit you"),
    Kind.CONDITIONS: gettext_lazy("This treatment can fit you, with some care"),
    Kind.DEFER: gettext_lazy("Not yet: something is needed first"),
    Kind.DECLINE: gettext_lazy("We do not think this treatment is right for you now"),
}
_LEADS: Mapping[str, StrPromise] = {
    Kind.ACCEPT: gettext_lazy("Your care team read your intake and looked at your health. You can try this treatment."),
    Kind.CONDITIONS: gettext_lazy(
        "Your care team read your intake and looked at your health. You can try this treatment. "
        "A few things go with it."
    ),
    Kind.DEFER: gettext_lazy("This is not a no. Your care team looks at it again."),
    Kind.DECLINE: gettext_lazy(
        "This may be hard to read. It is about your safety, and it says nothing about you as a person. There are other"
        " ways to get help, and we are here for you."
    ),
}
_NEXT: Mapping[str, StrPromise] = {
    Kind.ACCEPT: gettext_lazy(
        "Next, we make a plan together. There is something for you to read and sign, and then we book your visits."
    ),
    Kind.DEFER: gettext_lazy(
        "If you have what we wait for, or if something changes for you, write to us. You need not wait for the day."
    ),
    Kind.DECLINE: gettext_lazy(
        "Write to us, or call. We can talk about the reasons and find the next step with you. You can also ask another"
        " doctor what they think."
    ),
}
# What is awaited, as patients say it; the rest goes by its own label.
_AWAITED: Mapping[str, StrPromise] = {
    **dict.fromkeys(("sbp", "dbp"), gettext_lazy("Your blood pressure")),
    **dict.fromkeys(("alt", "ast", "alp", "ggt", "bilirubin"), gettext_lazy("A blood test of your liver")),
    "egfr": gettext_lazy("A blood test of your kidneys"),
    **dict.fromkeys(("ecg", "qtc_ms"), gettext_lazy("A picture of your heartbeat (ECG)")),
    "pregnancy_test": gettext_lazy("A pregnancy test"),
    "heart_rate": gettext_lazy("Your pulse"),
    "spo2": gettext_lazy("The oxygen in your blood"),
    "respiratory_rate": gettext_lazy("How fast you breathe"),
    "weight_kg": gettext_lazy("Your weight"),
    "height_cm": gettext_lazy("Your height"),
}


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A piece of the answer under a title. ``lines``: a list if there are ``points``, else paragraphs."""

    title: str
    lines: tuple[str, ...]
    points: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole answer."""

    title: str
    lead: str
    medicine: str
    parts: tuple[AnswerPart, ...]
    next: str
    signer: str


def medicine(drug: str, route: str) -> str:
    return str(MEDICINES.get((drug, route), f"{drug} ({route})"))


def awaited(decision: CandidacyDecision) -> tuple[str, ...]:
    """What a deferral waits for, as the patient says it."""
    known = [str(_AWAITED.get(name) or _(VOCABULARY[name].label)) for name in decision.awaited if name in VOCABULARY]
    said = [decision.awaited_words] if decision.awaited_words else []
    return tuple(dict.fromkeys((*known, *said)))


def reading(decision: CandidacyDecision) -> Reading:
    """A decision in the patient's words. No query."""
    kind = decision.kind
    parts = [AnswerPart(_("Why"), _paragraphs(decision.explanation))]
    if kind == Kind.CONDITIONS:
        parts.append(AnswerPart(_("What goes with it"), tuple(decision.conditions), points=True))
    if kind == Kind.DEFER:
        parts.append(AnswerPart(_("What we wait for"), awaited(decision), points=True))
        if decision.until_on:
            day = date_format(decision.until_on, "j F Y")
            parts.append(AnswerPart(_("When we look again"), (_("On %(day)s, or sooner.") % {"day": day},)))
    parts.append(AnswerPart(_("What else could help"), _paragraphs(decision.alternatives)))
    parts.append(AnswerPart(_("What would change our answer"), _paragraphs(decision.would_change)))
    return Reading(
        title=str(_TITLES[kind]),
        lead=str(_LEADS[kind]),
        medicine=medicine(decision.drug, decision.route),
        parts=tuple(each for each in parts if each.lines),
        next=str(_NEXT[Kind.ACCEPT if kind == Kind.CONDITIONS else kind]),
        signer=decision.decider_name,
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line.strip())
