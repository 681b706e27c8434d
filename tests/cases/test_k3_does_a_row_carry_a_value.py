"""K3: which rows carry a value: order rows, withdrawals, questionable values, bounds, commas, training."""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse

from sojourn.care.vitals import actions as vitals_actions
from sojourn.care.vitals.models import Device, Observation, PostedWrong
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from tests.cases.monitored import Monitored, monitored, port, row

__all__ = ["monitored", "port"]

pytestmark = pytest.mark.slow


def stamp(seconds: int) -> tuple[datetime, str]:
    """A moment so many seconds from now, and as a monitor writes it."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    return at, at.strftime("%Y%m%d%H%M%S+0000")


@pytest.mark.parametrize("flags", ["QUES", "EARLY", "L~QUES", "BUSY"])
def test_a_questionable_value_raises(monitored: Monitored, flags: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, flags=flags))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


@pytest.mark.parametrize("flags", ["QUES", "EARLY"])
def test_a_questionable_value_clears_nothing(monitored: Monitored, flags: str):
    monitored.send(spo2=79)
    for _ in range(3):
        monitored.send(row("spo2", 98, flags=flags))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


def test_a_bound_that_lies_wholly_beyond_a_limit_counts_as_beyond_it(monitored: Monitored):
    monitored.send(spo2=97)
    monitored.send(row("spo2", "<50"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_a_bound_clears_nothing(monitored: Monitored):
    monitored.send(spo2=79)
    for _ in range(3):
        monitored.send(row("spo2", ">95"))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize(
    ("value", "priority"), [("<94", "medium"), ("<90", "high"), ("<=90", "medium"), ("<95", None), (">40", None)]
)
def test_a_bound_raises_only_where_all_that_it_allows_lies_beyond(
    monitored: Monitored, value: str, priority: str | None
):
    """Limits of spo2.low: below 94 medium, below 90 high. What is more than 40 may be 98."""
    monitored.send(spo2=97)
    monitored.send(row("spo2", value))
    expected = {"spo2.low spo2": ("raised", priority)} if priority else {}
    assert monitored.alarms() == expected


def test_less_than_a_high_pressure_is_no_high_pressure(monitored: Monitored):
    monitored.send(nibp_sys=120, nibp_dia=80)
    monitored.send(row("nibp_sys", "<200"))
    assert monitored.alarms() == {}


@pytest.mark.parametrize("status", ["D", "W"])
@pytest.mark.parametrize("by", ["training", "row marked as a test", "clock in doubt"])
def test_what_is_in_doubt_or_a_test_takes_nothing_back(monitored: Monitored, status: str, by: str):
    """A withdrawal ends alarms: a training message's, or one of which the time is not believed, must not."""
    at, text = stamp(0)
    monitored.send(row("spo2", 79, at=text), at=at)
    back = row("spo2", 79, status=status, at=text, flags="TEST" if by.startswith("row") else "")
    if by == "clock in doubt":
        monitored.send(back, stamped=at + timedelta(hours=1))
    else:
        monitored.send(back, processing="T" if by == "training" else "P")
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    assert monitored.figure("spo2").value == "79"


def test_an_amended_value_supersedes_as_a_corrected_one_does(monitored: Monitored):
    """Table 0085: A, amended, replaces what was sent."""
    at, text = stamp(-1)
    monitored.send(row("spo2", 79, at=text), at=at)
    monitored.send(row("spo2", 98, status="A", at=text), at=at)
    with acting_as(monitored.cast.actor("nurse")):
        rows = list(Observation.objects.filter(encounter_id=monitored.stage.id, code="spo2", method="monitor"))
    assert {each.value: each.supersedes_id for each in rows} == {79: None, 98: rows[0].pk}


@pytest.mark.parametrize(("processing", "flags"), [("T", ""), ("P", "QUES")])
def test_a_correction_in_doubt_corrects_nothing(monitored: Monitored, processing: str, flags: str):
    at, text = stamp(-1)
    monitored.send(row("spo2", 79, at=text), at=at)
    monitored.send(row("spo2", 98, status="C", flags=flags, at=text), at=at, processing=processing)
    with acting_as(monitored.cast.actor("nurse")):
        assert not Observation.objects.filter(encounter_id=monitored.stage.id, supersedes_id__isnull=False).exists()
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")


