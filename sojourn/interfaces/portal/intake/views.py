"""Your story: one question a screen, saved as one goes, gone on with on any device, sent to the clinic at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sojourn.care.intake import actions, forms, queries, wording
from sojourn.care.intake.known_as import known_as
from sojourn.care.intake.queries import Answered
from sojourn.care.intake.story import Question, Section, Told, story
from sojourn.care.intake.typed import told_of
from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.care.patients.queries import people_of
from sojourn.care.safety import writing_actions as writing
from sojourn.clinical.dosing import Kilograms, trimmed
from sojourn.clinical.units import LB
from sojourn.foundation.accounts.access import Request, allowed
from sojourn.foundation.accounts.asker import Asker
from sojourn.foundation.accounts.refused import Overtaken, Refused
from sojourn.foundation.rulebook import medicines as shipped
from sojourn.interfaces.portal.danger.heard import heard
from sojourn.interfaces.portal.danger.listening import help_offer
from sojourn.interfaces.portal.pages import show
from sojourn.interfaces.portal.session.not_now import waits_under_a_dose

REVIEW = "review"
# How long one screen takes: our own estimate, shown as "about".
SECONDS_A_SCREEN = 15
_CONTRADICTION = "contradiction:"


@dataclass(frozen=True)
class Way:
    """The questions that apply to this patient, with what has been answered."""

    patient: Patient
    given: Mapping[str, Answered]

    @cached_property
    def shown(self) -> tuple[Question, ...]:
        return story().shown({each.question_id: each.told for each in self.given.values()}, self.patient.sex)

    @property
    def answered(self) -> int:
        return sum(each.id in self.given for each in self.shown)

    @property
    def total(self) -> int:
        return len(self.shown)

    @property
    def first_open(self) -> Question | None:
        return next((each for each in self.shown if each.id not in self.given), None)

    @property
    def minutes(self) -> str:
        """About how long the rest takes, in words; "" where nothing is left."""
        if self.first_open is None:
            return ""
        n = max(1, round((self.total - self.answered) * SECONDS_A_SCREEN / 60))
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", n) % {"n": n}

    def number(self, question: Question) -> int:
        return self.shown.index(question) + 1


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section on the overview. ``state``: "done", "active", "open"."""

    section: Section
    answered: int
    total: int
    url: str

    @property
    def state(self) -> str:
        return "done" if self.answered == self.total else "active" if self.answered else "open"


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice on the screen."""

    value: str
    text: str
    hint: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list on the screen."""

    what: str
    details: str
    unchecked: bool
    ingredient: str
    not_checked: str
    change_url: str
    remove_url: str


def _asker(request: Request) -> Asker:
    return request.asker


def _way(request: Request) -> Way:
    patient = get_object_or_404(Patient, pk=_asker(request).patient_id)
    return Way(patient, queries.answers(patient.pk))


def _url(topic: str, to_review: bool = False) -> str:
    url = reverse("portal:story_question", args=[topic])
    return f"{url}?to={REVIEW}" if to_review else url


def _known(topic: str) -> Question:
    question = story().by_id.get(topic)
    if question is None:
        raise Http404
    return question


def _listed(topic: str) -> Question:
    question = _known(topic)
    if question.kind != "list":
        raise Http404
    return question


def _section(question: Question) -> Section:
    return next(each for each in story().sections if each.id == question.section)


# ---------------------------------------------------------------- overview


@allowed("own.answer")
@require_GET
@waits_under_a_dose()
def overview(request: Request) -> HttpResponse:
    """Every section, how far one is, and the way on."""
    way = _way(request)
    chapters = []
    for section in story().sections:
        own = [each for each in way.shown if each.section == section.id]
        if own:
            first = next((each for each in own if each.id not in way.given), own[0])
            done = sum(each.id in way.given for each in own)
            chapters.append(Chapter(section, done, len(own), _url(first.id)))
    first_open = way.first_open
    return show(
        request,
        "portal/intake/overview.html",
        {
            "way": way,
            "chapters": chapters,
            "next_url": _url(first_open.id) if first_open else reverse("portal:story_review"),
            "finished": first_open is None,
            "sent": queries.latest_submission(way.patient.pk),
            "heard": heard(way.patient.pk),
        },
    )


