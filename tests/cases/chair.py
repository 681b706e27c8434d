"""What the cases of the chair share: a clock that is turned on, a second nurse, and the pages as a nurse uses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Membership, Person
from tests.care.stage import Stage
from tests.conftest import Cast
from tests.interfaces.test_session_pages import body, seen, typed_dose, url


@dataclass
class Clock:
    """The time that every part of the house sees."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def later(self, **more: float) -> datetime:
        self.at += timedelta(**more)
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock(timezone.now().replace(microsecond=0))
    monkeypatch.setattr("django.utils.timezone.now", found)
    return found


def second_nurse(cast: Cast) -> Client:
    """Another person who is a nurse of the same clinic, signed in."""
    with acting_as(cast.actor("clinic_admin")):
        person = Person.objects.create(email=f"nurse2@{cast.clinic.slug}.example", password="!")
        cast.members["nurse2"] = Membership.objects.create(
            clinic=cast.clinic, person=person, role="nurse", name="Nurse Two"
        )
    return cast.client("nurse2")


def press(client: Client, stage: Stage, name: str, *more: Any, **typed: Any) -> Any:
    """A button of the session's page as it stands now; the page that follows."""
    typed.setdefault("seen", seen(body(client.get(url("session", stage)))))
    return client.post(url(name, stage, *more), typed, follow=True)


def write_down(client: Client, stage: Stage, **typed: str) -> Any:
    """The form of the dose, as somebody fills it in."""
    return press(client, stage, "session_dose", **typed_dose(**typed))


def show(client: Client, stage: Stage) -> str:
    """The session's page as words and markup."""
    return body(client.get(url("session", stage)))


def said_at(page: str, field: str) -> str:
    """What stands as an error beside a field."""
    _, found, rest = page.partition(f'id="id_{field}-field"')
    assert found, f"the page has no field {field}"
    _, error, said = rest.partition(f'id="id_{field}-error">')
    if not error:
        return ""
    text = said[: said.index("</p>")]
    return " ".join(text[text.rindex("</svg>") + len("</svg>") :].split())


def kept(page: str, field: str) -> str:
    """What stands in a field."""
    tag = next(each for each in page.split("<input") if f'id="id_{field}"' in each).partition(">")[0]
    return tag.partition(' value="')[2].partition('"')[0]