def test_an_alarm_that_recovered_unseen_stays_when_its_value_is_withdrawn(monitored: Monitored):
    at, text = stamp(-3)
    monitored.send(row("spo2", 79, at=text), at=at)
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, status="D", at=text), at=at)
    assert monitored.alarms()["spo2.low spo2"][0] == "recovered"
    alarm = next(each for each in monitored.session()["alarms"] if each["rule"] == "spo2.low")
    assert alarm["why"] == "withdrawn-by-monitor"


@pytest.mark.parametrize("status", ["D", "W"])
def test_a_withdrawn_value_raises_nothing_and_is_not_shown(monitored: Monitored, status: str):
    """Posted as wrong, perhaps on the wrong patient: it was charted, with a high alarm."""
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, status=status))
    assert monitored.alarms() == {}
    assert monitored.figure("spo2").value != "79"


@pytest.mark.parametrize("value", ["1,024", "0,79,1", "^60^-^79"])
def test_what_may_be_two_numbers_is_none(monitored: Monitored, value: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", value))
    assert monitored.alarms() == {}
    assert monitored.figure("spo2").value == "97"


def test_an_order_row_is_no_value_in_a_dialect_that_does_not_say_so(monitored: Monitored):
    monitored.send(spo2=97)
    monitored.send(row("spo2", 79, status="O"))
    assert monitored.alarms() == {}


@pytest.mark.parametrize("processing", ["T", "D"])
def test_training_neither_raises_nor_clears(monitored: Monitored, processing: str):
    monitored.send(row("spo2", 79), processing=processing)
    assert monitored.alarms() == {}
    monitored.send(spo2=79)
    monitored.send(row("spo2", 98), processing=processing)
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize("flags", ["INV", "DEMO", "TEST"])
def test_what_is_marked_as_none_neither_raises_nor_clears(monitored: Monitored, flags: str):
    monitored.send(row("spo2", 79, flags=flags))
    assert monitored.alarms() == {}
    monitored.send(spo2=79)
    monitored.send(row("spo2", 98, flags=flags))
    assert monitored.alarms()["spo2.low spo2"][0] == "raised"


@pytest.mark.parametrize("value", ["-100", "32767", "8388607", "-1", "---", "NaN", "INF"])
def test_a_probe_that_is_off_empties_its_tile_at_once(monitored: Monitored, value: str):
    monitored.send(spo2=97)
    monitored.send(row("spo2", value))
    assert monitored.figure("spo2").value != "97"
    assert monitored.alarms() == {}


# ---------------------------------------------------------------- whose it was, and of which probe


def question(monitored: Monitored) -> str:
    page = monitored.cast.client("nurse").get(reverse("console:session_monitor", args=[monitored.stage.id]))
    return " ".join(html.unescape(page.content.decode()).split())


def say(monitored: Monitored, answer: str) -> HttpResponse:
    """Press a button of the question as the page has it."""
    page = question(monitored)
    values = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("seen", "device", "upto")}
    address = reverse("console:session_monitor", args=[monitored.stage.id])
    return monitored.cast.client("nurse").post(address, {**values, "do": answer}, follow=True)


def sent_and_taken_back(monitored: Monitored, status: str = "W", value: float = 96) -> str:
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", value, at=at))
    monitored.send(row("spo2", value, at=at, status=status))
    return at


