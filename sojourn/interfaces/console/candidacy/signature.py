"""The page at which a prescriber signs: what the patient will read, and everything that an acceptance is given in spite
of, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from sojourn.care.candidacy import open_eyes, wording
from sojourn.care.candidacy.models import CandidacyDecision
from sojourn.care.candidacy.open_eyes import UNKNOWN, Unknown
from sojourn.clinical.eligibility import VOCABULARY, Severity, Value
from sojourn.foundation.accounts.access import Request
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.interfaces.console.candidacy.clearances import ClearanceForm, cleared_words
from sojourn.interfaces.console.rules.words import ACTIONS, LEVELS, SEVERITIES

WHY: Final = "why-"  # before the key of what a reason is about
_MENDED_HERE: Final = ("reason-missing:", "clearance-missing:", "seen-missing:")
_KINDS: Final = ("clearance", "seen")


@dataclass(frozen=True, slots=True)
class AcceptanceReason:
    """One thing that an acceptance is given in spite of. ``field`` is the name of its reason's field, "" where none is
    asked; ``forms`` for what must be recorded first."""

    short: str
    title: str
    weight: str
    because: tuple[str, ...]
    advice: str
    field: str
    reason: str
    there: tuple[str, ...]
    forms: tuple[ClearanceForm, ...]

    @property
    def asks(self) -> bool:
        return bool(self.field or self.forms)


@dataclass(frozen=True, slots=True)
class Eyes:
    """Everything at the signature. ``unknown``: the names of what is not known; ``not_adopted``: titles of what rules
    find that nobody has adopted, which has no effect."""

    lines: tuple[AcceptanceReason, ...]
    unknown: tuple[str, ...]
    unknown_field: str
    unknown_reason: str
    not_adopted: tuple[str, ...]

    @property
    def asked(self) -> list[AcceptanceReason]:
        return [each for each in self.lines if each.asks]

    @property
    def listed(self) -> list[AcceptanceReason]:
        """What is there to be seen and asks for nothing."""
        return [each for each in self.lines if not each.asks]


def reasons_typed(data: QueryDict) -> dict[str, str]:
    """The reasons of a form, by short key."""
    return {name.removeprefix(WHY): str(data[name]) for name in data if name.startswith(WHY)}


Words = Callable[[str, Value], str]  # a fact's name and value, as a clinician reads it
Forms = Mapping[str, ClearanceForm]  # by prefix


def eyes(row: CandidacyDecision, typed: Mapping[str, str], words: Words, wrong: Sequence[ClearanceForm] = ()) -> Eyes:
    """What a drafted acceptance is given in spite of, as its signature will keep it. ``wrong``: forms that were typed
    and refused, with what is wrong."""
    kept, refused = row.open_eyes, {str(each.prefix): each for each in wrong}
    said = kept.get("unknown", {"facts": (), "too_old": (), "medicines": ()})
    not_known = Unknown(tuple(said["facts"]), tuple(said["too_old"]), tuple(said["medicines"]), ())
    return Eyes(
        lines=tuple(_line(each, typed, words, refused) for each in kept.get("weighed", ())),
        unknown=tuple(open_eyes.unknown_words(not_known)),
        unknown_field=f"{WHY}{UNKNOWN}",
        unknown_reason=typed.get(UNKNOWN, ""),
        not_adopted=tuple(_(each["title"]) for each in row.basis["findings"] if not each["adopted"]) if kept else (),
    )


def _line(each: Mapping[str, Any], typed: Mapping[str, str], words: Words, refused: Forms) -> AcceptanceReason:
    short = each["key"][: open_eyes.SHORT]
    there = {row["kind"] for row in each["clearances"]}
    lacking = [kind for kind in _KINDS if kind in each["needs"] and kind not in there]
    title = _(each["title"])
    return AcceptanceReason(
        short=short,
        title=f"{each['what']}: {title}" if each["what"] else title,
        weight=_weight(each),
        because=tuple(
            f"{_(VOCABULARY[one['name']].label)}: {words(one['name'], one['value'])}" for one in each["because"]
        ),
        advice=_(each["advice"]),
        field=f"{WHY}{short}" if "reason" in each["needs"] else "",
        reason=typed.get(short, ""),
        there=tuple(clearance_line(row) for row in each["clearances"]),
        forms=tuple(_form(f"{kind}-{short}", kind, refused) for kind in lacking),
    )


def _form(prefix: str, kind: str, refused: Forms) -> ClearanceForm:
    return refused.get(prefix) or ClearanceForm(kind=kind, prefix=prefix)


def _weight(each: Mapping[str, Any]) -> str:
    if each["of"] == "interaction":
        return str(LEVELS[each["severity"]])
    severity: Severity = each["severity"]
    return f"{SEVERITIES[severity]}, {ACTIONS[each['action']]}"


def clearance_line(row: Mapping[str, Any]) -> str:
    """A clearance as a decision keeps it, in one line."""
    return ". ".join(
        filter(
            None, (cleared_words(row["who"], row["field"], date.fromisoformat(row["on"])), row["document"], row["said"])
        )
    )


# ---------------------------------------------------------------- signing


def record_typed(request: Request, row: CandidacyDecision) -> tuple[int, list[ClearanceForm]]:
    """Record the clearances that were typed beside the signature: how many, and the forms that were refused."""
    kept, wrong = 0, list[ClearanceForm]()
    for each in row.open_eyes.get("weighed", ()):
        for kind in _KINDS:
            prefix = f"{kind}-{each['key'][: open_eyes.SHORT]}"
            form = ClearanceForm(request.POST, kind=kind, prefix=prefix)
            if kind not in each["needs"] or not form.touched:
                continue
            if form.keep(request.actor, row.patient_id, row.drug, each["key"]):
                kept += 1
            else:
                wrong.append(form)
    return kept, wrong


def is_mended_here(refused: ActionRefused) -> bool:
    """Whether everything that is missing is typed on this page."""
    return all(code.startswith(_MENDED_HERE) for code in refused.codes)


def page(
    request: Request,
    row: CandidacyDecision,
    shown: Mapping[str, Any],
    found: Eyes,
    refused: ActionRefused | None = None,
    wrong: Iterable[ClearanceForm] = (),
) -> HttpResponse:
    """The page of the signature; with what is missing at its top."""
    forms = list(wrong)
    context = {
        **shown,
        "patient": row.patient,
        "row": row,
        "reading": wording.reading(row),
        "overrides": row.overrides,
        "eyes": found,
        "errors": [*_errors(refused), *_form_errors(forms)],
    }
    status = 409 if refused is not None or forms else 200
    return render(request, "console/candidacy/preview.html", context, status=status)


def _errors(refused: ActionRefused | None) -> list[dict[str, str]]:
    if refused is None:
        return []
    return [
        {"href": f"#{_place(code)}", "text": str(reason)}
        for code, reason in zip(refused.codes, refused.reasons, strict=True)
    ]


def _place(code: str) -> str:
    what, _colon, short = code.partition(":")
    return f"{WHY}{short}" if what == "reason-missing" else f"in-spite-{short}"


def _form_errors(forms: Iterable[ClearanceForm]) -> list[dict[str, str]]:
    return [
        {"href": f"#{form[name].auto_id}" if name in form.fields else "#in-spite", "text": str(text)}
        for form in forms
        for name, texts in form.errors.items()
        for text in texts
    ]
