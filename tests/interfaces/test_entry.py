"""The door: invitations taken up, signing in, locks, second factors, sessions, and time that runs out."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any, ClassVar

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sojourn.foundation.accounts import actions as accounts_actions
from sojourn.foundation.accounts import queries as accounts_queries
from sojourn.foundation.accounts import sealing
from sojourn.foundation.accounts.actor import NOBODY, Actor, acting_as, set_actor
from sojourn.foundation.accounts.models import Invitation, Membership, Person
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.mail.jobs import deliver, text
from sojourn.foundation.mail.letters import Letter, seal
from sojourn.interfaces.entry.adapter import wait_words
from tests.care.test_accounts import GOOD, invite, posted
from tests.conftest import Cast
from tests.interfaces.spoken import at_most

LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _nobody_asks_afterwards() -> Iterator[None]:
    """Nobody asks after the last request."""
    yield
    set_actor(NOBODY)


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def sign_in(client: Client, email: str, password: str = GOOD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def with_password(cast: Cast, role: str) -> Person:
    person = cast.members[role].person
    person.set_password(GOOD)
    person.save()
    return person


def house_events() -> list[tuple[str, dict[str, Any], int | None]]:
    """The house's own chain, which no clinic sees: read as clinic 0."""
    with acting_as(Actor(clinic_id=0)), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sojourn.clinic', '0', true)")
        return [(e.action, e.detail, e.person_id) for e in AuditEvent.objects.filter(clinic_id=0).order_by("seq")]


# ---------------------------------------------------------------- invitations


def test_a_stranger_becomes_a_nurse_and_goes_on_to_the_second_factor(clinic: Cast):
    client, link = Client(), path_of(invite(clinic).link)
    page = client.get(link)
    assert page.status_code == 200
    assert clinic.clinic.name in page.content.decode()
    done = client.post(link, {"password": GOOD})
    assert (done.status_code, done["Location"]) == (302, "/accounts/second-factor/")
    assert client.get("/accounts/second-factor/").status_code == 200
    # Nothing else opens before the second factor, and setting one up does not ask for the password again.
    assert client.get("/clinic/")["Location"] == "/accounts/second-factor/"
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    person = Person.objects.get(email="new@north.example")
    assert EmailAddress.objects.get(user=person).verified


