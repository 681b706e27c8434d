"""A signed agreement on paper: the text that was kept, never the text as it is now."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sojourn.care.consent import queries as consent_queries
from sojourn.care.consent import texts
from sojourn.care.consent.actions import HIGH, WIDE
from sojourn.care.consent.models import Consent
from sojourn.foundation.accounts.models import Clinic
from sojourn.foundation.clock import local
from sojourn.foundation.printing.agreement import Agreement, Passage, Signature
from sojourn.foundation.printing.agreement import pdf as set_pdf


def pdf(consent: Consent, clinic: Clinic) -> bytes:
    """The copy for patient and clinic, in the language that was signed. ``consent`` from ``actions.open_copy``."""
    with translation.override(consent.language):
        return set_pdf(agreement(consent, clinic))


def moment(at: datetime, clinic: Clinic) -> str:
    """A time in the clinic's own zone, with the zone's name."""
    here = local(at, clinic)
    return f"{date_format(here, 'DATETIME_FORMAT')} ({here.tzname()})"


def drawing(path: str) -> str:
    """A drawn signature as an SVG. The path was checked when it was signed."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:.0f} {HIGH:.0f}"><path d="{path}" fill="none" '
        'stroke="#26233a" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def agreement(consent: Consent, clinic: Clinic) -> Agreement:
    """The document in the active language."""
    text = texts.read_text(consent.content)
    patient = consent.patient
    letterhead = [clinic.name, *(each.strip() for each in clinic.address.splitlines() if each.strip())]
    if clinic.phone:
        letterhead.append(clinic.phone)
    facts = [
        (_("Text"), _("%(id)s, version %(version)d") % {"id": text.title, "version": text.version}),
        *(
            (
                _("Clauses of"),
                _("%(place)s, version %(version)d, to be reviewed by %(day)s")
                % {"place": place, "version": version, "day": day_words(review)}
                if review
                else _("%(place)s, version %(version)d") % {"place": place, "version": version},
            )
            for place, version, review in text.packs
        ),
        (_("Date of birth"), date_format(patient.birth_date, "DATE_FORMAT")),
    ]
    return Agreement(
        language=consent.language,
        title=text.title,
        summary=text.summary,
        about=f"{patient.name} · {patient.record_number}",
        author=clinic.name,
        made_at=local(consent.signed_at, clinic),
        letterhead=letterhead,
        # Translators: keep {page} and {pages} as they are.
        page=_("Page {page} of {pages}"),
        hash_label=_("Content hash"),
        hash=consent.content_hash,
        facts=facts,
        passages=[
            *(Passage(each.title, each.paragraphs, each.local) for each in text.parts),
            Passage(_("If you withdraw"), (*text.stops, *text.stays)),
        ],
        statements_title=_("What the patient confirmed"),
        statements=[each.text for each in text.statements if each.id in consent.statements],
        signatures_title=_("Signatures"),
        signatures=_signatures(consent, clinic),
        warning=_warning(consent, clinic),
        paper="us-letter" if clinic.jurisdiction.startswith("US") else "a4",
    )


def day_words(iso: str) -> str:
    return date_format(datetime.fromisoformat(iso).date(), "DATE_FORMAT")


def _signatures(consent: Consent, clinic: Clinic) -> list[Signature]:
    name = consent.patient.name
    if consent.decision != "permit":
        return [Signature(_("The patient said no"), name, lines=(moment(consent.signed_at, clinic),))]
    signed = [
        Signature(
            _("Patient: %(name)s") % {"name": name},
            consent.signed_name,
            drawing(consent.drawn) if consent.drawn else "",
            _("The drawn signature of %(name)s") % {"name": name},
            (moment(consent.signed_at, clinic),),
        )
    ]
    counter = consent_queries.countersigned(consent)
    if counter is None:
        signed.append(Signature(_("Prescriber: not signed yet")))
    else:
        lines = [moment(counter.signed_at, clinic), _("The patient was able to decide.")]
        signed.append(
            Signature(_("Prescriber: %(name)s") % {"name": counter.signer_name}, counter.signer_name, lines=lines)
        )
    return signed


def _warning(consent: Consent, clinic: Clinic) -> str:
    row = consent_queries.withdrawn(consent)
    if row is None:
        return ""
    return _("Withdrawn on %(time)s. This agreement no longer counts.") % {"time": moment(row.withdrawn_at, clinic)}
