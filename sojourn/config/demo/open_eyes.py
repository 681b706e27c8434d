"""What the demo's prescribers write at the signature of an acceptance, and whose answers lie before them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sojourn.care.candidacy import clearance_actions, open_eyes
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.open_eyes import UNKNOWN
from sojourn.care.candidacy.queries import Assessed
from sojourn.config.demo.tales import Tale
from sojourn.foundation.accounts.actor import Actor
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope

Said = tuple[str, str]  # English, Spanish

_WHY: Said = (
    "Weighed with the person: the benefit is greater. It is looked at again before every dose.",
    "Sopesado con la persona: el beneficio es mayor. Se revisa antes de cada dosis.",
)
_NOT_KNOWN: Said = (
    "Nothing in the intake or the examination points to it; it is asked at the first visit, before any dose.",
    "Nada en la historia ni en la exploración lo sugiere; se pregunta en la primera visita, antes de toda dosis.",
)
_ANSWER: Said = ("No objection, with the usual watching.", "Sin objeción, con la vigilancia habitual.")


def reasons(tale: Tale, assessed: Assessed) -> dict[str, str]:
    """A reason for everything that asks for one."""
    found = {each.short: tale.say(_WHY) for each in open_eyes.weighed(assessed) if "reason" in each.needs}
    return {**found, UNKNOWN: tale.say(_NOT_KNOWN)} if open_eyes.unknown(assessed) else found


def clear(nurse: Actor, tale: Tale, assessed: Assessed, at: datetime) -> None:
    """Record the answers that the rules of the findings want: a specialist's of two days before."""
    for each in open_eyes.weighed(assessed, candidacy_queries.clearances(PatientScope(assessed.patient.pk))):
        for kind in each.lacks:
            clearance_actions.record_clearance(
                by=nurse, patient_id=assessed.patient.pk, drug=assessed.drug, finding=each.key, kind=kind,
                who="Dr. Ines Calder", on=clinic_day(at, nurse) - timedelta(days=0 if kind == "seen" else 2),
                document="letter-calder.pdf", said=tale.say(_ANSWER), now=at,
            )  # fmt: skip