# ---------------------------------------------------------------- one question


@allowed("own.answer")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def question(request: Request, topic: str) -> HttpResponse:
    """One question. Each answer is saved by itself, and the next question comes."""
    asked = _known(topic)
    way = _way(request)
    to_review = (request.POST.get("to") or request.GET.get("to")) == REVIEW
    if request.method == "POST":
        return _take(request, way, asked, to_review)
    if asked not in way.shown:
        return redirect("portal:story_review" if to_review else "portal:story")
    return _ask(request, way, asked, to_review)


def _seen(request: Request) -> int | None:
    typed = request.POST.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def _take(request: Request, way: Way, asked: Question, to_review: bool) -> HttpResponse:
    try:
        told = told_of(asked, dict(request.POST.lists()))
        kept = writing.answer_story(
            by=_asker(request),
            patient_id=way.patient.pk,
            question_id=asked.id,
            told=told,
            seen=_seen(request),
            confirmed=frozenset(request.POST.getlist("confirmed")),
        )
    except Refused as refused:
        return _ask(request, way, asked, to_review, refused)
    row = kept.row
    given = dict(way.given) | {
        asked.id: Answered(row.pk, asked.id, told, row.said_at, row.on_behalf, tuple(row.confirmed))
    }
    target = _after(Way(way.patient, given), asked, to_review)
    return help_offer(target) if kept.alarming else redirect(target)


def _after(way: Way, asked: Question, to_review: bool) -> str:
    """The question that comes next; back to the review where one came from there, unless something new opened."""
    number = way.shown.index(asked) + 1 if asked in way.shown else 0
    if to_review:
        follower = way.shown[number : number + 1]
        if follower and follower[0].id not in way.given and follower[0].when:
            return _url(follower[0].id, to_review=True)
        return reverse("portal:story_review")
    return _url(way.shown[number].id) if number < way.total else reverse("portal:story_review")


def _before(way: Way, asked: Question, to_review: bool) -> str:
    if to_review:
        return reverse("portal:story_review")
    number = way.shown.index(asked) if asked in way.shown else 0
    return _url(way.shown[number - 1].id) if number else reverse("portal:story")


def _ask(request: Request, way: Way, asked: Question, to_review: bool, refused: Refused | None = None) -> HttpResponse:
    standing = way.given.get(asked.id)
    typed: Mapping[str, Sequence[str]] = dict(request.POST.lists()) if refused else {}
    told = standing.told if standing is not None else None
    overtaken = isinstance(refused, Overtaken)
    doubts = [code.removeprefix(_CONTRADICTION) for code in refused.codes] if refused else []
    in_doubt = bool(refused) and all(code.startswith(_CONTRADICTION) for code in refused.codes) if refused else False
    clinic = request.clinic
    context = {
        "question": asked,
        "section": _section(asked),
        "text": _(asked.text),
        "hint": _(asked.hint) if asked.hint else "",
        "why": _(asked.why),
        "number": way.number(asked) if asked in way.shown else 1,
        "total": way.total,
        "minutes": way.minutes,
        "seen": standing.id if standing is not None else "",
        "picks": _picks(asked, told, typed),
        "rest_unsure": bool(typed.get("rest_unsure"))
        if typed
        else bool(told and isinstance(told.value, dict) and told.value.get("rest_unsure")),
        "typed": _typed(asked, told, typed),
        "unit": _unit(asked, told, typed, clinic.jurisdiction if clinic else ""),
        "before": wording.said(asked, told) if told is not None and told.standing != "told" else "",
        "back": _before(way, asked, to_review),
        "to_review": to_review,
        "reasons": refused.reasons if refused else (),
        "overtaken": wording.said(asked, told) if overtaken else "",
        "in_doubt": in_doubt,
        "doubts": doubts,
        "known_weight": _known_weight(way.patient.pk) if asked.fact == queries.WEIGHT else "",
        "again": [(name, value) for name in ("value", "unit", "rest_unsure", "press") for value in typed.get(name, ())],
        "again_words": _again(asked, typed) if in_doubt or overtaken else "",
    }
    if asked.kind == "list":
        context |= _list(way.patient.pk, asked)
    return show(request, "portal/intake/question.html", context, nav=False, status=409 if refused else 200)