def test_what_was_posted_as_wrong_asks_whose_it_was(monitored: Monitored):
    """Also where the value was within all limits, and no alarm is there to stay as withdrawn."""
    sent_and_taken_back(monitored)
    assert monitored.alarms() == {"monitor.posted_wrong monitor": ("raised", "medium")}
    session = monitored.session_page()
    assert "The monitor took a value back: perhaps another patient's" in session
    assert "Look, and say it here" in session
    asked = question(monitored)
    assert re.search(r"M took this back as wrong, perhaps another patient's: Saturation 96\s% at [0-9]", asked)
    assert "The cables are on this patient" in asked
    monitored.send(spo2=97)  # what it sends later answers nothing
    assert monitored.alarms()["monitor.posted_wrong monitor"] == ("raised", "medium")
    assert say(monitored, "this-patient").status_code == 200
    assert monitored.alarms() == {}
    assert "took this back" not in question(monitored)
    with acting_as(monitored.cast.actor("auditor")):
        (event,) = AuditEvent.objects.filter(action="monitor.whose_answered")
    assert (event.detail["answer"], event.detail["values"]) == ("this-patient", 1)
    with acting_as(monitored.cast.actor("nurse")):
        answered = PostedWrong.objects.get(encounter_id=monitored.stage.id)
    assert (answered.answer, answered.value, answered.answered_by_id) == (
        "this-patient", 96, monitored.cast.actor("nurse").member,
    )  # fmt: skip


def test_who_says_that_it_was_somebody_elses_is_left_where_the_monitor_is_taken_off(monitored: Monitored):
    sent_and_taken_back(monitored)
    answer = say(monitored, "other-patient")
    page = " ".join(html.unescape(answer.content.decode()).split())
    assert answer.redirect_chain == [(reverse("console:session_monitor", args=[monitored.stage.id]), 302)]
    assert "Take M off this patient, and look at what it has charted here." in page
    assert re.search(r'value="off"[^>]*>.*?Take M off', page)


def test_a_question_that_somebody_has_answered_is_not_answered_twice(monitored: Monitored):
    sent_and_taken_back(monitored)
    page = question(monitored)
    values = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("seen", "device", "upto")}
    address = reverse("console:session_monitor", args=[monitored.stage.id])
    client = monitored.cast.client("nurse")
    assert client.post(address, {**values, "do": "this-patient"}).status_code == 302
    again = client.post(address, {**values, "do": "other-patient"})
    assert again.status_code == 409
    assert "Somebody has answered this already." in html.unescape(again.content.decode())


def test_a_later_question_is_not_answered_with_an_earlier_one(monitored: Monitored):
    sent_and_taken_back(monitored)
    page = question(monitored)
    values = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("seen", "device", "upto")}
    time.sleep(1.1)  # another second, as the monitor stamps it
    sent_and_taken_back(monitored, value=95)
    address = reverse("console:session_monitor", args=[monitored.stage.id])
    monitored.cast.client("nurse").post(address, {**values, "do": "this-patient"})
    assert "Saturation 95" in question(monitored)
    assert "Saturation 96" not in question(monitored)
    assert "monitor.posted_wrong monitor" in monitored.alarms()


def test_what_was_merely_deleted_asks_nothing(monitored: Monitored):
    sent_and_taken_back(monitored, "D")
    assert monitored.alarms() == {}
    assert "took this back" not in question(monitored)


def standing(monitored: Monitored, code: str = "spo2") -> list[tuple[float, str]]:
    """The monitor's readings that nothing supersedes, and where they came from."""
    with acting_as(monitored.cast.actor("nurse")):
        rows = list(Observation.objects.filter(encounter_id=monitored.stage.id, code=code, method="monitor"))
    gone = {each.supersedes_id for each in rows}
    return [(each.value, each.status) for each in rows if each.pk not in gone and each.status != "withdrawn"]


@pytest.mark.parametrize(("status", "repeated"), [("D", True), ("W", True), ("D", False)])
def test_of_two_probes_at_one_instant_the_one_that_is_named_is_withdrawn(
    monitored: Monitored, status: str, repeated: bool
):
    """OBX-4 tells them apart, also where both showed the same number."""
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    finger, ear = "1.3.1.150456", "1.3.2.150456"
    monitored.send(row("spo2", 96, at=at, site=finger), row("spo2", 96, at=at, site=ear))
    assert standing(monitored) == [(96, "final"), (96, "final")]
    monitored.send(row("spo2", 96 if repeated else "", at=at, site=ear, status=status))
    assert standing(monitored) == [(96, "final")]
    with acting_as(monitored.cast.actor("nurse")):
        rows = list(Observation.objects.filter(encounter_id=monitored.stage.id, code="spo2", method="monitor"))
    struck = next(each for each in rows if each.pk in {one.supersedes_id for one in rows})
    assert struck.source.endswith(ear)


