"""K6: what a monitor sends and is not used is seen: by monitor, by sender, and for the whole installation.

Sent to the real listener, read from the pages.
"""

from __future__ import annotations

import re
from datetime import timedelta

from django.urls import reverse

from sojourn.care.vitals import whose
from sojourn.care.vitals.models import Device, Stranger
from sojourn.config.cli.operations import monitors_findings
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from tests.cases.bedside import ELSEWHERE, Bedside, bedside, cuff, heart, spo2

__all__ = ["bedside"]

REFUSED = (
    ("QRY^A19", "Another kind of message"),
    ("ADT^A01", "Another kind of message"),
    ("ORU^R30", "Another kind of message"),
    ("ORU^R40", "Another kind of message"),
)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_was_refused_is_counted_and_named(bedside: Bedside):
    for kind, _ in REFUSED:
        text = bedside.message(spo2(97)).replace("ORU^R01^ORU_R01", kind)
        assert bedside.line().send(text) == "AR"
    assert bedside.line().send(rf"FHS|^~\&|QA|LAB||||||{bedside.sent}") == "AR"
    assert bedside.line().send("this is no message at all") == "AR"
    page = words(bedside.page("monitors"))
    for _, said in REFUSED:
        assert said in page
    assert "The message does not begin with its header (MSH)." in page
    assert "There are none" not in page


def test_a_monitor_that_sends_only_unknown_codes_does_not_look_healthy(bedside: Bedside):
    bedside.seat()
    for _ in range(3):
        bedside.clock.later(seconds=6)  # a listener writes what it has counted every few seconds
        assert bedside.send("OBX|1|NM|9901^PVC^99ACME|1|3|||||||R") == "AA"
    page = words(bedside.page("monitors"))
    assert "One thing it sends is not used : M1 Not known : 9901 PVC × 3" in page


def test_what_is_doubted_is_counted_and_named(bedside: Bedside):
    """K6: what a monitor sends and nobody believes is named by vital sign and reason, with how often and when last."""
    _stage, _ = bedside.seat()
    bedside.send(spo2(97))
    for _ in range(3):
        bedside.clock.later(seconds=6)
        bedside.send(spo2(96), stamp=bedside.utc(timedelta(hours=5)))
    bedside.clock.later(seconds=6)
    questionable = heart(75).replace("|||||R", "||QUES|||R")
    bounded = spo2(97).replace("|97|", "|>95|")
    bedside.send(questionable, bounded, heart(400).replace("1.2", "1.9"))
    bedside.clock.later(seconds=6)
    for text in (bedside.message(*cuff(120, 70), stamp="NONE"), bedside.message(spo2(97)).replace("|P|2.6", "|T|2.6")):
        bedside.line().send(text.replace("NONE", ""))
    bedside.clock.later(seconds=6)
    bedside.send(spo2(97), host=ELSEWHERE)
    bedside.clock.later(seconds=6)
    bedside.send(spo2(97))
    page = words(bedside.page("monitors"))
    for said in (
        "Doubted : Oxygen saturation , the monitor's clock is in doubt × 3",
        "Doubted : Heart rate , the monitor itself doubts it × 1",
        "Doubted : Oxygen saturation , the monitor gave only a limit for it: more than this × 1",
        "Doubted : Heart rate , outside of what is plausible × 1",
        "Doubted : Systolic blood pressure, cuff , time unknown × 1",
        "Doubted : Oxygen saturation , a test message of the monitor × 1",
        "Doubted : Oxygen saturation , it came from another address × 1",
    ):
        assert said in page, said
    said = [text for well, text in monitors_findings() if not well]
    assert any(text.startswith("of M1, 10 values were doubted") and "spo2 clock × 3" in text for text in said), said