def _known_weight(patient_id: int) -> str:
    """What the clinic knows of the patient's weight; "" where only the patient has told one. Two queries."""
    known = queries.newest_weight(patient_id)
    if known is None or known.told_by == "patient":
        return ""
    pounds = Kilograms.of(known.kg).quantity.to(LB).rounded(1)
    return _("On %(day)s your clinic wrote down %(kg)s kg (%(pounds)s pounds).") % {
        "day": date_format(known.on, _("j F Y")), "kg": number_format(trimmed(known.kg)),
        "pounds": number_format(trimmed(pounds)),
    }  # fmt: skip


def _again(asked: Question, typed: Mapping[str, Sequence[str]]) -> str:
    """What was just said, in words."""
    try:
        return wording.said(asked, told_of(asked, typed))
    except Refused:
        return " ".join(typed.get("value", ()))


def _picks(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]]) -> list[Pick]:
    if typed:
        chosen = set(typed.get("value", ()))
    elif told is None or told.standing != "told":
        chosen = set()
    elif asked.kind == "yes_no":
        chosen = {"yes" if told.value else "no"}
    else:
        chosen = set(told.value["yes"]) if asked.kind == "checklist" else {str(told.value)}
    if asked.kind == "yes_no":
        return [Pick("yes", _("Yes"), "", "yes" in chosen), Pick("no", _("No"), "", "no" in chosen)]
    return [Pick(each.id, _(each.text), _(each.hint) if each.hint else "", each.id in chosen) for each in asked.choices]


def _typed(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]]) -> str:
    if typed:
        return next(iter(typed.get("value", ())), "")
    if told is None or told.standing != "told":
        return ""
    if asked.kind == "day":
        return str(told.value["day"])
    if asked.kind == "number":
        return str(told.value["typed"])
    return str(told.value) if asked.kind == "text" else ""


def _unit(asked: Question, told: Told | None, typed: Mapping[str, Sequence[str]], jurisdiction: str) -> str:
    if typed.get("unit"):
        return typed["unit"][0]
    if told is not None and told.standing == "told" and asked.kind == "number":
        return str(told.value["unit"])
    if not asked.units:
        return ""
    return asked.units[0] if jurisdiction.startswith("US") else asked.units[-1]


# ---------------------------------------------------------------- lists


def _list(patient_id: int, asked: Question) -> dict[str, Any]:
    """The lines of a list as they stand. One query."""
    if asked.of == "people":
        entries = [_person(each) for each in people_of(patient_id)]
    else:
        entries = [_entry(asked, each) for each in queries.lists(patient_id).of(asked.of)]
    return {"entries": entries, "add_url": reverse("portal:story_add", args=[asked.id])}


def _entry(asked: Question, each: Any) -> Entry:
    what, details = wording.line(asked.of, asdict(each))
    medicine = asked.of == "medicines"
    return Entry(
        what=what,
        details=details,
        unchecked=medicine and not each.checked,
        ingredient=known_as(each) if medicine else "",
        not_checked=", ".join(each.not_checked) if medicine else "",
        change_url=reverse("portal:story_line", args=[asked.id, each.line]),
        remove_url=reverse("portal:story_line", args=[asked.id, each.line]),
    )


def _person(each: RelatedPerson) -> Entry:
    values = {"name": each.name, "relationship": each.relationship, "phone": each.phone, "email": each.email,
              "emergency_contact": each.emergency_contact}  # fmt: skip
    what, details = wording.line("people", values)
    return Entry(what, details, False, "", "", "", reverse("portal:story_person", args=[each.pk]))