def test_the_second_factor_is_set_up_and_recovery_codes_follow(clinic: Cast):
    client, link = Client(), path_of(invite(clinic).link)
    client.post(link, {"password": GOOD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = client.session["mfa.totp.secret"]
    code = code_for(secret)
    done = client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert (done.status_code, done["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    codes = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert len(re.findall(r"<li>\d{8}</li>", codes)) == 10
    assert client.get("/").status_code == 302
    assert client.get("/clinic/")["Location"] == "/accounts/unconfirmed/"  # a nurse waits for another one


def code_for(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06}"


@pytest.mark.alone
def test_a_patient_lands_in_the_portal_without_a_second_factor(clinic: Cast):
    client, link = Client(), path_of(invite(clinic, "ana@home.example", "patient", patient_id=77).link)
    done = client.post(link, {"password": GOOD})
    assert done["Location"] == "/"
    assert client.get("/")["Location"] == "/today/"


@pytest.mark.parametrize(
    ("password", "says"),
    [("short", "too short"), ("77342918405523", "entirely numeric"), ("qwertyuiopasdfgh"[:8] + "1", "too short")],
)
def test_a_weak_password_is_explained_and_the_link_still_works(clinic: Cast, password: str, says: str):
    client, link = Client(), path_of(invite(clinic).link)
    page = client.post(link, {"password": password})
    assert page.status_code == 422
    assert says in page.content.decode()
    assert not Person.objects.filter(email="new@north.example").exists()
    assert client.post(link, {"password": GOOD}).status_code == 302


def test_the_page_asks_for_length_and_not_for_signs_and_capitals(clinic: Cast):
    page = Client().get(path_of(invite(clinic).link)).content.decode()
    assert 'data-least="12"' in page
    assert not re.search("special|uppercase|capital letter|symbol", page, re.IGNORECASE)


def test_a_used_link_says_so(clinic: Cast):
    link = path_of(invite(clinic).link)
    Client().post(link, {"password": GOOD})
    again = Client().get(link)
    assert again.status_code == 410
    assert "used already" in again.content.decode()
    assert Client().post(link, {"password": GOOD}).status_code == 410


def test_a_link_that_ran_out_offers_a_fresh_one(clinic: Cast):
    invited = invite(clinic)
    by = clinic.actor("clinic_admin")
    with acting_as(by):
        Invitation.objects.filter(pk=invited.invitation.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    client, link = Client(), path_of(invited.link)
    page = client.get(link)
    assert page.status_code == 410
    assert "run out" in page.content.decode()
    assert client.post(link, {"password": GOOD}).status_code == 410
    sent = client.post(link, {"do": "renew"})
    assert sent.status_code == 200
    fresh = posted()[-1]
    assert fresh.to == "new@north.example"
    assert "/invitation/" in fresh.text
    assert fresh.text.split("/invitation/")[1].split("/")[0] not in sent.content.decode()
    new = "/invitation/" + fresh.text.split("/invitation/")[1].split("/")[0] + "/"
    assert client.post(new, {"password": GOOD}).status_code == 302


def test_a_withdrawn_link_says_so_and_cannot_be_renewed(clinic: Cast):
    invited, by = invite(clinic), clinic.actor("clinic_admin")
    with acting_as(by):
        accounts_actions.withdraw(by=by, invitation_id=invited.invitation.pk)
    client, link = Client(), path_of(invited.link)
    assert "withdrawn" in client.get(link).content.decode()
    assert client.post(link, {"do": "renew"}).status_code == 409
    assert len(posted()) == 1


def test_a_guessed_link_opens_nothing(clinic: Cast):
    invite(clinic)
    assert Client().get("/invitation/abcdefgh/").status_code == 404
    assert Client().post("/invitation/abcdefgh/", {"password": GOOD}).status_code == 404


def test_an_existing_person_signs_in_and_joins(clinic: Cast, other_clinic: Cast):
    person = with_password(other_clinic, "nurse")
    link = path_of(invite(clinic, person.email, "therapist").link)
    client = Client()
    page = client.get(link).content.decode()
    assert f"{LOGIN}?next=/invitation/" in page
    assert client.post(link, {"password": "another good long password"}).status_code == 422
    signed = sign_in(client, person.email, next=link)
    assert signed["Location"] == link
    assert "Join" in client.get(link).content.decode()
    assert client.post(link).status_code == 302
    with acting_as(Actor(person_id=person.pk)):
        assert {m.role for m in accounts_queries.memberships_of(person.pk)} == {"nurse", "therapist"}


def test_somebody_else_who_is_signed_in_cannot_take_the_invitation(clinic: Cast):
    link = path_of(invite(clinic).link)
    client = clinic.client("front_desk")
    assert "Sign out" in client.get(link).content.decode()
    assert client.post(link, {"password": GOOD}).status_code == 422
    assert not Person.objects.filter(email="new@north.example").exists()


# ---------------------------------------------------------------- letters


def test_a_letter_leaves_over_smtp(clinic: Cast, settings):
    from aiosmtpd.controller import Controller

    caught: list[bytes] = []

    class Catcher:
        async def handle_DATA(self, server, session, envelope):
            caught.append(envelope.content)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Catcher(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        link = invite(clinic).link
        deliver(sealed=seal(posted()[0]))
    finally:
        controller.stop()
    message = message_from_bytes(caught[0], policy=policy.default)
    assert message["To"] == "new@north.example"
    assert message["Subject"] == f"Your invitation to {clinic.clinic.name}"
    assert {part.get_content_type() for part in message.iter_parts()} == {"text/plain", "text/html"}
    assert link in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize(("minutes", "sent"), [(-1, 0), (1, 1)])
def test_what_waited_until_it_was_no_longer_true_is_not_sent(settings: Any, minutes: int, sent: int):
    until = timezone.now() + timedelta(minutes=minutes)
    deliver(sealed=seal(Letter("ana@home.example", "Your appointment", "At ten", until=until.isoformat())))
    assert len(mail.outbox) == sent
    settings.SMS_CARRIER = f"{__name__}.Carrier"
    Carrier.sent.clear()
    held = {"to": "+15550100", "text": "At ten", "key": "one", "until": until.isoformat()}
    text(sealed=sealing.seal(json.dumps(held), "sms"))
    assert len(Carrier.sent) == sent


class Carrier:
    sent: ClassVar[list[str]] = []

    def send(self, to: str, text: str, key: str) -> None:
        self.sent.append(to)


def test_a_refused_action_posts_nothing_and_a_reset_posts_one(clinic: Cast):
    person = with_password(clinic, "nurse")
    done = Client().post("/accounts/password/reset/", {"email": person.email})
    assert done.status_code == 302
    (letter,) = posted()
    assert letter.to == person.email
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", letter.text)
    assert link
    client = Client()
    form = client.get(path_of(link[0]), follow=True)
    assert form.status_code == 200
    new = "a wholly other set of words"
    done = client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert done.status_code == 302
    assert sign_in(Client(), person.email, new).status_code == 302
    assert client.get(path_of(link[0]), follow=True).context["token_fail"]


def test_a_reset_for_an_unknown_address_looks_the_same(clinic: Cast):
    known = Client().post("/accounts/password/reset/", {"email": with_password(clinic, "nurse").email})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@nowhere.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


# ---------------------------------------------------------------- signing in, and locks


def test_signing_in_is_audited_in_the_clinics_chain(clinic: Cast):
    person = with_password(clinic, "nurse")
    client = Client()
    assert sign_in(client, person.email).status_code == 302
    with acting_as(clinic.actor("auditor")):
        event = AuditEvent.objects.get(action="person.signed_in")
        assert (event.person_id, event.role) == (person.pk, "nurse")
    client.post("/accounts/logout/")
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.filter(action="person.signed_out", person_id=person.pk).count() == 1


def test_a_failed_sign_in_is_audited_without_what_was_typed(clinic: Cast):
    person = with_password(clinic, "nurse")
    before = len(house_events())
    assert sign_in(Client(), person.email, "not the password at all").status_code == 200
    assert sign_in(Client(), "hunter2@nowhere.example", "hunter2hunter2").status_code == 200
    known, unknown = house_events()[before:]
    assert known[0] == unknown[0] == "person.sign_in_failed"
    assert (known[1]["why"], known[2]) == ("password", person.pk)
    assert unknown[2] is None
    assert "hunter2" not in str(unknown)
    assert "not the password" not in str(known)


def test_guessing_locks_the_address_and_says_for_how_long(clinic: Cast):
    person = with_password(clinic, "nurse")
    for _try in range(5):
        page = sign_in(Client(), person.email, "wrong wrong wrong")
        assert page.status_code == 200
        assert "do not go together" in page.content.decode()
    # The right password is no help now, from another device of the same network neither.
    page = sign_in(Client(), person.email)
    assert page.status_code == 200
    assert "Wait 15 minutes" in page.content.decode()
    assert house_events()[-1][1]["why"] == "locked"
    before = len(house_events())
    for number in range(3):  # no audit row is ever removed, so a flood of tries writes one a minute
        assert sign_in(Client(), f"guess{number}@nowhere.example", "wrong wrong wrong").status_code == 200
        assert sign_in(Client(), person.email).status_code == 200
    assert [detail["why"] for _action, detail, _person in house_events()[before:]].count("locked") == 0


def test_wrong_tries_are_counted_by_person_whatever_the_host_and_the_spelling(clinic: Cast):
    """The port of a Host header is anybody's to choose; İ, ı and ſ are i and s to the database."""
    person = with_password(clinic, "nurse")
    spellings = [person.email, person.email.upper(), f" {person.email}", person.email.replace("s", "ſ"), person.email]
    for port, spelling in enumerate(spellings, start=8001):
        sign_in(Client(headers={"host": f"localhost:{port}"}), spelling, "wrong wrong wrong")
    assert "Wait 15 minutes" in sign_in(Client(headers={"host": "127.0.0.1:9000"}), person.email).content.decode()


def test_a_reset_link_leads_to_this_house_by_its_own_name(clinic: Cast, settings: Any):
    client = Client(headers={"host": "localhost:666"})
    client.post("/accounts/password/reset/", {"email": with_password(clinic, "nurse").email})
    assert f"{settings.ENV.public_url}/accounts/password/reset/key/" in posted()[-1].text
    assert ":666" not in posted()[-1].text


def test_the_lock_opens_by_itself(clinic: Cast, monkeypatch: pytest.MonkeyPatch):
    person = with_password(clinic, "nurse")
    for _try in range(5):
        sign_in(Client(), person.email, "wrong wrong wrong")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 14 * 60 + 30)
    assert "Wait 1 minute," in sign_in(Client(), person.email).content.decode()
    monkeypatch.setattr(time, "time", lambda: now + 15 * 60 + 1)
    assert sign_in(Client(), person.email).status_code == 302


def test_a_network_that_guesses_many_addresses_is_locked_too(clinic: Cast):
    for number in range(10):
        sign_in(Client(), f"guess{number}@nowhere.example", "wrong wrong wrong")
    assert "Wait 5 minutes" in sign_in(Client(), with_password(clinic, "nurse").email).content.decode()


def test_signing_in_rightly_does_not_count_towards_the_lock(clinic: Cast):
    person = with_password(clinic, "nurse")
    for _try in range(6):
        assert sign_in(Client(), person.email).status_code == 302


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 minute,"), (60, "1 minute,"), (61, "2 minutes"), (899, "15 minutes")]
)
def test_the_wait_is_never_said_too_short(seconds: float, words: str):
    assert words in wait_words(seconds)


def test_wrong_codes_lock_the_second_factor(clinic: Cast):
    person = with_password(clinic, "nurse")
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client = Client()
    assert sign_in(client, person.email)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/accounts/2fa/authenticate/").status_code == 200
    for _try in range(5):
        assert "does not fit" in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert "Wait 15 minutes" in client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)}).content.decode()
    assert [e[1]["why"] for e in house_events()][-5:] == ["second_factor"] * 5


def test_the_second_factor_lets_in(clinic: Cast):
    person = with_password(clinic, "nurse")
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client = Client()
    sign_in(client, person.email)
    assert client.get("/clinic/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)}).status_code == 302
    assert client.get("/clinic/").status_code == 200


def test_the_secret_of_a_second_factor_is_kept_sealed(clinic: Cast):
    secret = generate_totp_secret()
    TOTP.activate(clinic.members["nurse"].person, secret)
    kept = Authenticator.objects.get(user=clinic.members["nurse"].person)
    assert secret not in str(kept.data)
    assert kept.wrap().validate_code(code_for(secret))


def test_removing_the_last_factor_closes_the_clinic_again(clinic: Cast):
    person = with_password(clinic, "nurse")
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client = Client()
    sign_in(client, person.email)
    client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert client.get("/clinic/").status_code == 200
    gate = client.get("/accounts/2fa/totp/deactivate/")
    assert gate["Location"].startswith("/accounts/reauthenticate/")
    client.post(gate["Location"], {"password": GOOD})
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=person).exists()
    assert client.get("/clinic/")["Location"] == "/accounts/second-factor/"


# ---------------------------------------------------------------- demo


@pytest.mark.parametrize(("demo", "lands"), [(True, True), (False, False)])
def test_invented_people_sign_in_only_in_the_demo(clinic: Cast, settings, demo: bool, lands: bool):
    person = with_password(clinic, "nurse")
    Person.objects.filter(pk=person.pk).update(demo=True)
    settings.DEMO = demo
    client = Client()
    assert sign_in(client, person.email).status_code == (302 if lands else 200)
    assert (client.get("/clinic/").status_code == 200) is lands


def test_a_demo_session_does_not_outlive_the_demo(clinic: Cast, settings):
    person = with_password(clinic, "nurse")
    Person.objects.filter(pk=person.pk).update(demo=True)
    settings.DEMO = True
    client = Client()
    sign_in(client, person.email)
    assert client.get("/clinic/").status_code == 200
    settings.DEMO = False
    assert client.get("/clinic/")["Location"].startswith(LOGIN)


# ---------------------------------------------------------------- sessions, and time that runs out


def test_the_session_list_signs_out_the_others(clinic: Cast):
    person = with_password(clinic, "front_desk")
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, person.email)
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("<tr>") == 3
    assert "Sign out the others" in page
    assert here.post("/accounts/sessions/").status_code == 302
    assert UserSession.objects.filter(user=person).count() == 1
    assert there.get("/accounts/sessions/")["Location"].startswith(LOGIN)
    assert here.get("/accounts/sessions/").status_code == 200


