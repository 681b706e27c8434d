"""What a patient agreed to, and whether it still stands."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.core import signing
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sojourn.care.consent import texts
from sojourn.care.consent.models import (
    Consent,
    ConsentAdoption,
    ConsentCountersignature,
    ConsentQuestion,
    ConsentReply,
    ConsentRequest,
    ConsentWithdrawal,
    Decision,
)
from sojourn.care.consent.texts import Source, Text
from sojourn.care.patients import queries as patients_queries
from sojourn.clinical import recovery
from sojourn.foundation.accounts.actor import current_actor
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import at_wall_clock, clinic_day
from sojourn.foundation.rulebook.queries import ids_of, standings
from sojourn.foundation.scope import PatientScope, clinic_rows, rows_of

Code = Literal["not-adopted", "not-signed", "changed", "withdrawn", "not-countersigned"]
_SALT: Final = "sojourn.care.consent.signing"
FORM_LIVES_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Need:
    """Why an agreement does not stand. ``code``: "not-adopted" (the clinic's texts are not adopted), "not-signed",
    "changed" (the text, its local clauses or the way of giving the medicine), "withdrawn", "not-countersigned"."""

    document_id: str
    code: Code
    title: str

    @property
    def reason(self) -> str:
        """A sentence for whoever asked."""
        return {
            "not-adopted": _("The clinic has not adopted this text yet: %(title)s"),
            "not-signed": _("The patient has not signed: %(title)s"),
            "changed": _("What was signed has changed since and must be signed again: %(title)s"),
            "withdrawn": _("The patient has withdrawn: %(title)s"),
            "not-countersigned": _("No prescriber has countersigned: %(title)s"),
        }[self.code] % {"title": self.title}

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class ConsentStatus:
    """Whether a patient's agreements carry a treatment. ``needs`` is empty exactly where ``valid``.

    ``consents`` holds the newest decision about each document, the optional ones among them.
    """

    valid: bool
    needs: tuple[Need, ...]
    consents: Mapping[str, Consent]

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(each.reason for each in self.needs)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The texts of a clinic: what it has adopted, for the place where it is."""

    jurisdiction: str
    adopted: Mapping[str, Source]

    @property
    def packs(self) -> tuple[Source, ...]:
        """The adopted packs of this place, the country's first."""
        return tuple(self.adopted[each] for each in texts.pack_ids(self.jurisdiction) if each in self.adopted)

    @property
    def packs_waiting(self) -> tuple[str, ...]:
        """Packs of this place that nobody has adopted: no text is complete without them."""
        return tuple(each for each in texts.pack_ids(self.jurisdiction) if each not in self.adopted)

    def text(self, document_id: str, way: str, language: str) -> Text | None:
        """The text as it would be signed now; None while it, or a local pack, is not adopted."""
        document = self.adopted.get(document_id)
        if document is None or self.packs_waiting:
            return None
        return texts.compose(document, self.packs, way, language)

    def stale(self, day: date) -> tuple[Source, ...]:
        """Adopted packs past their review date."""
        return tuple(each for each in self.packs if each.stale(day))


def _shelf(jurisdiction: str, rows: Iterable[tuple[str, int, str]]) -> Shelf:
    """From (text, version, hash) of the adoptions, the oldest first. What the file no longer says is not adopted."""
    adopted: dict[str, Source] = {}
    for text_id, version, text_hash in rows:
        source = texts.sources().get((text_id, version))
        if source is not None and source.hash == text_hash:
            adopted[text_id] = source
        else:
            adopted.pop(text_id, None)
    return Shelf(jurisdiction, adopted)


def available_documents(clinic: Clinic) -> Shelf:
    """The texts of the clinic in which is asked. One query."""
    rows = clinic_rows(ConsentAdoption).order_by("id")
    return _shelf(clinic.jurisdiction, rows.values_list("text_id", "version", "text_hash"))


def standing(of: PatientScope, *, route: str, drug: str = "", on: date | None = None) -> ConsentStatus:
    """Whether the agreements for giving the medicine by ``route`` stand, now or at the end of the day ``on``.

    ``route`` is the rulebook's ("iv", "im", "sc", "in", "sl", "oral"); with ``drug`` "esketamine" the nasal spray is
    the labelled one, whose text is another. Valid exactly if the newest decision about every required document is a
    signature of the very text that the clinic uses now, in the patient's language, counter-signed and not withdrawn.
    Two queries.
    """
    at = _end_of(on)
    rows = list(
        clinic_rows(ConsentAdoption)
        .filter(adopted_at__lte=at)
        .order_by("id")
        .values_list("text_id", "version", "text_hash", "clinic__jurisdiction")
    )
    jurisdiction = next((place for *_text, place in rows), "")
    shelf_now = _shelf(jurisdiction, ((text_id, version, text_hash) for text_id, version, text_hash, _ in rows))
    return evaluate_consents(shelf_now, newest_of(of, at), texts.way_of(route, drug), at)


def _end_of(day: date | None) -> datetime:
    now = timezone.now()
    if day is None or day >= clinic_day(now, current_actor()):
        return now
    return at_wall_clock(day, time.max, current_actor())


def newest_of(of: PatientScope, at: datetime | None = None) -> dict[str, Consent]:
    """The newest decision of a patient about each document, with counter-signature and withdrawal. One query."""
    rows = of.rows(Consent).select_related("countersignature", "withdrawal")
    if at is not None:
        rows = rows.filter(signed_at__lte=at)
    return {each.document_id: each for each in rows.order_by("document_id", "-id").distinct("document_id")}


def countersigned(consent: Consent, at: datetime | None = None) -> ConsentCountersignature | None:
    """Its counter-signature, if there was one by then. No query on rows from here."""
    row: ConsentCountersignature | None = getattr(consent, "countersignature", None)
    return row if row is not None and (at is None or row.signed_at <= at) else None


def withdrawn(consent: Consent, at: datetime | None = None) -> ConsentWithdrawal | None:
    """Its withdrawal, if there was one by then. No query on rows from here."""
    row: ConsentWithdrawal | None = getattr(consent, "withdrawal", None)
    return row if row is not None and (at is None or row.withdrawn_at <= at) else None


def evaluate_consents(
    own: Shelf, consents: Mapping[str, Consent], way: str, at: datetime | None = None
) -> ConsentStatus:
    """The standing from a clinic's texts and a patient's newest decisions. No query."""
    needs: list[Need] = []
    for document in texts.newest().values():
        if not document.needed_for(way):
            continue
        code = state(own, consents.get(document.id), document.id, way, at)
        if code is not None:
            needs.append(Need(document.id, code, document.title[reading_language()]))
    return ConsentStatus(not needs, tuple(needs), consents)


def reading_language() -> str:
    """The language of the running page, as far as the texts have it."""
    told = (get_language() or "en").partition("-")[0]
    return told if told in texts.LANGUAGES else "en"


def state(own: Shelf, consent: Consent | None, document_id: str, way: str, at: datetime | None = None) -> Code | None:
    """Why a decision about a document does not stand; None where it does."""
    if own.text(document_id, way, "en") is None:
        return "not-adopted"
    if consent is None or consent.decision != Decision.PERMIT:
        return "not-signed"
    if withdrawn(consent, at) is not None:
        return "withdrawn"
    now = own.text(document_id, way, consent.language)
    if now is None or now.hash != consent.content_hash:
        return "changed"
    return None if countersigned(consent, at) is not None else "not-countersigned"


# ---------------------------------------------------------------- asking and signing


def asked(of: PatientScope) -> ConsentRequest | None:
    """What the clinic asks of the patient: the newest request. One query."""
    return of.rows(ConsentRequest).order_by("-id").first()


def signs_again_at(clinic: Clinic, of: PatientScope, now: datetime) -> datetime | None:
    """From when, after ``now``, a patient signs agreements again because there was a dose; None where nothing stands
    against signing now. By the clinic's clock.

    The rule acts everywhere, with the clinic's own later hour where it has adopted one. Two queries.
    """
    dose_at = patients_queries.last_dose_at(of, now)
    if dose_at is None:
        return None
    (known,) = standings(clinic.pk, only=ids_of(recovery.SIGNING))
    again = recovery.signs_from(known.acting or known.newest, dose_at.astimezone(clinic.zone))
    return again if now < again else None


def signing_token(of: PatientScope, text: Text) -> str:
    """What makes one form one signature: bound to the patient and to the hash of what is shown. No query."""
    return signing.dumps(
        {"patient": of.patient_id, "document": text.document_id, "hash": text.hash, "nonce": secrets.token_hex(16)},
        salt=_SALT,
    )


@dataclass(frozen=True, slots=True)
class Token:
    patient_id: int
    document_id: str
    content_hash: str
    nonce: str


def read_token(token: str, max_age_s: int = FORM_LIVES_S) -> Token | None:
    """What a form was made for; None where it is not one of ours, or is too old."""
    try:
        data = signing.loads(token, salt=_SALT, max_age=max_age_s)
        return Token(int(data["patient"]), str(data["document"]), str(data["hash"]), str(data["nonce"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


# ---------------------------------------------------------------- questions


@dataclass(frozen=True, slots=True)
class ConsentQuestionView:
    """A question with what was said to it, the newest reply last."""

    question: ConsentQuestion
    replies: Sequence[ConsentReply]

    @property
    def open(self) -> bool:
        return not self.replies


def questions(of: PatientScope, document_id: str | None = None) -> list[ConsentQuestionView]:
    """What a patient asked, oldest first. Two queries."""
    rows = of.rows(ConsentQuestion).prefetch_related(Prefetch("replies", clinic_rows(ConsentReply).order_by("id")))
    if document_id is not None:
        rows = rows.filter(document_id=document_id)
    return [ConsentQuestionView(each, list(each.replies.all())) for each in rows.order_by("id")]


def open_questions(of: PatientScope, document_id: str) -> int:
    """How many questions about a document nobody has answered or waived. One query."""
    rows = of.rows(ConsentQuestion).filter(document_id=document_id, replies=None)
    return rows.count()


# ---------------------------------------------------------------- what waits in the clinic


def to_countersign() -> QuerySet[Consent]:
    """Signatures that stand alone: the newest of their document, not withdrawn, agreed, without a prescriber's."""
    newer = rows_of(Consent, PatientScope, OuterRef("patient_id")).filter(
        document_id=OuterRef("document_id"), pk__gt=OuterRef("pk")
    )
    rows = clinic_rows(Consent).filter(decision=Decision.PERMIT, countersignature=None, withdrawal=None)
    return rows.exclude(Exists(newer))


def unanswered() -> QuerySet[ConsentQuestion]:
    """Questions without any reply."""
    return clinic_rows(ConsentQuestion).filter(replies=None)


def taken_back(since: datetime) -> QuerySet[Consent]:
    """Agreements that were withdrawn and not given again."""
    newer = rows_of(Consent, PatientScope, OuterRef("patient_id")).filter(
        document_id=OuterRef("document_id"), pk__gt=OuterRef("pk")
    )
    return clinic_rows(Consent).filter(withdrawal__withdrawn_at__gte=since).exclude(Exists(newer))


def _agrees_to(said: Mapping[str, Any], now: Text) -> bool:
    """Whether what was said agrees to the text of now, and was not withdrawn."""
    return bool(said["p"] == Decision.PERMIT and said["w"] is None and said["h"] == now.hash)


def open_for_patient(clinic_id: int, of: PatientScope) -> tuple[str, ...] | None:
    """The documents that wait for the patient's own signature; None where the clinic asks for nothing. One query."""
    newest = of.rows(Consent).order_by("document_id", "-id").distinct("document_id")
    said = newest.values(
        row=JSONObject(d="document_id", h="content_hash", p="decision", l="language", w="withdrawal__id")
    )
    requests = of.rows(ConsentRequest).order_by("-id").values("route")[:1]
    row = (
        Clinic.objects.filter(pk=clinic_id)
        .annotate(asked_route=Subquery(requests), said=ArraySubquery(said), adoptions=ArraySubquery(_adoptions()))
        .values("jurisdiction", "asked_route", "said", "adoptions")
        .get()
    )
    if row["asked_route"] is None:
        return None
    own = _shelf(row["jurisdiction"], [(each["t"], each["v"], each["h"]) for each in row["adoptions"]])
    decided = {each["d"]: each for each in row["said"]}
    waiting = []
    for document in texts.newest().values():
        if not document.needed_for(row["asked_route"]) or own.text(document.id, row["asked_route"], "en") is None:
            continue
        one = decided.get(document.id)
        now = own.text(document.id, row["asked_route"], one["l"]) if one is not None else None
        if one is None or now is None or not _agrees_to(one, now):
            waiting.append(document.id)
    return tuple(waiting)


def _adoptions() -> QuerySet[ConsentAdoption, Any]:
    rows = clinic_rows(ConsentAdoption).order_by("id")
    return rows.values(row=JSONObject(t="text_id", v="version", h="text_hash"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in a clinic, and which of its packs are past their review date."""

    countersign: int
    questions: int
    withdrawn: int
    stale: tuple[Source, ...]
    to_adopt: int

    def __bool__(self) -> bool:
        return bool(self.countersign or self.questions or self.withdrawn or self.stale or self.to_adopt)


def waiting(clinic_id: int, now: datetime, since: datetime) -> Waiting:
    """What waits, for the clinic's first page; withdrawals since a time. One query."""

    def count(rows: QuerySet[Consent] | QuerySet[ConsentQuestion]) -> Coalesce:
        counted = rows.order_by().values("clinic_id").annotate(n=Count("pk"))
        return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)

    row = (
        Clinic.objects.filter(pk=clinic_id)
        .annotate(
            n_countersign=count(to_countersign()),
            n_questions=count(unanswered()),
            n_withdrawn=count(taken_back(since)),
            adoptions=ArraySubquery(_adoptions()),
        )
        .values("jurisdiction", "n_countersign", "n_questions", "n_withdrawn", "adoptions")
        .get()
    )
    own = _shelf(row["jurisdiction"], [(each["t"], each["v"], each["h"]) for each in row["adoptions"]])
    return Waiting(
        countersign=row["n_countersign"],
        questions=row["n_questions"],
        withdrawn=row["n_withdrawn"],
        stale=own.stale(clinic_day(now, current_actor())),
        to_adopt=len(to_adopt(own)),
    )


def to_adopt(own: Shelf) -> tuple[Source, ...]:
    """The newest versions of this clinic's documents and packs that it has not adopted. No query."""
    places = texts.pack_ids(own.jurisdiction)
    return tuple(
        each
        for each in texts.newest().values()
        if (not each.is_pack or each.id in places) and own.adopted.get(each.id) is not each
    )