def _form_page(request: Request, asked: Question, form: Any, *, line: Any = None, status: int = 200, **more: Any
               ) -> HttpResponse:  # fmt: skip
    context = {
        "question": asked,
        "section": _section(asked),
        "text": _(asked.text),
        "why": _(asked.why),
        "form": form,
        "line": line,
        "back": _url(asked.id),
        "search_url": reverse("portal:story_search") if asked.of in {"medicines", "treatments"} else "",
    }
    return show(request, "portal/intake/line.html", context | more, nav=False, status=status)


def _save_line(request: Request, asked: Question, form: Any, line: UUID | None) -> Refused | None:
    """Write a line; what the clinic's rules refuse comes back."""
    by = _asker(request)
    assert by.patient_id is not None
    try:
        if asked.of == "people":
            writing.name_person(by=by, patient_id=by.patient_id, **form.values())
        else:
            writing.say_line(
                by=by, patient_id=by.patient_id, of=asked.of, line=line, seen=_seen(request),
                sure=request.POST.get("sure") == "yes", **form.values(),
            )  # fmt: skip
    except Refused as refused:
        return refused
    return None


@allowed("own.answer")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def add(request: Request, topic: str) -> HttpResponse:
    """Add a line to a list."""
    asked = _listed(topic)
    form = forms.FORMS[asked.of](request.POST or None)
    if request.method != "POST":
        return _form_page(request, asked, form)
    return _written(request, asked, form, None, None)


def _written(request: Request, asked: Question, form: Any, line: UUID | None, row: Any) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, asked, form, line=row, status=422)
    refused = _save_line(request, asked, form, line)
    if refused is None:
        return redirect(_url(asked.id))
    forms.tell(form, refused)
    doubt = "contradiction:still-current" in refused.codes
    return _form_page(request, asked, form, line=row, status=409, doubt=doubt)


@allowed("own.answer")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def line(request: Request, topic: str, line_id: UUID) -> HttpResponse:
    """Change a line of a list, or take it off (``remove``)."""
    asked = _listed(topic)
    by = _asker(request)
    if asked.of == "people" or by.patient_id is None:
        raise Http404
    row = next((each for each in queries.lists(by.patient_id).of(asked.of) if each.line == str(line_id)), None)
    if request.method == "POST" and request.POST.get("remove"):
        try:
            actions.remove_line(by=by, patient_id=by.patient_id, of=asked.of, line=line_id)
        except ObjectDoesNotExist:
            raise Http404 from None
        return redirect(_url(asked.id))
    if row is None:
        raise Http404
    if request.method != "POST":
        return _form_page(request, asked, forms.FORMS[asked.of](initial=forms.initial(asked.of, row)), line=row)
    return _written(request, asked, forms.FORMS[asked.of](request.POST), line_id, row)


@allowed("own.answer")
@require_POST
def person(request: Request, related_person_id: int) -> HttpResponse:
    """Take somebody off the list of those who bring one home."""
    by = _asker(request)
    try:
        actions.end_person(by=by, patient_id=by.patient_id or 0, person_id=related_person_id)
    except RelatedPerson.DoesNotExist:
        raise Http404 from None
    return redirect(_url("people"))


