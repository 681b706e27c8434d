"""Agreements: what is shown, what is signed, and when it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import transaction
from django.db.utils import IntegrityError, ProgrammingError
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sojourn.care.consent import actions as consent_actions
from sojourn.care.consent import paper, texts
from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent.models import Consent, ConsentAdoption, ConsentCountersignature, ConsentQuestion, Decision
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import NotAllowed, acting_as
from sojourn.foundation.accounts.models import Membership
from sojourn.foundation.accounts.queries import system_actor
from sojourn.foundation.accounts.refused import ActionRefused
from sojourn.foundation.audit.models import AuditEvent
from sojourn.foundation.scope import PatientScope
from tests.care import consents as stage
from tests.care.people import make_patient
from tests.conftest import Cast

IV = "iv"
REQUIRED_IV = {"treatment", "off_label", "driving", "privacy"}


@pytest.fixture
def ana(clinic: Cast) -> Patient:
    return make_patient(clinic)


def refused(call: Any, **arguments: Any) -> tuple[str, ...]:
    with pytest.raises(ActionRefused) as said:
        call(**arguments)
    return said.value.codes


def standing(
    cast: Cast, patient: Patient, route: str = IV, drug: str = "", **more: Any
) -> consent_queries.ConsentStatus:
    with acting_as(cast.actor("nurse")):
        return consent_queries.standing(PatientScope(patient.pk), route=route, drug=drug, **more)


def needs(cast: Cast, patient: Patient, route: str = IV, drug: str = "") -> dict[str, str]:
    return {each.document_id: each.code for each in standing(cast, patient, route, drug).needs}


@pytest.fixture
def new_version(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ship a newer version of a text, as a new file would."""

    def ship(text_id: str, **changes: Any) -> texts.Source:
        old = texts.newest()[text_id]
        new = replace(old, version=old.version + 1, hash=f"{old.version + 1:064d}", **changes)
        known = {**texts.sources(), (text_id, new.version): new}
        monkeypatch.setattr(texts, "sources", lambda: known)
        return new

    return ship


# ---------------------------------------------------------------- the whole way


@pytest.mark.alone
def test_an_agreement_from_adoption_to_counter_signature(clinic: Cast, ana: Patient):
    assert set(needs(clinic, ana).values()) == {"not-adopted"}
    with acting_as(clinic.actor("nurse")):
        codes = refused(consent_actions.ask, by=clinic.actor("nurse"), patient_id=ana.pk, route=IV)
    assert codes == ("not-adopted",)
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    assert needs(clinic, ana) == dict.fromkeys(REQUIRED_IV, "not-signed")
    signed = {each: stage.sign(clinic, ana, each) for each in sorted(REQUIRED_IV)}
    assert needs(clinic, ana) == dict.fromkeys(REQUIRED_IV, "not-countersigned")
    for consent in signed.values():
        stage.countersign(clinic, consent)
    now = standing(clinic, ana)
    assert now.valid
    assert now.needs == ()
    kept = now.consents["treatment"]
    assert kept.content_hash == texts.read_text(kept.content).hash
    assert kept.signed_name == ana.name
    assert kept.statements == [each.id for each in texts.read_text(kept.content).statements]
    with acting_as(clinic.actor("auditor")):
        said = list(AuditEvent.objects.filter(action__startswith="consent.").values_list("action", flat=True))
    assert said.count("consent.signed") == said.count("consent.countersigned") == 4
    assert said.count("consent.requested") == 1


def test_who_works_in_two_clinics_acts_in_one(clinic: Cast, other_clinic: Cast, ana: Patient):
    with acting_as(system_actor(other_clinic.clinic.pk)):
        for role in ("nurse", "prescriber"):
            person = clinic.members[role].person
            Membership.objects.create(clinic=other_clinic.clinic, person=person, role=role, name="Also here")
    doctor, nurse, mine = clinic.actor("prescriber"), clinic.actor("nurse"), stage.patient_actor(clinic, ana)
    with acting_as(doctor):
        first, _other, again = (
            consent_actions.adopt(by=doctor, text_id=each, text_hash=texts.newest()[each].hash)
            for each in ("driving", "privacy", "driving")
        )
        assert (first.text_id, again) == ("driving", first)
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    now = timezone.now()
    with acting_as(nurse):  # who sees every patient, as the patient does not
        token, text = stage.token_for(clinic, ana, "driving")
        said = {"statements": [each.id for each in text.statements], "signed_name": "Ana"}
        assert consent_actions.sign(by=mine, token=token, **said).patient == ana
        assert consent_queries.waiting(clinic.clinic.pk, now, now).to_adopt == 0
        left = consent_queries.open_for_patient(clinic.clinic.pk, PatientScope(ana.pk))
        assert set(left or ()) == REQUIRED_IV - {"driving"}


