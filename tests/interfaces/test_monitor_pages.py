"""The clinic's monitors: adding with one press, retiring, and what came in that could not be used."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device, InboundMessage, NotUsed, Stranger
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from sojourn.interfaces.console.monitors.faults import KINDS, fault_words
from sojourn.interfaces.console.monitors.raw import visible
from tests.care.stage import adopt_everything, to_dosing
from tests.conftest import Cast

BED = "bed:WARD/BAY3"


def body(response) -> str:
    return html.unescape(response.content.decode())


def device(cast: Cast, name: str = "Bay 1", **more) -> Device:
    by = cast.actor("clinic_admin")
    with acting_as(by):
        found = vitals_actions.add_device(by=by, name=name, key=f"bed:{name}", maker="Mindray")
        Device.objects.filter(pk=found.pk).update(**more)
    return found


def fault(cast: Cast, text: str, *, at: datetime | None = None, peer: str = "10.0.0.7:51000", raw: bytes = b"") -> int:
    raw = raw or f"{text}{timezone.now().timestamp()}".encode()
    with acting_as(cast.actor("clinic_admin")):
        return InboundMessage.objects.create(
            clinic_id=cast.clinic.pk, received_at=at or timezone.now(), peer=peer,
            digest=hashlib.sha256(raw).digest(), raw=raw, ack="AE", fault=text, control_id="42",
        ).pk  # fmt: skip


def unknown(cast: Cast, key: str = BED, *, count: int = 1, at: datetime | None = None, **more) -> int:
    """A monitor that nobody knows, as the listener counts it."""
    at = at or timezone.now()
    with acting_as(cast.actor("clinic_admin")):
        return Stranger.objects.create(
            **{"clinic_id": cast.clinic.pk, "host": "10.0.0.7", "name": key, "keys": key, "codes": {"spo2": count},
               "reason": f"unknown monitor {key}; kept, not charted: add it in Sojourn", "count": count,
               "first_at": at, "last_at": at} | more
        ).pk  # fmt: skip


def test_the_list_says_last_heard_on_whom_and_how_the_clock_goes(clinic: Cast, django_assert_max_num_queries):
    adopt_everything(clinic)
    seen = timezone.now() - timedelta(minutes=3)
    on = device(clinic, clock_skew_s=-420.0, last_seen_at=seen)
    device(clinic, "Bay 2")
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
        vitals_actions.put_on(by=clinic.actor("nurse"), device_id=on.pk, encounter_id=stage.id)
    unknown(clinic, count=30)
    for each in range(30):
        fault(clinic, "truncated: a message broke off before its end", peer=f"10.0.0.7:{50000 + each}")
    client = clinic.client("nurse")
    client.get(reverse("console:monitors"))
    with django_assert_max_num_queries(13):
        page = body(client.get(reverse("console:monitors")))
    assert "3 minutes ago" in page
    assert "Ana Reyes1, Chair 1" in page
    assert "This monitor's clock is 7 minutes behind; the chart is corrected." in page
    assert "nothing yet" in page
    assert "Add this monitor" in page  # a nurse who plugs one in can say that it is the clinic's
    assert "Add a monitor by its identifier" not in page
    assert "Look at the newest" not in page
    admin = body(clinic.client("clinic_admin").get(reverse("console:monitors")))
    assert "Ana" not in admin  # who runs the machines need not know who sits in the chair
    assert "Chair 1" in admin


@pytest.mark.alone
def test_an_unknown_monitor_is_added_with_one_press(clinic: Cast):
    found = unknown(clinic, count=3)
    unknown(clinic, "eui64:0011", at=timezone.now() - timedelta(days=8))
    client = clinic.client("nurse")
    page = body(client.get(reverse("console:monitors")))
    assert BED in page
    assert "3 messages" in page
    assert "SpO₂ × 3" in page
    assert "eui64:0011" not in page  # still for a week
    assert re.findall(r'<input[^>]*name="name" value="([^"]*)"', page) == ["WARD/BAY3"]
    for _ in range(2):
        answer = client.post(reverse("console:monitor_register", args=[found]), {"name": "Bay 3"})
    assert answer.status_code == 409
    assert "A monitor with this identifier exists already." in body(answer)
    with acting_as(clinic.actor("clinic_admin")):
        added = Device.objects.get()
    assert (added.key, added.name, added.address) == (BED, "Bay 3", "10.0.0.7")
    assert "Add this monitor" not in body(client.get(reverse("console:monitors")))


def test_what_a_monitor_sends_and_is_not_used_is_named_with_counts(clinic: Cast):
    found = device(clinic)
    now = timezone.now()
    with acting_as(clinic.actor("clinic_admin")):
        for kind, what, name, count in (
            ("unmapped", "1003", "RR", 40), ("assumed", "spo2", "unit_assumed", 7), ("refused", "patient", "", 2),
            ("doubted", "hr clock", "", 3), ("refused", "0002-5012 unit", "etCO2", 5),
        ):  # fmt: skip
            NotUsed.objects.create(
                clinic=clinic.clinic,
                device=found,
                kind=kind,
                what=what,
                name=name,
                count=count,
                first_at=now,
                last_at=now,
            )
    page = " ".join(re.sub(r"<[^>]+>", "", body(clinic.client("nurse").get(reverse("console:monitors")))).split())
    assert "5 things it sends are not used" in page
    assert "Not known: 1003 RR × 40" in page
    assert "Taken on an assumption: Oxygen saturation, it came without a unit; the customary one was taken × 7" in page
    assert "Refused, messages that name another patient × 2" in page
    assert "Doubted: Heart rate, the monitor's clock is in doubt × 3" in page
    assert "Refused: 0002-5012 etCO2, its unit is missing or not understood × 5" in page


@pytest.mark.parametrize("key", ["BAY3", ":x", "bed:", " : "])
def test_an_identifier_needs_its_kind(clinic: Cast, key):
    answer = clinic.client("clinic_admin").post(reverse("console:monitor_add"), {"name": "Bay", "key": key})
    assert answer.status_code == 422
    assert "Write the kind, a colon and the value" in body(answer)


def test_retiring_waits_until_it_is_off_and_a_second_press_is_harmless(clinic: Cast):
    adopt_everything(clinic)
    found = device(clinic)
    client = clinic.client("clinic_admin")
    with acting_as(clinic.actor("nurse")):
        stage = to_dosing(clinic)
        vitals_actions.put_on(by=clinic.actor("nurse"), device_id=found.pk, encounter_id=stage.id)
    address = reverse("console:monitor_retire", args=[found.pk])
    answer = client.post(address)
    assert answer.status_code == 409
    assert "This monitor is on a session. Take it off first." in body(answer)
    with acting_as(clinic.actor("nurse")):
        vitals_actions.take_off(by=clinic.actor("nurse"), device_id=found.pk)
    for _ in range(2):
        assert client.post(address).status_code == 302
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.filter(action="monitor.retired").count() == 1


def test_a_monitor_is_renamed_and_keeps_its_identifier(clinic: Cast):
    found = device(clinic)
    client, address = clinic.client("clinic_admin"), reverse("console:monitor_rename", args=[found.pk])
    assert clinic.client("nurse").post(address, {"name": "Bay 9"}).status_code == 403
    assert client.post(address, {"name": " "}).status_code == 409
    for _ in range(2):
        assert client.post(address, {"name": " Garden  2 "}).status_code == 302
    page = body(client.get(reverse("console:monitors")))
    assert "Garden 2" in page
    assert "bed:Bay 1" in page
    with acting_as(clinic.actor("auditor")):
        assert AuditEvent.objects.filter(action="monitor.renamed").count() == 1


def test_faults_stand_together_by_what_was_wrong_and_who_sent_it(clinic: Cast):
    early = timezone.now() - timedelta(hours=2)
    for port in (1, 2, 3):
        fault(clinic, "garbage: no MSH in 12 bytes", peer=f"10.0.0.9:{port}", at=early)
    fault(clinic, "garbage: no MSH in 12 bytes", peer="10.0.0.8:1", at=early)
    fault(clinic, "the monitor names another patient than the session it is on; kept, not charted")
    page = body(clinic.client("clinic_admin").get(reverse("console:monitors")))
    table = page[page.index('id="faults"') :]
    rows = re.findall(r"<tr><td>.*?</tr>", table, re.S)
    assert len(rows) == 3
    assert "The monitor names another patient" in rows[0]
    counts = {re.search(r"10\.0\.0\.\d", row)[0]: re.search(r'data-label="How many">(\d+)<', row)[1] for row in rows}
    assert counts == {"10.0.0.7": "1", "10.0.0.9": "3", "10.0.0.8": "1"}
    assert "Bytes came in that are no message." in table
    assert "no MSH in 12 bytes" in table


def test_every_kind_of_fault_that_the_reader_knows_has_its_sentence():
    from sojourn.interfaces.devices.words import FAULTS

    assert {kind: str(text) for kind, text in KINDS.items()} == {kind: str(text) for kind, text in FAULTS.items()}
    for kind in FAULTS:
        assert fault_words(f"{kind}: so\nit is") == (str(KINDS[kind]), "so\nit is")
    assert fault_words("something new") == ("something new", "")


def test_the_bytes_are_shown_whole_escaped_and_their_opening_is_audited(clinic: Cast):
    raw = b"\x0bMSH|^~\\&|<script>alert(1)</script>\rPID|1||\xff\x00\r\x1c\r"
    number = fault(clinic, "garbage: x", raw=raw)
    address = reverse("console:monitor_message", args=[number])
    answer = clinic.client("clinic_admin").get(address)
    source = answer.content.decode()
    assert "<script>alert" not in source
    shown = re.search(r"<pre[^>]*>(.*?)</pre>", source, re.S)[1]
    told = re.sub(r"<mark[^>]*>([^<]*)</mark>", r"{\1}", shown)
    assert told == "{VT}MSH|^~\\&amp;|&lt;script&gt;alert(1)&lt;/script&gt;{CR}\nPID|1||{0xFF}{NUL}{CR}\n{FS}{CR}\n"
    with acting_as(clinic.actor("auditor")):
        row = AuditEvent.objects.get(action="monitor.message_opened")
        assert (row.entity_id, row.person_id) == (number, clinic.members["clinic_admin"].person_id)
    for role in ("nurse", "prescriber", "therapist", "auditor", "front_desk"):
        assert clinic.client(role).get(address).status_code == 403


def test_another_clinics_monitors_and_bytes_do_not_exist(clinic: Cast, other_clinic: Cast):
    number, found = fault(clinic, "truncated: a message broke off"), device(clinic)
    client = other_clinic.client("clinic_admin")
    assert client.get(reverse("console:monitor_message", args=[number])).status_code == 404
    assert client.post(reverse("console:monitor_retire", args=[found.pk])).status_code == 404
    page = body(client.get(reverse("console:monitors")))
    assert "BAY3^WARD" not in page
    assert "Bay 1" not in page


def test_a_message_without_a_fault_is_not_opened_here(clinic: Cast):
    number = fault(clinic, "")
    assert clinic.client("clinic_admin").get(reverse("console:monitor_message", args=[number])).status_code == 404


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"", []),
        (b"a\tb", ["a", "TAB", "b"]),
        (b"\x7f", ["DEL"]),
        ("Ñandú µ".encode(), ["Ñandú µ"]),
        (b"\xc3", ["0xC3"]),
        ("\u202egnp".encode(), ["U+202E", "gnp"]),  # a character that turns the text round
        ("\u200b".encode(), ["U+200B"]),
    ],
)
def test_nothing_hides_in_the_bytes(raw, seen):
    assert [piece.text for piece in visible(raw)] == seen


def test_every_byte_is_shown():
    for code in range(256):
        (piece,) = visible(bytes([code]))
        assert piece.hidden is not (0x20 <= code < 0x7F)
        assert piece.text.isprintable()
