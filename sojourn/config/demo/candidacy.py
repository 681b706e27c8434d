"""Decided by a prescriber, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sojourn.care.candidacy import actions as candidacy_actions
from sojourn.care.candidacy import queries as candidacy_queries
from sojourn.care.candidacy.actions import DecisionInput as Decided
from sojourn.care.intake import queries as intake_queries
from sojourn.config.demo import open_eyes, tales
from sojourn.config.demo.walk import DRUG, ROUTE, Walk
from sojourn.foundation.clock import clinic_day
from sojourn.foundation.scope import PatientScope


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A decision in the patient's words, English and Spanish."""

    kind: str
    explanation: tales.Words = ("", "")
    alternatives: tales.Words = ("", "")
    would_change: tales.Words = ("", "")
    conditions: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    awaited_words: tales.Words = ("", "")
    until_days: int = 0


ACCEPTED: Final = Reasoned(
    "accept",
    ("Your intake, your blood pressure and your tests speak for this treatment. We see nothing that makes it unsafe "
     "for you. It helps many people, and not everybody.",
     "Su historia, su presión y sus pruebas hablan a favor de este tratamiento. No vemos nada que lo haga inseguro "
     "para usted. Ayuda a muchas personas, aunque no a todas."),
    ("You can also go on as you are, change the tablet, or try magnetic stimulation (TMS).",
     "También puede seguir como hasta ahora, cambiar de pastilla o probar la estimulación magnética (EMT)."),
)  # fmt: skip


WITH_CONDITIONS: Final = Reasoned(
    "accept_with_conditions",
    ("This treatment can fit you. Because your mood can also swing up, and because drinking was hard for you once, we "
     "look more often, and you take nothing home.",
     "Este tratamiento puede servirle. Como su ánimo también puede subir, y beber fue difícil para usted en otro "
     "tiempo, miraremos más a menudo y no se llevará nada a casa."),
    ("Another mood stabilizer, or magnetic stimulation (TMS).",
     "Otro estabilizador del ánimo o la estimulación magnética (EMT)."),
    conditions=("The mood stabiliser goes on unchanged", "A mania scale before each session",
                "Every dose is given in the clinic, nothing to take home"),
)  # fmt: skip


DEFERRED: Final = Reasoned(
    "defer",
    ("Your blood pressure was too high on the day of your visit. The medicine raises it further for an hour or two, "
     "and that would not be safe now. This is not a no.",
     "Su presión estaba demasiado alta el día de la visita. El medicamento la sube todavía más durante una o dos "
     "horas, y ahora no sería seguro. Esto no es un no."),
    ("Meanwhile your therapist and your present medicine go on. If things get worse, call us.",
     "Mientras tanto siguen su terapeuta y su medicina actual. Si empeora, llámenos."),
    ("Your own doctor treats your blood pressure. When it stays at or below 140 over 90 on two visits, we "
     "decide again.",
     "Su médico trata su presión. Cuando se mantenga en 140 sobre 90 o menos en dos visitas, decidiremos de nuevo."),
    awaited=("sbp", "dbp"), awaited_words=("A letter from the family doctor", "Una carta del médico de cabecera"),
    until_days=28,
)  # fmt: skip


DECLINED: Final = Reasoned(
    "decline",
    ("You told us of a bulge in a blood vessel (an aneurysm). This medicine raises the blood pressure, and such a "
     "vessel could tear. We do not give it to you.",
     "Nos contó que tiene un vaso sanguíneo dilatado (un aneurisma). Este medicamento sube la presión y el vaso podría "
     "romperse. No se lo damos."),
    ("Magnetic stimulation (TMS) does not raise the blood pressure: we have written to a center near you. A change of "
     "your tablet, and talk therapy with Dana, are open to you as well.",
     "La estimulación magnética (EMT) no sube la presión: hemos escrito a un centro cerca de usted. También puede "
     "cambiar de pastilla y hacer terapia con nosotros."),
    ("If a vascular specialist finds that there is no aneurysm.",
     "Si un especialista vascular comprueba que no hay aneurisma."),
)  # fmt: skip


def decide(walk: Walk, reasoned: Reasoned) -> None:
    """The prescriber signs what the rules and the person's situation allow."""
    at, tale = walk.at("decided"), walk.tale
    newest = candidacy_queries.latest(PatientScope(walk.patient.pk))
    day = clinic_day(at, walk.team.clinic)
    facts, taken = intake_queries.facts(walk.patient, day), intake_queries.medicines(PatientScope(walk.patient.pk))
    assessed = candidacy_queries.assess(walk.patient, facts, taken, walk.team.rules, drug=DRUG, route=ROUTE, on=day)
    accepts = reasoned.kind.startswith("accept")
    if accepts:
        open_eyes.clear(walk.nurse, tale, assessed, at)
    candidacy_actions.decide(
        by=walk.prescriber,
        patient_id=walk.patient.pk,
        answer=Decided(
            kind=reasoned.kind, conditions=reasoned.conditions, awaited=reasoned.awaited,
            awaited_words=tale.say(reasoned.awaited_words),
            until_on=day + timedelta(days=reasoned.until_days) if reasoned.until_days else None,
            explanation=tale.say(reasoned.explanation), alternatives=tale.say(reasoned.alternatives),
            would_change=tale.say(reasoned.would_change),
            reasons=open_eyes.reasons(tale, assessed) if accepts else {},
        ),
        seen=assessed.seen(newest.pk if newest else None),
        now=at,
    )  # fmt: skip