def test_one_device_is_signed_out_from_afar_and_nobody_elses(clinic: Cast):
    person, other = with_password(clinic, "front_desk"), with_password(clinic, "nurse")
    here, lost, theirs = Client(), Client(), Client()
    for client, who in ((here, person), (lost, person), (theirs, other)):
        sign_in(client, who.email)
    session_of = {each.session_key: reverse("entry:end_device", args=[each.pk]) for each in UserSession.objects.all()}
    end_here, end_lost, end_theirs = (session_of[str(each.session.session_key)] for each in (here, lost, theirs))
    page = here.get("/accounts/sessions/").content.decode()
    assert end_lost in page
    assert end_here not in page
    assert "What lies on a device" in page
    for address in (end_lost, end_here):
        assert here.post(address)["Location"] == "/accounts/sessions/"
    assert here.post(end_theirs).status_code == 404
    assert here.get(end_lost).status_code == 405
    assert lost.get("/accounts/sessions/")["Location"].startswith(LOGIN)
    assert here.get("/accounts/sessions/").status_code == 200
    assert UserSession.objects.filter(user=other).count() == 1  # the nurse's second factor is not there yet
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.filter(action="person.signed_out").count() == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Clock:
        now = time.time()

        def go(self, seconds: float) -> None:
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