def test_standing_takes_two_questions(clinic: Cast, ana: Patient, django_assert_num_queries: Any):
    stage.agree(clinic, ana)
    with acting_as(clinic.actor("nurse")), django_assert_num_queries(2):
        found = consent_queries.standing(PatientScope(ana.pk), route=IV)
        assert found.valid
        assert [consent_queries.countersigned(each) is not None for each in found.consents.values()] == [True] * 4


def test_standing_on_a_day_before(clinic: Cast, ana: Patient, monkeypatch: pytest.MonkeyPatch):
    then = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: then + timedelta(days=10))
    signed = stage.agree(clinic, ana, now=then)
    by = stage.patient_actor(clinic, ana)
    with acting_as(by):
        consent_actions.withdraw(by=by, consent_id=signed["treatment"].pk, now=then + timedelta(days=4))
    stage.sign(clinic, ana, "treatment", now=then + timedelta(days=6))
    day = timezone.localdate(then)
    assert standing(clinic, ana, on=day).valid
    assert not standing(clinic, ana, on=day - timedelta(days=2)).valid
    assert {each.code for each in standing(clinic, ana, on=day - timedelta(days=999)).needs} == {"not-adopted"}
    assert not standing(clinic, ana, on=day + timedelta(days=5)).valid
    assert not standing(clinic, ana).valid


def test_in_spanish(clinic: Cast, ana: Patient):
    signed = stage.agree(clinic, ana, language="es")
    assert standing(clinic, ana).valid
    kept = texts.read_text(signed["driving"].content)
    assert kept.language == "es"
    assert "No conduciré hasta el día siguiente" in kept.statements[0].text
    with acting_as(clinic.actor("nurse")), translation.override("es"):
        assert (
            consent_queries.evaluate_consents(consent_queries.available_documents(clinic.clinic), {}, IV).needs[0].title
            == "Su tratamiento"
        )


# ---------------------------------------------------------------- replay


