"""The session record: read, signed, added to, and on paper."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from sojourn.care.chart import queries as chart_queries
from sojourn.care.chart.content import content_hash, verify_signature
from sojourn.care.encounter import actions as encounter_actions
from sojourn.care.session.models import Addendum, RecordSignature, SessionEvent
from sojourn.care.vitals.models import Observation
from sojourn.foundation.accounts.actor import acting_as
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import SessionScope
from sojourn.interfaces.console.record.axis import thinned
from sojourn.interfaces.console.record.figure import figure_of
from sojourn.interfaces.console.record.presenters import RecordView
from tests.browser import clean
from tests.care.infusions import after, infusing, interrupted, pump, stopped_after_20_seconds, throw_away
from tests.care.stage import Stage, adopt_everything, set_stage
from tests.care.stage import arrive as come
from tests.care.test_chart import BEGINS, lived_through
from tests.conftest import Cast
from tests.interfaces.phone import served, sign_in

MARKUP = '#panic("x") *bold* _em_ $x^2$ = Heading ] } \\ #read("/etc/passwd") <label> @ref https://x.example `raw`'


def at(stage: Stage, part: str = "record/") -> str:
    return f"/clinic/sessions/{stage.id}/{part}"


def shown_of(stage: Stage) -> RecordView:
    record = chart_queries.session_record(SessionScope(stage.id))
    return RecordView(record, verify_signature(record))


def hash_of(cast: Cast, stage: Stage) -> str:
    with acting_as(cast.actor("nurse")):
        return content_hash(chart_queries.session_record(SessionScope(stage.id)))


def event(cast: Cast, stage: Stage, note: str) -> None:
    with acting_as(cast.actor("nurse")):
        SessionEvent.objects.create(
            clinic=cast.clinic, patient=stage.patient, encounter_id=stage.id, by=cast.members["nurse"], kind="other",
            note=note, at=BEGINS + timedelta(minutes=50), recorded_at=BEGINS + timedelta(minutes=50),
        )  # fmt: skip


def paper(client: Client, stage: Stage) -> PdfReader:
    answer = client.get(at(stage, "record.pdf"))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "private, no-store"
    return PdfReader(BytesIO(answer.content))


def pages_of(reader: PdfReader) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def words(reader: PdfReader) -> str:
    return " ".join(pages_of(reader))


# ---------------------------------------------------------------- the page


def test_the_page_says_what_happened(clinic: Cast):
    stage = lived_through(clinic)
    page = clinic.client("nurse").get(at(stage)).content.decode()
    for said in (
        "Ana Reyes1", "SJ-00001", "Session of 3 March 2026", "Ketamine 35 mg (as base)", "KX77", "Waves of warmth",
        "Oxygen saturation is low", "40 seconds", "Oxygen by mask", "Walks with a stick since 2019",
        "With Luis Reyes", "5 minutes ahead",
        "The check due 20 minutes after the start of the dose (08:35) was not made.",
        "Not signed yet", hash_of(clinic, stage), "spo2.low v2",
    ):  # fmt: skip
        assert said in page, said


def test_the_page_says_what_was_given_and_where_the_rest_is(clinic: Cast):
    stage = interrupted(clinic)
    page = clinic.client("nurse").get(at(stage)).content.decode()
    nurse, prescriber = clinic.members["nurse"].name, clinic.members["prescriber"].name
    for said in (
        "Planned 35 mg, given 15.75 mg, wasted 19.25 mg, all accounted for.",
        "Worked out from the rates of the pump and the minutes that it ran.",
        f"19.25 mg thrown away at 08:33 by {nurse}, witnessed by {prescriber} at 08:34.",
        "Ketamine 15.75 mg (as base), into a vein (IV)", "Dose begun: Ketamine, 35 mg (as base) planned",
        "Dose paused", "8.75 mg had gone in.", "Dose resumed at 60 mL/h", "Dose stopped", "15.75 mg had gone in.",
        "Nausea, moderate", "Done about it: Head raised, cool cloth", "Nausea: better (noted at 08:09)",
        "Ondansetron, 4\u00a0mg, into a vein (IV) given", "(written down at 08:35)",
        f"{prescriber} set aside at 08:20:", "The blood pressure is 172 mmHg; above 160 mmHg the dose waits",
        "Reason given: Anxious; looked at", f"Accepted by {prescriber} on 22 February 2026",
        f"Plan version 1, signed by {prescriber}", "Racemic ketamine into a vein: highest dose, v1",
        "Slow: at most 1\u00a0mg/kg", "The same as at 08:00.", "Ketamine: 15.75 of 35 mg",
    ):  # fmt: skip
        assert said in page, said
    assert "Esketamine into a vein: highest dose" not in page


def test_20_seconds_are_not_the_whole_dose_on_the_page(clinic: Cast):
    page = clinic.client("nurse").get(at(stopped_after_20_seconds(clinic))).content.decode()
    assert "Planned 35 mg, given 0.29 mg, wasted 0 mg, not accounted for 34.71 mg." in page
    assert "34.71 mg are not accounted for." in page
    assert "Ketamine 0.29 mg (as base)" in page
    assert "Ketamine 35 mg (as base)" not in page


def test_what_was_read_off_counts_and_both_are_shown(clinic: Cast):
    """The pump holds 40 of 50 mL: 7 mg. Rates and minutes say 8.75 mg."""
    stage = infusing(clinic)
    pump(stage, "stop_early", after(10), left=40)
    page = clinic.client("nurse").get(at(stage)).content.decode()
    assert "Planned 35 mg, given 7 mg, wasted 0 mg, not accounted for 28 mg." in page
    assert "Read off the pump or the syringe; by the recorded steps it would be 8.75 mg." in page
    assert "40 mL were left." in page


def test_a_waste_that_nobody_witnessed_is_said(clinic: Cast):
    stage = stopped_after_20_seconds(clinic)
    throw_away(stage, "34.71", after(5))
    page = clinic.client("nurse").get(at(stage)).content.decode()
    assert "No second person has witnessed the waste of 34.71 mg." in page
    assert "all accounted for" not in page


def test_the_drawing_shows_where_it_ran_and_each_step(clinic: Cast):
    stage = interrupted(clinic)
    with acting_as(clinic.actor("nurse")):
        drawn = figure_of(shown_of(stage))
    (span,) = drawn.spans
    ran = [((since - BEGINS.timestamp()) / 60, (until - BEGINS.timestamp()) / 60) for since, until in span.parts]
    assert ran == [(0, 10), (20, 30)]
    steps = [(each.at - BEGINS.timestamp()) / 60 for each in drawn.marks if each.shape == "dose"]
    assert steps == [0, 10, 20, 30]


def test_a_pressure_in_the_table_is_one_measurement(clinic: Cast):
    """Systolic 158 alone, after 124/78 within the same five minutes: 158/78 was never measured."""
    stage = set_stage(clinic, at=BEGINS)
    with acting_as(clinic.actor("nurse")):
        come(stage, BEGINS)
        stage.vitals(BEGINS + timedelta(minutes=1), nibp_sys=124, nibp_dia=78, spo2=93.9)
        stage.vitals(BEGINS + timedelta(minutes=3), nibp_sys=158)
        stage.vitals(BEGINS + timedelta(minutes=6), nibp_dia=84)
        shown = shown_of(stage)
        assert [row.cells[:2] for row in shown.vitals] == [("158/–", "94"), ("–/84", "–")]


def test_the_line_of_the_heart_rate_is_one_that_counts(clinic: Cast):
    stage = set_stage(clinic, at=BEGINS)
    with acting_as(clinic.actor("nurse")):
        come(stage, BEGINS)
        stage.vitals(BEGINS + timedelta(minutes=1), hr=999, pr=72)
        assert shown_of(stage).pulse() == "pr"
        stage.vitals(BEGINS + timedelta(minutes=2), hr=71, pr=72)
        assert shown_of(stage).pulse() == "hr"


def test_few_queries_and_an_audit_row(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    with CaptureQueriesContext(connection) as caught:
        assert client.get(at(stage)).status_code == 200
    asked = [each["sql"] for each in caught.captured_queries if "SAVEPOINT" not in each["sql"]]
    assert len(asked) <= 12, "\n".join(asked)
    with acting_as(clinic.actor("nurse")):
        row = AuditEvent.objects.filter(action="record.opened").latest("id")
    assert (row.patient_id, row.detail["form"]) == (stage.patient.pk, "page")


def test_roles(clinic: Cast):
    stage = lived_through(clinic)
    allowed = {
        role: [
            clinic.client(role).get(at(stage)).status_code,
            clinic.client(role).post(at(stage, "record/sign/")).status_code,
        ]
        for role in ("prescriber", "nurse", "therapist", "front_desk", "auditor")
    }
    assert allowed == {
        "prescriber": [200, 409], "nurse": [200, 409], "therapist": [200, 403], "front_desk": [403, 403],
        "auditor": [403, 403],
    }  # fmt: skip


def test_another_clinics_record_is_nowhere(clinic: Cast, other_clinic: Cast):
    stage = lived_through(clinic)
    stranger = other_clinic.client("prescriber")
    assert stranger.get(at(stage)).status_code == 404
    assert stranger.get(at(stage, "record.pdf")).status_code == 404
    assert stranger.post(at(stage, "record/sign/"), {"seen": "x"}).status_code == 404
    assert stranger.post(at(stage, "record/addendum/"), {"text": "x"}).status_code == 404


def test_a_restricted_record_keeps_its_door(clinic: Cast):
    stage = lived_through(clinic)
    with acting_as(clinic.actor("nurse")):
        stage.patient.restricted = True
        stage.patient.save(update_fields=["restricted"])
    for part in ("record/", "record.pdf"):
        answer = clinic.client("nurse").get(at(stage, part))
        assert answer.status_code == 302
        assert "restricted" in answer["Location"]
        assert clinic.client("prescriber").get(at(stage, part)).status_code == 200


@pytest.mark.browser
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_of_an_interrupted_dose_is_fair(
    width: int, browser: Browser, clinic: Cast, monkeypatch: pytest.MonkeyPatch
):
    stage = interrupted(clinic)
    with served(monkeypatch) as address:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=address, reduced_motion="reduce"
        )
        sign_in(context, address, clinic.client("nurse"))
        page = context.new_page()
        page.goto(at(stage))
        expect(page.locator("#given")).to_be_visible()
        clean(page, f"record-interrupted-{width}")
        context.close()


# ---------------------------------------------------------------- signing


def test_sign_what_was_seen(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    seen = hash_of(clinic, stage)
    for _click in range(2):
        answer = client.post(at(stage, "record/sign/"), {"seen": seen})
        assert (answer.status_code, answer["Location"]) == (302, at(stage))
    with acting_as(clinic.actor("nurse")):
        assert RecordSignature.objects.get().content_hash == seen
    page = client.get(at(stage)).content.decode()
    assert "unchanged since." in page
    assert "Sign this record" not in page  # the one who has signed need not again
    assert "Sign this record" in clinic.client("prescriber").get(at(stage)).content.decode()


def test_a_stale_page_is_not_signed(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    seen = hash_of(clinic, stage)
    event(clinic, stage, "Came in the meantime")
    answer = client.post(at(stage, "record/sign/"), {"seen": seen})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "This record has changed since you opened it." in page
    assert hash_of(clinic, stage) in page  # the new one can be signed now
    with acting_as(clinic.actor("nurse")):
        assert not RecordSignature.objects.exists()


def test_a_change_after_the_signature_shows(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    client.post(at(stage, "record/sign/"), {"seen": hash_of(clinic, stage)})
    event(clinic, stage, "Slipped in")
    page = client.get(at(stage)).content.decode()
    assert "Signed, but the record has changed since" in page
    assert "Sign this record" in page


def test_addenda_only_beside_a_signature_and_once(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    refused = client.post(at(stage, "record/addendum/"), {"text": "Too early for this"})
    assert refused.status_code == 409
    assert "The record is not signed yet" in refused.content.decode()
    client.post(at(stage, "record/sign/"), {"seen": hash_of(clinic, stage)})
    empty = client.post(at(stage, "record/addendum/"), {"text": "  "})
    assert empty.status_code == 409
    for _click in range(2):
        assert client.post(at(stage, "record/addendum/"), {"text": "Slept well.\nNo headache."}).status_code == 302
    with acting_as(clinic.actor("nurse")):
        assert Addendum.objects.get().text == "Slept well.\nNo headache."
    page = client.get(at(stage)).content.decode()
    assert "No headache." in page
    assert "unchanged since." in page


def test_a_running_session_can_be_read_not_signed(clinic: Cast):
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")):
        stage = set_stage(clinic)
        come(stage, stage.appointment.during.lower)
    client = clinic.client("nurse")
    page = client.get(at(stage)).content.decode()
    assert "The session is still running" in page
    assert "Sign this record" not in page
    assert client.post(at(stage, "record/sign/"), {"seen": hash_of(clinic, stage)}).status_code == 409
    assert len(paper(client, stage).pages) >= 1


# ---------------------------------------------------------------- on paper


def test_the_paper_holds_the_record(clinic: Cast):
    stage = lived_through(clinic)
    clinic.clinic.address, clinic.clinic.phone = "418 Juniper Street\nDenver", "+1 303 555 0142"
    with acting_as(clinic.actor("clinic_admin")):
        clinic.clinic.save()
    client = clinic.client("nurse")
    client.post(at(stage, "record/sign/"), {"seen": hash_of(clinic, stage)})
    pages = pages_of(paper(client, stage))
    count = len(pages)
    assert count >= 2
    for number, text in enumerate(pages, start=1):
        assert "Ana Reyes1 · SJ-00001" in text
        assert f"Page {number} of {count}" in text
        assert hash_of(clinic, stage) in text.replace(" ", "")
    text = " ".join(pages)
    for said in (
        clinic.clinic.name, "418 Juniper Street", "+1 303 555 0142", "Session of 3 March 2026", "KX77",
        "Waves of warmth", "Oxygen saturation is low", "Walks with a stick since 2019",
        "Identity confirmed with two identifiers", "Signed by", "unchanged since.", "126/80", "08:15",
    ):  # fmt: skip
        assert said in text, said
    with acting_as(clinic.actor("nurse")):
        assert AuditEvent.objects.filter(action="record.opened", detail__form="pdf").exists()


def test_the_paper_says_what_was_given(clinic: Cast):
    text = words(paper(clinic.client("nurse"), interrupted(clinic)))
    for said in (
        "Planned 35 mg, given 15.75 mg, wasted 19.25 mg, all accounted for.", "witnessed by", "Dose resumed at 60 mL/h",
        "Ondansetron", "(written down at", "above 160 mmHg the dose waits", "highest dose, v1", "Accepted by",
        "Ketamine: 15.75 of 35 mg",
    ):  # fmt: skip
        assert said in text, said


def test_the_paper_is_tagged_and_says_what_it_is(clinic: Cast):
    reader = paper(clinic.client("nurse"), lived_through(clinic))
    assert reader.metadata is not None
    assert reader.metadata.title == "Session of 3 March 2026, Ana Reyes1 · SJ-00001"
    assert reader.metadata.author == clinic.clinic.name
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - pypdf has a truth of its own
    assert root["/StructTreeRoot"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    fonts = {str(f.get_object()["/BaseFont"]) for p in reader.pages for f in p["/Resources"]["/Font"].values()}
    assert all("Libertinus" in each or "DejaVu" in each for each in fonts)


def test_typed_markup_stays_what_was_typed(clinic: Cast):
    stage = lived_through(clinic, note=MARKUP)
    page = clinic.client("nurse").get(at(stage)).content.decode()
    assert '#panic("x")' not in page  # escaped for the page
    text = words(paper(clinic.client("nurse"), stage))
    assert " ".join(MARKUP.split()) in text
    assert "root:" not in text


def test_any_letters_can_be_printed(clinic: Cast):
    stage = lived_through(clinic)
    nurse = clinic.client("nurse")
    for note in ("波のよう — σ ✓ 😀", "a" * 400, "שלום", "line\n\n\nline", "</svg><script>alert(1)</script>"):
        event(clinic, stage, note)
        assert len(paper(nurse, stage).pages) >= 2, note


def test_in_spanish(clinic: Cast):
    stage = lived_through(clinic)
    client = clinic.client("nurse")
    client.cookies["django_language"] = "es"
    reader = paper(client, stage)
    assert reader.trailer["/Root"]["/Lang"] == "es"
    text = words(reader)
    assert "marzo" in text.lower()
    assert "March" not in text
    with translation.override("es"):
        assert hash_of(clinic, stage) in text.replace(" ", "")


def test_a_session_nobody_came_to(clinic: Cast):
    """No dose, no reading: still a record, and still a document."""
    adopt_everything(clinic)
    with acting_as(clinic.actor("nurse")) as nurse:
        stage = set_stage(clinic, at=BEGINS)

        stage.encounter = encounter_actions.open_session(
            by=nurse,
            appointment_id=stage.appointment.pk,
            transition="did_not_attend",
            now=BEGINS + timedelta(minutes=45),
        )
        assert not Observation.objects.filter(encounter_id=stage.id).exists()
    client = clinic.client("nurse")
    page = client.get(at(stage)).content.decode()
    assert "No reading was recorded" in page
    assert "Sign this record" in page
    assert "did not attend" in words(paper(client, stage))


# ---------------------------------------------------------------- the drawing


def test_thinning_keeps_the_extremes():
    points = [(float(n), 70 + n % 7) for n in range(7200)]
    points[3511] = (3511.0, 31.0)
    points[5222] = (5222.0, 188.0)
    kept = thinned(points)
    assert len(kept) <= 500
    assert {(3511.0, 31.0), (5222.0, 188.0), points[0], points[-1]} <= set(kept)
    assert kept == sorted(kept)
    assert thinned(points[:100]) == points[:100]