@allowed("own.answer")
@require_GET
def search(request: Request) -> HttpResponse:
    """Medicines that what is typed may mean: a fragment of choices."""
    text = request.GET.get("name", "")[:200]
    found = shipped.find(text, 6) if request.GET.get("kind", "medicine") == "medicine" else ()
    return show(request, "portal/intake/found.html", {"found": found, "text": text})


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a pasted list, to be confirmed."""

    number: int
    name: str
    ingredient: str
    choice: str


@allowed("own.answer")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def paste(request: Request) -> HttpResponse:
    """A list of medicines written as prose: taken apart, and each piece confirmed by itself."""
    by = _asker(request)
    assert by.patient_id is not None
    prose = request.POST.get("prose", "")[:8000]
    page = {"prose": prose, "back": _url("medicines"), "question": _known("medicines")}
    if request.method != "POST":
        return show(request, "portal/intake/paste.html", page, nav=False)
    confirmed = [name for name in request.POST if name.startswith("piece-")]
    if not confirmed:
        pieces = [
            Piece(number, text, found.name if found is not None else "", "")
            for number, (text, found) in enumerate(shipped.recognise(prose), start=1)
        ]
        if not pieces:
            return show(request, "portal/intake/paste.html", page | {"empty": True}, nav=False, status=409)
        return show(request, "portal/intake/pieces.html", page | {"pieces": pieces}, nav=False)
    return _confirm(request, by, page, len(confirmed))


def _confirm(request: Request, by: Asker, page: Mapping[str, Any], how_many: int) -> HttpResponse:
    """Write the pieces that were confirmed. What stays without a choice is asked again; nothing is dropped."""
    assert by.patient_id is not None
    pieces = [
        Piece(n, request.POST.get(f"piece-{n}", ""), request.POST.get(f"is-{n}", ""), request.POST.get(f"take-{n}", ""))
        for n in range(1, min(how_many, 200) + 1)
    ]
    if any(each.choice not in {"now", "before", "no"} for each in pieces):
        return show(
            request,
            "portal/intake/pieces.html",
            dict(page) | {"pieces": pieces, "open": sum(not each.choice for each in pieces)},
            nav=False,
            status=409,
        )
    for each in pieces:
        if each.choice != "no":
            try:
                writing.say_line(
                    by=by, patient_id=by.patient_id, of="medicines", name=each.name, current=each.choice == "now",
                    stopped_on=None, ingredient=each.ingredient, dose="", how_often="", since="", sure=True,
                )  # fmt: skip
            except Refused as refused:
                told = dict(page) | {"pieces": pieces, "reasons": refused.reasons}
                return show(request, "portal/intake/pieces.html", told, nav=False, status=409)
    return redirect(_url("medicines"))


# ---------------------------------------------------------------- all of it


@dataclass(frozen=True, slots=True)
class Said:
    """One question in the review. ``lines`` are those of its list."""

    text: str
    answer: str
    open: bool
    unsure: bool
    url: str
    lines: tuple[Entry, ...] = ()


@allowed("own.answer")
@require_http_methods(["GET", "POST"])
@waits_under_a_dose()
def review(request: Request) -> HttpResponse:
    """Everything that was said, to change and to send."""
    reasons: tuple[object, ...] = ()
    if request.method == "POST":
        by = _asker(request)
        try:
            actions.send(by=by, patient_id=by.patient_id or 0)
            return redirect("portal:story_sent")
        except Patient.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            reasons = refused.reasons
    way = _way(request)
    everything = queries.lists(way.patient.pk)
    people = people_of(way.patient.pk)
    chapters = []
    for section in story().sections:
        said = []
        for each in way.shown:
            if each.section == section.id:
                standing = way.given.get(each.id)
                lines: tuple[Entry, ...] = ()
                if each.of == "people":
                    lines = tuple(_person(one) for one in people)
                elif each.kind == "list":
                    lines = tuple(_entry(each, one) for one in everything.of(each.of))
                said.append(
                    Said(
                        _(each.text),
                        wording.said(each, standing.told if standing else None),
                        standing is None,
                        standing is not None and standing.told.standing == "unsure",
                        _url(each.id, to_review=True),
                        lines,
                    )
                )
        if said:
            chapters.append((_(section.title), said))
    first_open = way.first_open
    return show(
        request,
        "portal/intake/review.html",
        {
            "chapters": chapters,
            "first_open": _url(first_open.id) if first_open else "",
            "left": way.total - way.answered,
            "reasons": reasons,
        },
        nav=False,
        status=409 if reasons else 200,
    )


@allowed("own.answer")
@require_GET
def sent(request: Request) -> HttpResponse:
    """Sent: what happens next."""
    latest = queries.latest_submission(_asker(request).patient_id or 0)
    if latest is None:
        return redirect("portal:story")
    return show(request, "portal/intake/sent.html", {"sent": latest})