STAFF_LIMIT = 30 * 60
POLLS = [{"HTTP_HX_REQUEST": "true"}, {"HTTP_SEC_FETCH_DEST": "empty"}]


def test_an_idle_session_ends(clinic: Cast, clock: Any):
    client = clinic.client("nurse")
    assert client.get("/clinic/").status_code == 200
    clock.go(STAFF_LIMIT - 1)
    assert client.get("/clinic/").status_code == 200
    clock.go(STAFF_LIMIT + 1)
    assert client.get("/clinic/")["Location"].startswith(LOGIN)
    assert client.get("/clinic/")["Location"].startswith(LOGIN)


@pytest.mark.parametrize("poll", POLLS)
def test_a_page_that_reads_by_itself_does_not_keep_the_session_alive(clinic: Cast, clock: Any, poll: dict[str, str]):
    client = clinic.client("nurse")
    client.get("/clinic/")
    for _minute in range(29):
        clock.go(60)
        assert client.get("/clinic/", **poll).status_code == 200
    clock.go(90)
    told = client.get("/clinic/", **poll)  # the page goes to the door; its part never shows the door within itself
    assert (told.status_code, told.get("HX-Redirect", "")) in {(302, ""), (200, LOGIN)}
    assert client.get("/clinic/").status_code == 302


