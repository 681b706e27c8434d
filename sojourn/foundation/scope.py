"""Whose rows are read: the only door to the rows of a clinic.

A query says whose rows it means, and the filter follows from that::

    def decisions(of: PatientScope) -> list[CandidacyDecision]:
        return list(of.rows(CandidacyDecision).order_by("-id"))

``PatientScope(7)`` is patient 7, ``SessionScope(9)`` session 9, and so on; a page hands over its own scope, which is
one (interfaces/shared/pages). ``rows_of`` reads the rows of several, ``one_row`` the one row that a key names, and
``clinic_rows`` says that the whole clinic is meant. ``Model.objects`` is for writing: where anything is read through
it, the build fails (tests/repo/test_scopes.py).

Row-level security keeps clinics apart by itself; between two patients of one clinic there is the scope only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)
Q = TypeVar("Q", bound=models.QuerySet[Any, Any])
Whom = Iterable[int] | models.QuerySet[Any, Any] | models.OuterRef


class Scope:
    """Somebody or something whose rows are read. ``label``: the model of which it is one row; ``columns``: what other
    models call it."""

    label: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    __slots__ = ()

    @property
    def key(self) -> int:
        raise NotImplementedError

    def rows(self, model: type[M]) -> models.QuerySet[M]:
        """The rows of ``model`` that are this one's. Raises TypeError where nothing in it leads here."""
        return self.within(model._default_manager.all())

    def within(self, found: Q) -> Q:
        """Those of what was ``found`` in a clinic that are this one's. Raises TypeError like ``rows``."""
        return _only(found, {self.column(found.model): self.key})

    @classmethod
    def column(cls, model: type[models.Model]) -> str:
        """What ``model`` calls whom this is about. Raises TypeError where nothing in it leads there."""
        if model._meta.label == cls.label:
            return "pk"
        known = {field.attname for field in model._meta.concrete_fields}
        for column in cls.columns:
            if column in known:
                return column
        raise TypeError(f"{model._meta.label} has none of {', '.join(cls.columns)}: it is not read by {cls.__name__}")


@dataclass(frozen=True)
class PatientScope(Scope):
    """One patient."""

    patient_id: int
    label, columns = "patients.Patient", ("patient_id",)

    @property
    def key(self) -> int:
        return self.patient_id


@dataclass(frozen=True)
class SessionScope(Scope):
    """One session."""

    encounter_id: int
    label, columns = "encounter.Encounter", ("encounter_id",)

    @property
    def key(self) -> int:
        return self.encounter_id


@dataclass(frozen=True)
class MemberScope(Scope):
    """One member of a clinic, in one role."""

    member_id: int
    label, columns = "accounts.Membership", ("member_id", "membership_id")

    @property
    def key(self) -> int:
        return self.member_id


@dataclass(frozen=True)
class DeviceScope(Scope):
    """One monitor."""

    device_id: int
    label, columns = "vitals.Device", ("device_id",)

    @property
    def key(self) -> int:
        return self.device_id


@dataclass(frozen=True)
class CourseScope(Scope):
    """One course of treatment."""

    care_plan_id: int
    label, columns = "plan.CarePlan", ("care_plan_id",)

    @property
    def key(self) -> int:
        return self.care_plan_id


@dataclass(frozen=True)
class AppointmentScope(Scope):
    """One appointment."""

    appointment_id: int
    label, columns = "booking.Appointment", ("appointment_id",)

    @property
    def key(self) -> int:
        return self.appointment_id


@dataclass(frozen=True)
class FlagScope(Scope):
    """One safety flag."""

    flag_id: int
    label, columns = "safety.Flag", ("flag_id",)

    @property
    def key(self) -> int:
        return self.flag_id


def rows_of(model: type[M], scope: type[Scope], whom: Whom) -> models.QuerySet[M]:
    """The rows of ``model`` of several patients, sessions, members; or, inside another query, of the outer row's."""
    return among(model._default_manager.all(), scope, whom)


def among(found: Q, scope: type[Scope], whom: Whom) -> Q:
    """The same of what was ``found`` in a clinic."""
    column = scope.column(found.model)
    if isinstance(whom, models.OuterRef):
        return _only(found, {column: whom})
    return _only(found, {f"{column}__in": whom if isinstance(whom, models.QuerySet) else list(whom)})


def _only(found: Q, whose: dict[str, Any]) -> Q:
    """Every filter that follows from a scope."""
    theirs: Q = found.filter(**whose)
    return theirs


def one_row(model: type[M], key: object) -> models.QuerySet[M]:
    """The one row of ``model`` that ``key`` names, or none."""
    return model._default_manager.filter(pk=key)


def clinic_rows(model: type[M]) -> models.QuerySet[M]:
    """Every row of ``model`` in the clinic of whoever asks: where the whole clinic is meant."""
    return model._default_manager.all()
