"""The clinic's own telephone, the lines of its place, and that nobody invites a patient before they stand."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import place, place_actions, readiness
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.accounts.models import Clinic, Invitation, LineCheck, VisitWords
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from tests.conftest import Cast
from tests.placed import DETAILS


@pytest.mark.parametrize(
    ("digits", "long", "short"),
    [(1, False, False), (2, False, True), (4, False, True), (5, True, True), (15, True, True), (16, False, False)],
)
def test_a_telephone_number_has_five_to_fifteen_digits_a_short_one_two(digits: int, long: bool, short: bool):
    typed = f"+{'1' * digits} ext. 123"
    assert place_actions.is_telephone(typed) is long
    assert place_actions.is_telephone(typed, short=True) is short


@pytest.fixture
def bare(clinic: Cast) -> Cast:
    """A clinic as ``sojourn init`` leaves it: a name and a country."""
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(phone="", address="", phone_hours="", jurisdiction="MX")
        clinic.clinic.refresh_from_db()
    return clinic


def say(cast: Cast, **more: str) -> Clinic:
    by = cast.actor("clinic_admin")
    with acting_as(by):
        return place_actions.set_details(by=by, **(dict(DETAILS) | more))


def check_all(cast: Cast, *, works: bool = True, note: str = "nobody answers", role: str = "clinic_admin") -> None:
    by = cast.actor(role)
    with acting_as(by):
        clinic = Clinic.objects.get(pk=by.own_clinic_id)
        for line in place.needed(clinic.country).values():
            right = works or line.kind == "emergency"
            place_actions.check_line(by=by, line_id=line.id, number=line.shown, works=right, note=note)


def codes(cast: Cast) -> list[str]:
    with acting_as(system_actor(cast.clinic.pk)):
        return [each.code for each in readiness.missing(Clinic.objects.get(pk=cast.clinic.pk))]


def invite(cast: Cast) -> Invitation:
    by = cast.actor("nurse")
    with acting_as(by):
        return accounts_actions.invite(
            by=by, email="a@mail.example", name="Ana", role="patient", patient_id=71
        ).invitation


def refused(act: object, *args: object, **kwargs: object) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as told:
        act(*args, **kwargs)  # type: ignore[operator]
    return tuple(told.value.codes)


def test_no_patient_is_invited_before_telephone_and_lines_stand(bare: Cast):
    assert refused(invite, bare) == ("telephone-missing", "lines-unchecked")
    say(bare)
    assert refused(invite, bare) == ("lines-unchecked",)
    check_all(bare)
    assert invite(bare).role == "patient"


def test_staff_are_invited_all_the_same(bare: Cast):
    by = bare.actor("clinic_admin")
    with acting_as(by):
        assert (
            accounts_actions.invite(by=by, email="n@mail.example", name="Noor", role="nurse").invitation.role == "nurse"
        )


def test_an_invitation_is_not_sent_again_either(clinic: Cast):
    sent = invite(clinic)
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(jurisdiction="ES")  # other lines, which nobody has dialled
    by = clinic.actor("nurse")
    with acting_as(by):
        assert refused(accounts_actions.resend, by=by, invitation_id=sent.pk) == ("lines-unchecked",)


def test_the_details_are_audited_and_the_same_again_is_nothing(bare: Cast):
    say(bare)
    say(bare)
    with acting_as(system_actor(bare.clinic.pk)):
        rows = list(AuditEvent.objects.filter(action="clinic.details_set"))
        assert [row.detail["fields"] for row in rows] == [["phone", "address", "phone_hours"]]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"phone": ""}, "phone-missing"),
        ({"phone": "abc"}, "phone-unreadable"),
        ({"phone": "12"}, "phone-unreadable"),
        ({"phone": "<script>1234567</script>"}, "phone-unreadable"),
        ({"phone": "1234567890123456"}, "phone-unreadable"),
        ({"address": " \n "}, "address-missing"),
        ({"phone_hours": " "}, "hours-missing"),
        ({"crisis_phone": "call us"}, "crisis-unreadable"),
    ],
)
def test_what_does_not_reach_the_clinic_is_refused(bare: Cast, more: dict[str, str], code: str):
    assert refused(say, bare, **more) == (code,)


@pytest.mark.parametrize("phone", ["+52 55 5555 0100", "(555) 010-0123", "91 555 01 00", "555.0100 ext. 12"])
def test_telephones_are_read_as_people_write_them(bare: Cast, phone: str):
    assert say(bare, phone=phone).phone == phone


def test_a_country_without_collected_lines_states_its_own_emergency_number(bare: Cast):
    with acting_as(system_actor(bare.clinic.pk)):
        Clinic.objects.filter(pk=bare.clinic.pk).update(jurisdiction="KE")
    assert refused(say, bare) == ("emergency-missing",)
    assert refused(say, bare, emergency_phone="none") == ("emergency-unreadable",)
    assert codes(bare) == ["telephone-missing", "emergency-missing"]
    assert say(bare, emergency_phone="999").emergency_phone == "999"
    check_all(bare)
    assert codes(bare) == []


def test_a_known_country_takes_no_other_emergency_number(bare: Cast):
    assert say(bare, emergency_phone="066").emergency_phone == ""


def test_a_line_that_does_not_work_holds_back_only_where_it_is_the_last(bare: Cast):
    say(bare)
    check_all(bare, works=False)
    assert codes(bare) == ["no-line-works"]
    say(bare, crisis_name="Our night line", crisis_phone="55 5555 0101")
    assert codes(bare) == []


def test_the_newest_check_of_a_line_holds(bare: Cast):
    say(bare)
    check_all(bare, works=False)
    check_all(bare, role="nurse")
    assert codes(bare) == []


def test_a_number_that_has_changed_is_unchecked_again(bare: Cast):
    say(bare)
    check_all(bare)
    with acting_as(system_actor(bare.clinic.pk)):
        admin = bare.members["clinic_admin"]
        LineCheck.objects.create(
            clinic=bare.clinic, line_id="mx-vida", number="800 000 0000", works=True, checked_by=admin,
            checked_by_name=admin.name, checked_at=admin.since_at,
        )  # fmt: skip
    assert codes(bare) == ["lines-unchecked"]


def test_what_is_checked_is_what_stood_before_the_person(bare: Cast):
    by = bare.actor("nurse")
    with acting_as(by):
        check = place_actions.check_line
        assert refused(check, by=by, line_id="mx-vida", number="1", works=True) == ("number-changed",)
        assert refused(check, by=by, line_id="es-024", number="024", works=True) == ("unknown-line",)
        assert refused(check, by=by, line_id="mx-vida", number="800 911 2000", works=False) == ("note-missing",)


def test_checks_are_kept_for_ever_and_to_their_clinic(clinic: Cast, other_clinic: Cast):
    with acting_as(system_actor(other_clinic.clinic.pk)):
        assert {row.clinic_id for row in LineCheck.objects.all()} == {other_clinic.clinic.pk}
    with acting_as(system_actor(clinic.clinic.pk)), pytest.raises(DatabaseError), transaction.atomic():
        LineCheck.objects.all().update(works=False)


def test_each_room_adds_its_own_condition(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readiness, "_conditions", [*readiness._conditions])
    readiness.before_inviting(lambda _clinic: readiness.Missing("nobody-on-duty", "Name two people."))
    assert refused(invite, clinic) == ("nobody-on-duty",)


# ---------------------------------------------------------------- what patients read before they come

MAP = "https://www.openstreetmap.org/?mlat=39.7&mlon=-104.9#map=17/39.7/-104.9"


def write(cast: Cast, **words: str) -> VisitWords | None:
    by = cast.actor("clinic_admin")
    with acting_as(by):
        return place_actions.write_visit_words(by=by, **words)


def read_words(cast: Cast, about: place.About, language: str) -> tuple[str, str] | None:
    with acting_as(cast.actor("nurse")):
        found = place.told(place.visit_words(cast.clinic), about, cast.clinic, language)
    return None if found is None else (found.text, found.language)


def test_what_the_clinic_says_of_coming_is_kept_as_it_was(clinic: Cast):
    assert read_words(clinic, "costs", "en") is None
    write(clinic, map_url=MAP, finding="  Ring  the bell.\r\n\r\n\r\n\r\nThen wait. ", costs="$10")
    assert read_words(clinic, "finding", "en") == ("Ring the bell.\n\nThen wait.", "en")
    write(clinic, map_url=MAP, finding="Ring the bell.\n\nThen wait.", costs="$10")  # the same again is nothing
    write(clinic, map_url=MAP, costs="$12")
    assert read_words(clinic, "costs", "en") == ("$12", "en")
    assert read_words(clinic, "finding", "en") is None
    with acting_as(clinic.actor("clinic_admin")):
        assert [row.costs for row in VisitWords.objects.order_by("id")] == ["$10", "$12"]
        rows = AuditEvent.objects.filter(action="clinic.visit_words_written").order_by("id")
        assert [row.detail["fields"] for row in rows] == [["map_url", "finding", "costs"], ["finding", "costs"]]


@pytest.mark.parametrize(
    ("own", "words", "language", "expected"),
    [
        ("en", {"costs": "Ten", "costs_other": "Diez"}, "en", ("Ten", "en")),
        ("en", {"costs": "Ten", "costs_other": "Diez"}, "es", ("Diez", "es")),
        ("en", {"costs": "Ten"}, "es", ("Ten", "en")),
        ("es", {"costs": "Diez", "costs_other": "Ten"}, "en", ("Ten", "en")),
        ("es", {"costs": "Diez"}, "en", ("Diez", "es")),
        ("es", {"costs": "Diez"}, "es", ("Diez", "es")),
        ("en", {"finding": "The red door"}, "en", None),
    ],
)
def test_words_are_told_in_the_readers_language_or_in_the_one_there_is(
    clinic: Cast, own: str, words: dict[str, str], language: str, expected: tuple[str, str] | None
):
    with acting_as(system_actor(clinic.clinic.pk)):
        Clinic.objects.filter(pk=clinic.clinic.pk).update(language=own)
        clinic.clinic.refresh_from_db()
    write(clinic, **words)
    assert read_words(clinic, "costs", language) == expected


@pytest.mark.parametrize(
    "address",
    [
        "http://maps.example/1", "maps.example/1", "javascript:alert(1)", "data:text/html,x", "https://", "https://maps",
        "https://ana:secret@maps.example/", "https://maps.example/a b", 'https://maps.example/"onclick="x',
        "https://maps.example/<script>", "//maps.example/1", "HTTPS:maps.example", "https://maps.example:port/",
        "https://.",
    ],
)  # fmt: skip
def test_a_map_is_a_page_of_the_web_and_nothing_else(clinic: Cast, address: str):
    assert refused(write, clinic, map_url=address) == ("map-unreadable",)


def test_the_map_of_any_maker_is_taken(clinic: Cast):
    for address in (MAP, "https://maps.app.goo.gl/abc", "https://maps.example:8443/a?b=c,d"):
        assert write(clinic, map_url=f" {address} ").map_url == address  # type: ignore[union-attr]


def test_words_are_as_long_as_they_are_kept_and_the_clinics_language_comes_first(clinic: Cast):
    assert write(clinic, finding="x" * 1200) is not None
    assert refused(write, clinic, finding="x" * 1201) == ("finding-too-long",)
    assert refused(write, clinic, map_url=f"https://maps.example/{'x' * 480}") == ("map_url-too-long",)
    assert refused(write, clinic, costs_other="Diez") == ("costs-missing",)
    assert write(clinic, finding="x" * 1200) is not None  # nothing of what was refused was kept
    assert read_words(clinic, "costs", "es") is None


def test_a_clinic_reads_its_own_words_alone(clinic: Cast, other_clinic: Cast):
    write(other_clinic, costs="Forty")
    write(clinic, costs="Ten")
    assert read_words(clinic, "costs", "en") == ("Ten", "en")
    assert read_words(other_clinic, "costs", "en") == ("Forty", "en")