def test_the_alarm_of_a_withdrawn_probe_is_over_and_the_other_is_shown(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", 97, at=at, site="1.3.1"), row("spo2", 79, at=at, site="1.3.2"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    monitored.send(row("spo2", "", at=at, site="1.3.2", status="D"))
    assert monitored.alarms()["spo2.low spo2"][0] == "recovered"
    assert monitored.figure("spo2").value == "97"


def test_a_probe_that_is_withdrawn_leaves_the_alarm_of_the_other(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", 97, at=at, site="1.3.1"), row("spo2", 79, at=at, site="1.3.2"))
    monitored.send(row("spo2", "", at=at, site="1.3.1", status="D"))
    assert monitored.alarms()["spo2.low spo2"] == ("raised", "high")
    assert monitored.figure("spo2").value == "79"


def test_a_withdrawal_that_names_no_probe_takes_back_what_every_probe_measured_then(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", 96, at=at, site="1.3.1"), row("spo2", 95, at=at, site="1.3.2"))
    nameless = row("spo2", "", at=at, site="1.3.2", status="D").replace("|1.3.2|", "||")
    monitored.send(nameless)
    assert standing(monitored) == []


def test_a_correction_supersedes_the_value_of_its_own_probe(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", 96, at=at, site="1.3.1"), row("spo2", 95, at=at, site="1.3.2"))
    monitored.send(row("spo2", 93, at=at, site="1.3.1", status="C"))
    assert sorted(standing(monitored)) == [(93, "corrected"), (95, "final")]


def test_a_value_in_another_unit_is_found_when_it_is_withdrawn(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    fahrenheit = row("temp", 98.6, at=at).replace("268192^MDC_DIM_DEGC^MDC", "266560^MDC_DIM_FAHR^MDC")
    monitored.send(fahrenheit)
    assert [round(value, 1) for value, _ in standing(monitored, "temp")] == [37.0]
    monitored.send(fahrenheit.replace("|R|", "|D|"))
    assert standing(monitored, "temp") == []


def test_breaths_of_a_capnograph_are_found_when_they_are_withdrawn(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("co2_rr", 12, at=at), row("impedance_rr", 15, at=at))
    monitored.send(row("co2_rr", 12, at=at, status="W"))
    assert (standing(monitored, "co2_rr"), standing(monitored, "rr")) == ([], [(15, "final")])


def test_a_monitor_that_came_back_to_the_same_patient_is_struck_once(monitored: Monitored):
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    monitored.send(row("spo2", 96, at=at))
    nurse = monitored.cast.actor("nurse")
    with acting_as(nurse):
        device = Device.objects.get()
        vitals_actions.take_off(by=nurse, device_id=device.pk)
        vitals_actions.put_on(by=nurse, device_id=device.pk, encounter_id=monitored.stage.id)
    monitored.send(row("spo2", 96, at=at, status="D"))
    with acting_as(nurse):
        assert Observation.objects.filter(encounter_id=monitored.stage.id, status="withdrawn").count() == 1


def test_no_value_left_means_no_value_and_its_clock_runs(monitored: Monitored):
    """The only value of its kind is taken back: the message was refused for ever, for want of a right to delete."""
    at = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    assert monitored.send(row("co2_rr", 12, at=at)) == "AA"
    assert monitored.send(row("co2_rr", 12, at=at, status="D")) == "AA"
    assert monitored.session()["signals"]["co2_rr"][2] == "no-value"
    monitored.watch(datetime.now(UTC) + timedelta(seconds=61))
    assert monitored.alarms()["silence.continuous co2_rr"] == ("raised", "medium")


def test_what_was_withdrawn_is_no_point_of_the_trend(monitored: Monitored):
    monitored.send(spo2=97)
    sent_and_taken_back(monitored, "D", 81)
    assert 81 not in [value for _id, code, value, _at in monitored.session()["trend"] if code == "spo2"]
    assert 97 in [value for _id, code, value, _at in monitored.session()["trend"] if code == "spo2"]