def test_a_person_who_types_stays_signed_in(clinic: Cast, clock: Any):
    client = clinic.client("nurse")
    client.get("/clinic/")
    for _minute in range(45):
        clock.go(60)
        assert client.post("/here/").status_code == 204
    assert client.get("/clinic/").status_code == 200


def test_a_sign_in_ends_after_twelve_hours_however_busy(clinic: Cast, clock: Any):
    client = clinic.client("nurse")
    client.get("/clinic/")
    for _third in range(36):
        clock.go(20 * 60)
        assert client.post("/here/").status_code == 204
    clock.go(60)
    assert client.post("/here/")["Location"].startswith(LOGIN)


def test_an_upload_larger_than_any_page_sends_is_refused_unread(clinic: Cast):
    file = SimpleUploadedFile("large.csv", b"x" * 4_000_001)
    answer = Client(enforce_csrf_checks=True).post(LOGIN, {"login": "a@b.example", "file": file})
    assert answer.status_code == 400  # and not the 403 of whoever read it
    assert "could not read" in answer.text


def test_a_part_of_a_page_leads_a_stranger_to_the_door(clinic: Cast):
    told = Client().get("/clinic/", headers={"HX-Request": "true"})
    assert (told.status_code, told["HX-Redirect"]) == (200, LOGIN)
    assert Client().get("/clinic/")["Location"] == f"{LOGIN}?next=/clinic/"


