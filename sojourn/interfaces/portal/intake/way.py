"""The way through the intake: which questions apply to this patient, which come next, and where they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.http import Http404
from django.urls import reverse
from django.utils.translation import ngettext

from sojourn.care.intake import queries as intake_queries
from sojourn.care.intake.intake_form import Question, Section, intake_form
from sojourn.care.intake.queries import Answered
from sojourn.care.patients.models import Patient
from sojourn.foundation.scope import PatientScope, one_row
from sojourn.interfaces.portal.pages import OwnPage

REVIEW = "review"

# How long one screen takes: our own estimate, shown as "about".
SECONDS_A_SCREEN = 15


@dataclass(frozen=True)
class IntakeProgress:
    """The questions that apply to this patient, with what has been answered."""

    patient: Patient
    given: Mapping[str, Answered]

    @cached_property
    def shown(self) -> tuple[Question, ...]:
        return intake_form().shown({each.question_id: each.told for each in self.given.values()}, self.patient.sex)

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


def way_of(scope: OwnPage) -> IntakeProgress:
    """Two queries. Raises Patient.DoesNotExist."""
    patient = one_row(Patient, scope.patient_id).get()
    return IntakeProgress(patient, intake_queries.answers(PatientScope(patient.pk)))


def chapters_of(way: IntakeProgress) -> list[Chapter]:
    """Every section that has questions for this patient, each with its first open one."""
    found = []
    for section in intake_form().sections:
        own = [each for each in way.shown if each.section == section.id]
        if own:
            first = next((each for each in own if each.id not in way.given), own[0])
            done = sum(each.id in way.given for each in own)
            found.append(Chapter(section, done, len(own), url_of(first.id)))
    return found


def url_of(topic: str, to_review: bool = False) -> str:
    url = reverse("portal:intake_question", args=[topic])
    return f"{url}?to={REVIEW}" if to_review else url


def question_named(topic: str) -> Question:
    """The question of that id, or 404."""
    question = intake_form().by_id.get(topic)
    if question is None:
        raise Http404
    return question


def listed_question(scope: OwnPage, topic: str) -> Question:
    """A question that is answered by a list, or 404."""
    question = question_named(topic)
    if question.kind != "list":
        raise Http404
    return question


def section_of(question: Question) -> Section:
    return next(each for each in intake_form().sections if each.id == question.section)


# ---------------------------------------------------------------- one question


def url_after(way: IntakeProgress, asked: Question, to_review: bool) -> str:
    """The question that comes next; back to the review where one came from there, unless something new opened."""
    number = way.shown.index(asked) + 1 if asked in way.shown else 0
    if to_review:
        follower = way.shown[number : number + 1]
        if follower and follower[0].id not in way.given and follower[0].when:
            return url_of(follower[0].id, to_review=True)
        return reverse("portal:intake_review")
    return url_of(way.shown[number].id) if number < way.total else reverse("portal:intake_review")


def url_before(way: IntakeProgress, asked: Question, to_review: bool) -> str:
    if to_review:
        return reverse("portal:intake_review")
    number = way.shown.index(asked) if asked in way.shown else 0
    return url_of(way.shown[number - 1].id) if number else reverse("portal:intake")