def test_the_same_form_twice_counts_once(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    by = stage.patient_actor(clinic, ana)
    with acting_as(by):
        token, text = stage.token_for(clinic, ana, "driving")
        other, _text = stage.token_for(clinic, ana, "driving")
        said = {"by": by, "statements": [each.id for each in text.statements], "signed_name": "Ana"}
        consent_actions.sign(token=token, **said)
        assert refused(consent_actions.sign, token=token, **said) == ("replayed",)
        assert refused(consent_actions.sign, token=other, **said) == ("already-signed",)
        assert Consent.objects.count() == 1


def test_an_old_form_after_a_new_version_is_refused(clinic: Cast, ana: Patient, new_version: Any):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    by = stage.patient_actor(clinic, ana)
    with acting_as(by):
        token, text = stage.token_for(clinic, ana, "driving")
    new_version("driving", summary={"en": "New", "es": "Nuevo"})
    said = {"by": by, "token": token, "statements": [each.id for each in text.statements], "signed_name": "Ana"}
    stage.adopt_texts(clinic)
    with acting_as(by):
        assert refused(consent_actions.sign, **said) == ("changed",)
        assert Consent.objects.count() == 0


def test_a_token_is_one_patients_and_ages_and_cannot_be_made_up(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    other = make_patient(clinic, "Ben")
    stage.ask(clinic, other)
    with acting_as(stage.patient_actor(clinic, ana)):
        token, text = stage.token_for(clinic, ana, "driving")
    by = stage.patient_actor(clinic, other)
    said = {"by": by, "statements": [each.id for each in text.statements], "signed_name": "Ben"}
    with acting_as(by):
        assert refused(consent_actions.sign, token=token, **said) == ("other-patient",)
        assert refused(consent_actions.sign, token=token + "x", **said) == ("form-invalid",)
        assert refused(consent_actions.sign, token="", **said) == ("form-invalid",)
        assert Consent.objects.count() == 0
    assert consent_queries.read_token(token, max_age_s=-1) is None
    assert consent_queries.read_token(signing.dumps({"patient": 1}, salt="other")) is None


def test_a_form_without_its_parts_says_all_that_is_missing(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    by = stage.patient_actor(clinic, ana)
    with acting_as(by):
        token, text = stage.token_for(clinic, ana, "driving")
        ids = [each.id for each in text.statements]
        assert refused(consent_actions.sign, by=by, token=token) == (
            *(f"statement:{each}" for each in ids),
            "signature-missing",
        )
        for name, code in (("x" * 121, "name-too-long"), ("x", "signature-missing")):
            assert refused(consent_actions.sign, by=by, token=token, statements=ids, signed_name=name) == (code,)
        assert refused(consent_actions.sign, by=by, token=token, statements=ids, decision="deny") == (
            "decision-missing",
        )
        # the same form, mended, still counts
        consent_actions.sign(by=by, token=token, statements=ids, signed_name="Ana Reyes")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("M10 10L200 120L300.5 20", None),
        ("M10 10L60 60M100 10L140.5 60", None),
        ("M0 0L40 0", None),
        ("M0 0L39.9 0", "drawing-empty"),
        ("M0 0M300 0L310 0M500 0", "drawing-empty"),
        ("M10 10", "drawing-empty"),
        ("M10 10L600 200", None),
        ("M10 10L600.1 10", "drawing-invalid"),
        ("M10 10L20 200.1", "drawing-invalid"),
        ('M10 10L50 50"/><script>', "drawing-invalid"),
        ("M10 10L50 50Z", "drawing-invalid"),
        ("L10 10L90 90", "drawing-invalid"),
        ("M10 10" + "L90 90L10 10" * 3000, "drawing-too-large"),
    ],
)
def test_a_drawing_is_a_small_path_and_nothing_else(path: str, fault: str | None):
    assert consent_actions.drawing_fault(path) == fault


def test_a_drawn_signature_is_kept_and_printed(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    by = stage.patient_actor(clinic, ana)
    with acting_as(by):
        token, text = stage.token_for(clinic, ana, "driving")
        row = consent_actions.sign(
            by=by, token=token, statements=[each.id for each in text.statements], drawn="M10 10L200 120L300.5 20"
        )
        printed = paper.agreement(consent_actions.open_copy(by=by, consent=row), clinic.clinic)
    assert 'd="M10 10L200 120L300.5 20"' in printed.signatures[0].svg
    assert printed.about == f"{ana.name} · {ana.record_number}"
    assert printed.hash == row.content_hash
    assert printed.signatures[1].label == "Prescriber: not signed yet"


# ---------------------------------------------------------------- questions


def test_a_question_holds_the_counter_signature_until_it_is_answered_or_waived(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    mine, doctor, nurse = stage.patient_actor(clinic, ana), clinic.actor("prescriber"), clinic.actor("nurse")
    with acting_as(mine):
        assert refused(
            consent_actions.ask_question, by=mine, document_id="driving", section_id="nowhere", text="Why?"
        ) == ("unknown-section",)
        assert refused(consent_actions.ask_question, by=mine, document_id="driving", section_id="home", text=" ") == (
            "question-empty",
        )
        first = consent_actions.ask_question(by=mine, document_id="driving", section_id="home", text="May my son come?")
        again = consent_actions.ask_question(
            by=mine, document_id="driving", section_id="home", text="May my son come? "
        )
        assert first.pk == again.pk
        second = consent_actions.ask_question(by=mine, document_id="driving", section_id="rest", text="And a beer?")
    consent = stage.sign(clinic, ana, "driving")
    counter = {
        "by": doctor, "consent_id": consent.pk, "capacity_confirmed": True, "seen_hash": consent.content_hash,
    }  # fmt: skip
    with acting_as(doctor):
        assert refused(consent_actions.countersign, **counter) == ("open-questions",)
    with acting_as(nurse):
        consent_actions.reply(by=nurse, question_id=first.pk, text="Yes, if he is an adult.")
        with pytest.raises(NotAllowed):
            consent_actions.reply(by=nurse, question_id=second.pk, text="No", waived=True)
    with acting_as(doctor):
        assert refused(consent_actions.countersign, **counter) == ("open-questions",)
        assert refused(consent_actions.reply, by=doctor, question_id=second.pk, text="", waived=True) == (
            "reason-missing",
        )
        consent_actions.reply(by=doctor, question_id=second.pk, text="Talked about it on the phone.", waived=True)
        one = consent_actions.countersign(**counter)
        assert consent_actions.countersign(**counter).pk == one.pk
    with acting_as(mine):
        told = consent_queries.questions(PatientScope(ana.pk), "driving")
        assert [each.open for each in told] == [False, False]
        assert told[0].replies[0].replier_name == nurse.name


def test_each_question_is_one_and_is_answered_by_itself(clinic: Cast, ana: Patient):
    """The same place, words and patient, and no answer yet: else it is another question, whoever may see them all."""
    mine, nurse, ben = stage.patient_actor(clinic, ana), clinic.actor("nurse"), make_patient(clinic, "Ben")
    place = {"document_id": "driving", "section_id": "home", "text": "Who?"}
    with acting_as(nurse):
        other, *_others, answered = (
            ConsentQuestion.objects.create(
                **{"clinic": clinic.clinic, "patient": ana, "asked_at": timezone.now()} | place | change
            )
            for change in ({"document_id": "privacy"}, {"section_id": "rest"}, {"text": "When?"}, {"patient": ben}, {})
        )
        told = consent_actions.reply(by=nurse, question_id=answered.pk, text="Anybody.")
        asked = consent_actions.ask_question(by=mine, **place)
        assert asked.pk > answered.pk
        assert consent_actions.ask_question(by=mine, **place) == asked
        assert [each.question for each in consent_queries.questions(PatientScope(ana.pk), "privacy")] == [other]
        assert consent_queries.open_questions(PatientScope(ana.pk), "privacy") == 1
        again = consent_actions.reply(by=nurse, question_id=asked.pk, text="Anybody.")
        assert (told.question, again.question) == (answered, asked)


@pytest.mark.alone
def test_capacity_and_the_very_text_are_confirmed(clinic: Cast, ana: Patient):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    consent = stage.sign(clinic, ana, "driving")
    doctor = clinic.actor("prescriber")
    with acting_as(doctor):
        assert refused(
            consent_actions.countersign, by=doctor, consent_id=consent.pk, capacity_confirmed=False, seen_hash="other"
        ) == ("changed", "capacity-missing")
        assert ConsentCountersignature.objects.count() == 0


# ---------------------------------------------------------------- again, and no more


@pytest.mark.alone
def test_a_new_version_asks_again_once_it_is_adopted(clinic: Cast, ana: Patient, new_version: Any):
    stage.agree(clinic, ana)
    new_version("driving", summary={"en": "New words", "es": "Palabras nuevas"})
    assert standing(clinic, ana).valid  # the clinic has not adopted it
    stage.adopt_texts(clinic)
    assert needs(clinic, ana) == {"driving": "changed"}
    stage.countersign(clinic, stage.sign(clinic, ana, "driving"))
    assert standing(clinic, ana).valid
    with acting_as(clinic.actor("nurse")):
        assert Consent.objects.filter(document_id="driving").count() == 2


def test_a_new_pack_asks_again_only_where_it_speaks(clinic: Cast, ana: Patient, new_version: Any):
    stage.agree(clinic, ana)
    new_version("pack:US", review_on=date(2027, 12, 31))
    assert standing(clinic, ana).valid
    stage.adopt_texts(clinic)
    # For the drip the pack speaks in the off-label text and in privacy; the clause for the spray is in "treatment",
    # whose pack then carries another version too.
    assert needs(clinic, ana) == {"treatment": "changed", "off_label": "changed", "privacy": "changed"}


def test_another_route_asks_again_where_the_text_differs(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    assert needs(clinic, ana, "im") == {
        "treatment": "changed", "off_label": "changed", "driving": "changed",
    }  # fmt: skip
    assert needs(clinic, ana, "in", "esketamine") == {"treatment": "changed", "driving": "changed"}
    assert standing(clinic, ana).valid


def test_another_place_asks_again(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    admin = clinic.actor("clinic_admin")
    with acting_as(admin):
        assert refused(consent_actions.set_jurisdiction, by=admin, code="Nowhere land") == ("not-a-place",)
        consent_actions.set_jurisdiction(by=admin, code="us-ca")
        clinic.clinic.refresh_from_db()
    assert clinic.clinic.jurisdiction == "US-CA"
    assert set(needs(clinic, ana).values()) == {"not-adopted"}
    stage.adopt_texts(clinic)
    assert needs(clinic, ana) == {"privacy": "changed"}


@pytest.mark.alone
def test_withdrawal_ends_it_and_the_clinic_is_told(clinic: Cast, ana: Patient):
    signed = stage.agree(clinic, ana)
    mine = stage.patient_actor(clinic, ana)
    with acting_as(mine):
        first = consent_actions.withdraw(by=mine, consent_id=signed["treatment"].pk)
        assert consent_actions.withdraw(by=mine, consent_id=signed["treatment"].pk).pk == first.pk
    assert needs(clinic, ana) == {"treatment": "withdrawn"}
    now = timezone.now()
    with acting_as(clinic.actor("nurse")):
        assert consent_queries.waiting(clinic.clinic.pk, now, now - timedelta(days=30)).withdrawn == 1
    stage.countersign(clinic, stage.sign(clinic, ana, "treatment"))
    assert standing(clinic, ana).valid
    with acting_as(clinic.actor("nurse")):
        assert consent_queries.waiting(clinic.clinic.pk, now, now - timedelta(days=30)).withdrawn == 0


def test_a_clinician_writes_down_a_withdrawal_with_how_it_was_said(clinic: Cast, ana: Patient):
    signed = stage.agree(clinic, ana)
    nurse = clinic.actor("nurse")
    with acting_as(nurse):
        assert refused(consent_actions.withdraw, by=nurse, consent_id=signed["driving"].pk) == ("reason-missing",)
        row = consent_actions.withdraw(by=nurse, consent_id=signed["driving"].pk, reason="Said so on the phone at 9.")
        assert row.noted_by_name == nurse.name
    assert needs(clinic, ana) == {"driving": "withdrawn"}


def test_research_is_free(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    mine = stage.patient_actor(clinic, ana)
    with acting_as(mine):
        token, _text = stage.token_for(clinic, ana, "research")
        assert refused(consent_actions.sign, by=mine, token=token, decision="") == ("decision-missing",)
        no = consent_actions.sign(by=mine, token=token, decision=Decision.DENY)
        assert (no.signed_name, no.statements) == ("", [])
    assert standing(clinic, ana).valid
    with acting_as(clinic.actor("prescriber")):
        by = clinic.actor("prescriber")
        assert refused(
            consent_actions.countersign, by=by, consent_id=no.pk, capacity_confirmed=True, seen_hash=no.content_hash
        ) == ("not-agreed",)
    yes = stage.sign(clinic, ana, "research")
    with acting_as(mine):
        token, _text = stage.token_for(clinic, ana, "research")
        assert refused(consent_actions.sign, by=mine, token=token, decision=Decision.DENY) == ("already-signed",)
        consent_actions.withdraw(by=mine, consent_id=yes.pk)
    assert standing(clinic, ana).valid
    assert not [each for each in texts.newest().values() if each.id == "research" and each.needed_for(IV)]


# ---------------------------------------------------------------- who, and what cannot be undone


def test_nobody_of_another_clinic_and_no_other_patient_sees_it(clinic: Cast, other_clinic: Cast, ana: Patient):
    signed = stage.agree(clinic, ana)
    neighbour = make_patient(clinic, "Ben")
    for who in (other_clinic.actor("prescriber"), stage.patient_actor(clinic, neighbour)):
        with acting_as(who):
            assert not Consent.objects.exists()
            assert not ConsentCountersignature.objects.exists()
            assert consent_queries.asked(PatientScope(ana.pk)) is None
            with pytest.raises(Consent.DoesNotExist):
                consent_actions.withdraw(by=who, consent_id=signed["driving"].pk)
    mine = stage.patient_actor(clinic, ana)
    with acting_as(mine):
        assert Consent.objects.count() == 4


def test_a_patient_cannot_adopt_or_counter_sign_behind_the_program(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    mine = stage.patient_actor(clinic, ana)
    with acting_as(mine):
        row = ConsentAdoption.objects.order_by("-id").first()
        assert row is not None
        row.pk = None
        with pytest.raises(ProgrammingError), transaction.atomic():
            row.save(force_insert=True)


def test_nothing_that_was_signed_can_be_changed(clinic: Cast, ana: Patient):
    stage.agree(clinic, ana)
    with acting_as(clinic.actor("prescriber")):
        for model in (Consent, ConsentCountersignature):
            with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
                model.objects.update(signed_at=timezone.now())
            with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
                model.objects.all()._raw_delete("default")


def test_letters_are_notices(clinic: Cast, ana: Patient, monkeypatch: pytest.MonkeyPatch):
    sent: list[Any] = []
    monkeypatch.setattr(consent_actions.letters, "post", sent.append)
    with acting_as(clinic.actor("nurse")):
        Patient.objects.filter(pk=ana.pk).update(email="ana@example.org", language="es")
    stage.agree(clinic, ana)
    assert len(sent) == 5  # asked once, four copies
    assert all("/today/agreements/" in each.text for each in sent)
    assert not any(word in each.text.lower() + each.subject.lower() for each in sent for word in ("ketamin", "driving"))


# ---------------------------------------------------------------- what waits


@pytest.mark.alone
def test_a_stale_pack_and_what_waits_are_told_in_one_question(
    clinic: Cast, ana: Patient, django_assert_num_queries: Any
):
    stage.adopt_texts(clinic)
    stage.ask(clinic, ana)
    mine = stage.patient_actor(clinic, ana)
    stage.sign(clinic, ana, "driving")
    with acting_as(mine):
        consent_actions.ask_question(by=mine, document_id="privacy", section_id="who", text="Who?")
    before = datetime(2026, 12, 31, 18, tzinfo=UTC)
    with acting_as(clinic.actor("nurse")):
        with django_assert_num_queries(1):
            found = consent_queries.waiting(clinic.clinic.pk, before, before)
        assert (found.countersign, found.questions, found.withdrawn, found.to_adopt) == (1, 1, 0, 0)
        assert found.stale == ()
        later = consent_queries.waiting(clinic.clinic.pk, before + timedelta(days=2), before)
    assert [each.id for each in later.stale] == ["pack:US"]


# ---------------------------------------------------------------- the law of standing

ACTS = ("sign", "countersign", "withdraw", "new_version", "adopt", "deny")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(sorted(REQUIRED_IV))), max_size=14))
def test_it_stands_exactly_if_the_newest_of_each_is_signed_counter_signed_kept_and_the_same(
    clinic: Cast, acts: list[tuple[str, str]]
):
    """Whatever happens in whatever order, against a model that is a dictionary."""
    shipped = dict(texts.sources())
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(texts, "sources", lambda: shipped)
        patient = make_patient(clinic, "Caro")
        stage.adopt_texts(clinic)
        stage.ask(clinic, patient)
        mine, doctor = stage.patient_actor(clinic, patient), clinic.actor("prescriber")
        newest: dict[str, Consent] = {}
        ok: dict[str, set[str]] = {each: set() for each in REQUIRED_IV}
        adopted = dict.fromkeys(REQUIRED_IV, 1)
        signed_version: dict[str, int] = {}
        for act, name in acts:
            try:
                if act == "sign":
                    newest[name] = stage.sign(clinic, patient, name)
                    ok[name], signed_version[name] = {"signed"}, adopted[name]
                elif act == "countersign" and name in newest:
                    stage.countersign(clinic, newest[name])
                    ok[name].add("countersigned")
                elif act == "withdraw" and name in newest:
                    with acting_as(mine):
                        consent_actions.withdraw(by=mine, consent_id=newest[name].pk)
                    ok[name].add("withdrawn")
                elif act == "new_version":
                    old = texts.newest()[name]
                    new = replace(old, version=old.version + 1, hash=f"{name} {old.version + 1}")
                    shipped[name, new.version] = new
                elif act == "adopt":
                    source = texts.newest()[name]
                    with acting_as(doctor):
                        consent_actions.adopt(by=doctor, text_id=name, text_hash=source.hash)
                    adopted[name] = source.version
            except ActionRefused:
                pass
            expected = all(
                ok[each] == {"signed", "countersigned"} and signed_version[each] == adopted[each]
                for each in REQUIRED_IV
            )
            found = standing(clinic, patient)
            assert found.valid is expected
            assert bool(found.needs) is not found.valid
        transaction.set_rollback(True)
    clinic.members = {key: each for key, each in clinic.members.items() if not key.startswith("patient ")}