def test_a_number_that_was_left_is_named(bedside: Bedside):
    """A number that its monitor marks as none, and a withdrawal that strikes nothing: answered AA, and on no page."""
    bedside.seat()
    measured = bedside.utc()
    bedside.send(spo2(79, measured))
    never = bedside.utc(timedelta(minutes=-3))
    for row, processing, stamp in (
        (spo2(79, status="I"), "P", 0),
        (heart(79, status="N"), "P", 0),
        (heart(79).replace("|||||R", "||TEST|||R"), "P", 0),
        (spo2(79, never, status="D"), "P", 0),
        (spo2(79, measured, status="D"), "T", 0),
        (spo2(79, measured, status="D"), "P", 5),
        (spo2(79, status="W"), "P", None),
    ):
        bedside.clock.later(seconds=6)
        said = "NONE" if stamp is None else bedside.utc(timedelta(hours=stamp))
        text = bedside.message(row, stamp=said).replace("NONE", "").replace("|P|2.6", f"|{processing}|2.6")
        assert bedside.line().send(text) == "AA"
    bedside.clock.later(seconds=6)
    bedside.send(spo2(97))
    page = words(bedside.page("monitors"))
    for said in (
        "Oxygen saturation , a number that the monitor calls not measured yet",
        "Heart rate , a number that the monitor calls not measured",
        "Heart rate , a test message of the monitor",
        "Oxygen saturation , the monitor took back a value that is not here or was taken back before",
        "Oxygen saturation , the monitor took back a value in a test message; the value stays",
        "Oxygen saturation , the monitor took back a value in a message that is in doubt; the value stays",
        "Oxygen saturation , the monitor took back a value without saying when it was measured",
    ):
        assert f"Refused : {said} × 1" in page


def test_the_tile_of_a_doubted_value_says_why(bedside: Bedside):
    stage, _ = bedside.seat()
    for row, word in (
        (heart(75).replace("|||||R", "||QUES|||R"), "Questionable"),
        (heart(75).replace("|||||R", "||EARLY|||R"), "Questionable"),
        (heart(75).replace("|75|", "|>70|"), "More than this"),
        (heart(75).replace("|75|", "|0.5|"), "Not believable"),
    ):
        bedside.clock.later(seconds=40)
        bedside.send(row)
        chairs = bedside.cast.client("nurse").get(reverse("console:board")).context["chairs"]
        (shown,) = [each for each in next(c for c in chairs if c.id == stage.id).figures if each.key == "hr"]
        assert (shown.word, shown.stale) == (word, True)


def test_what_belongs_to_no_clinic_is_on_the_installations_page_and_claimed_at_the_bedside(bedside: Bedside):
    assert bedside.send(spo2(83), heart(141), bed="^^BAY4711", pid="SECRET99||Doe^Jane", shared=True) == "AE"
    listed = bedside.page("monitors")
    assert "to this server" in listed
    page = bedside.page("monitors_unclaimed")
    said = words(page)
    assert "bed:BAY4…" in said
    for hidden in ("4711", "SECRET99", "Jane"):
        assert hidden not in page
    (line,) = [words(each) for each in page.split("<li") if "bed:BAY4…" in each]
    assert {"HR × 1", "SpO₂ × 1"} == set(re.findall(r"[A-Za-z₂]+ × [0-9]+", line))
    assert not {"83", "141"} & set(re.findall(r"[0-9]+", line))
    with acting_as(bedside.cast.actor("nurse")):
        row = Stranger.objects.get(clinic_id=None, name="bed:BAY4711")
    address = reverse("console:monitor_claim", args=[row.pk])
    client = bedside.cast.client("nurse")
    wrong = client.post(address, {"code": "4712", "name": "Bay 4"})
    assert wrong.status_code == 409
    assert "That is not how its name ends" in wrong.content.decode()
    assert client.post(address, {"code": "711", "name": "Bay 4"}).status_code == 302
    with acting_as(bedside.cast.actor("nurse")):
        assert Device.objects.get().key == "bed:BAY4711"
    with acting_as(bedside.cast.actor("auditor")):
        assert AuditEvent.objects.filter(action="monitor.claimed").count() == 1
    bedside.clock.later(seconds=1)
    assert bedside.send(spo2(97), bed="^^BAY4711", shared=True) == "AA"
    assert "BAY4…" not in words(bedside.page("monitors_unclaimed"))


def test_who_may_not_register_sees_nothing_of_it(bedside: Bedside):
    for role in ("front_desk", "auditor", "therapist"):
        assert bedside.cast.client(role).get(reverse("console:monitors_unclaimed")).status_code == 403


def test_the_end_of_a_name_is_hidden_and_only_the_bedside_shows_it():
    assert whose.masked("bed:BAY4711") == ("bed:BAY4…", "711")
    assert whose.masked("bed:1") == ("bed:…", "1")
    assert whose.masked("eui64:000F14049B507238") == ("eui64:000F14049B50…", "7238")
    assert whose.masked("bed:AB-12") == ("bed:AB-…", "12")
    assert whose.masked("bed:-") == ("bed:-…", "")
    assert whose.masked("address:10.0.0.75") == ("address:10.0.…", "0.75")


def test_the_doctor_says_it_too(bedside: Bedside):
    assert bedside.send(spo2(97), bed="^^DOC1", shared=True) == "AE"
    found = [text for well, text in monitors_findings() if not well]
    assert any("belong to no clinic" in each for each in found)
