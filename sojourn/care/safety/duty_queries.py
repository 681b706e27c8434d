"""Who is asked about a flag, in which order, and by which channels each of them agreed to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sojourn.care.safety.models import DutyContact, DutyList, NoticeChoice
from sojourn.foundation.accounts.models import Clinic, Membership
from sojourn.foundation.accounts.readiness import Missing
from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.scope import MemberScope, clinic_rows, rows_of

ANSWERS = "flag.answer"
FEWEST = 2  # one who is asked, and one who steps in


@dataclass(frozen=True, slots=True)
class Duty:
    """The clinic's newest list, without those who have left or lost their role."""

    contacts: tuple[Membership, ...]
    decided: DutyList | None

    @property
    def suffices(self) -> bool:
        """Whether somebody else can step in: one person in two roles is one person."""
        return len({each.person_id for each in self.contacts}) >= FEWEST

    def first_but(self, *others: int | None) -> Membership | None:
        """The first on the list who is none of ``others``."""
        return next((each for each in self.contacts if each.pk not in others), None)


def duty() -> Duty:
    """Who is asked, in order. One query."""
    newest = clinic_rows(DutyList).order_by("-id").values("pk")[:1]
    rows = list(
        clinic_rows(DutyContact)
        .filter(list=newest)
        .select_related("member__person", "list__decided_by")
        .order_by("place")
    )
    here = tuple(each.member for each in rows if answers_flags(each.member))
    return Duty(here, next((each.list for each in rows), None))


def answers_flags(member: Membership) -> bool:
    """Whether somebody works here, is confirmed, and holds a role that answers flags."""
    at_work = member.ended_at is None and member.unconfirmed_since is None
    return at_work and member.role in _answering_roles()


def clinical_members(clinic_id: int) -> list[Membership]:
    """Everybody at work who can answer a flag, by name. One query."""
    rows = clinic_rows(Membership).select_related("person").filter(clinic_id=clinic_id, role__in=_answering_roles())
    return list(rows.filter(ended_at=None, unconfirmed_since=None).order_by("name", "pk"))


def _answering_roles() -> list[str]:
    return [code for code, each in roles().items() if ANSWERS in each.may]


def choices(member_ids: Iterable[int]) -> dict[int, NoticeChoice]:
    """By which channels each agreed to be told; who never chose is told on the pages alone. One query."""
    rows = rows_of(NoticeChoice, MemberScope, member_ids)
    return {each.member_id: each for each in rows.order_by("member_id", "-id").distinct("member_id")}


def without_duty(_clinic: Clinic) -> Missing | None:
    """A condition of readiness: two people are named who are asked when a patient may be in danger. One query."""
    if duty().suffices:
        return None
    return Missing(
        "no-duty",
        _(
            "Nobody would be told if this patient were in danger: an administrator or prescriber names at least two"
            " people who are asked first, under Flags."
        ),
    )