def test_patients_have_an_hour(clinic: Cast, clock: Any):
    client, link = Client(), path_of(invite(clinic, "ana@home.example", "patient", patient_id=77).link)
    client.post(link, {"password": GOOD})
    client.get("/")
    clock.go(STAFF_LIMIT + 60)
    assert client.get("/")["Location"] == "/today/"
    clock.go(60 * 60 + 1)
    assert client.get("/")["Location"].startswith(LOGIN)


def test_access_that_ended_closes_the_next_page(clinic: Cast):
    client, by = clinic.client("nurse"), clinic.actor("clinic_admin")
    assert client.get("/clinic/").status_code == 200
    with acting_as(by):
        accounts_actions.end_membership(by=by, membership_id=clinic.members["nurse"].pk)
    assert client.get("/clinic/")["Location"] == "/nowhere/"


# ---------------------------------------------------------------- pages that a person can meet

ANYBODY = [LOGIN, "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/",
           "/accounts/password/reset/key/done/", "/accounts/password/reset/key/1-set-password/"]  # fmt: skip
SIGNED_IN = ["/accounts/logout/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/webauthn/",
             "/accounts/sessions/", "/accounts/reauthenticate/", "/accounts/second-factor/"]  # fmt: skip
CLOSED = ["/accounts/signup/", "/accounts/email/", "/accounts/confirm-email/", "/accounts/confirm-email/abc/",
          "/accounts/login/code/confirm/", "/accounts/password/set/"]  # fmt: skip


def looks_like_ours(response: Any) -> None:
    page = response.content.decode()
    assert response.status_code == 200
    assert 'class="portal-head"' in page
    assert "<h1" in page
    assert "style=" not in page
    for script in re.findall(r"<script[^>]*>", page):
        assert "src=" in script or 'type="application/json"' in script, script


@pytest.mark.parametrize("path", ANYBODY)
def test_pages_for_anybody(path: str, db: None):
    looks_like_ours(Client().get(path))


@pytest.mark.parametrize("path", SIGNED_IN)
def test_pages_for_the_signed_in(path: str, clinic: Cast):
    with_password(clinic, "nurse")
    looks_like_ours(clinic.client("nurse").get(path))


@pytest.mark.parametrize("path", CLOSED)
def test_pages_that_this_house_does_not_offer(path: str, clinic: Cast):
    assert Client().get(path).status_code == 404
    assert clinic.client("nurse").get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/deactivate/",
     "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/webauthn/"],
)  # fmt: skip
def test_pages_behind_a_fresh_password(path: str, clinic: Cast):
    person = with_password(clinic, "nurse")
    if "activate" not in path or "deactivate" in path:
        from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

        TOTP.activate(person, generate_totp_secret())
        RecoveryCodes.activate(person)
    client = clinic.client("nurse")
    client.post("/accounts/reauthenticate/", {"password": GOOD})
    looks_like_ours(client.get(path))


def test_passkeys_can_be_used_under_the_security_policy(clinic: Cast):
    page = Client().get(LOGIN)
    assert "script-src 'self'" in page["Content-Security-Policy"]
    body = page.content.decode()
    assert 'data-allauth-onload="allauth.webauthn.forms.loginForm" type="application/json"' in body
    options = Client().get("/accounts/2fa/webauthn/login/", HTTP_ACCEPT="application/json")
    assert options.json()["request_options"]["publicKey"]["challenge"]


def test_the_door_needs_few_queries(clinic: Cast):
    with at_most(12):
        Client().get(LOGIN)
    link = path_of(invite(clinic).link)
    with at_most(12):
        Client().get(link)


def test_switching_is_for_ones_own_memberships(clinic: Cast, other_clinic: Cast):
    client = clinic.client("nurse")
    other = other_clinic.members["nurse"]
    assert client.post(reverse("switch", args=[other.pk])).status_code == 404
    with acting_as(other_clinic.actor("nurse")):
        second = Membership.objects.create(
            clinic=other_clinic.clinic, person=clinic.members["nurse"].person, role="therapist", name="Also here"
        )
    assert client.post(reverse("switch", args=[second.pk])).status_code == 302
    assert other_clinic.clinic.name in client.get("/clinic/").content.decode()


def test_the_lock_lives_in_the_database(db: None):
    """Two processes must count together."""
    cache.set("door", 1, 5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM house_cache WHERE cache_key LIKE %s", ["%door"])
        assert cursor.fetchone()[0] == 1
