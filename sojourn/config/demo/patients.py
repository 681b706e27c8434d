"""The patients and who comes with them."""

from __future__ import annotations

import random
import unicodedata
from datetime import date, time, timedelta

from sojourn.care.patients.models import Patient, RelatedPerson
from sojourn.config.demo import people, tales
from sojourn.config.demo.cast import Cast, at_clock
from sojourn.config.demo.people import DemoClinic
from sojourn.config.demo.walk import Walk


def escort_of(cast: Cast, walk: Walk) -> RelatedPerson:
    own, patient = walk.own, walk.patient
    sex = own.choice(("female", "male"))
    kin = people.OF_THE_YOUNG if walk.tale.age < 40 else people.OF_THE_OLD if walk.tale.age > 52 else None
    relation = kin[sex] if kin is not None and own.random() < 0.4 else own.choice(people.RELATIONS[sex])
    names, families = people.names(cast.clinic.language)
    given = own.choice([each for each in names[sex] if each != patient.given_name])
    family = own.choice(families) if relation in {"friend", "neighbour", "partner"} else patient.family_name
    email = _address(given, family, f"{cast.clinic.slug[0]}{walk.number}")
    reached = own.random() < 0.7 or walk.signed_in
    return RelatedPerson.objects.create(
        clinic=cast.clinic, patient=patient, name=f"{given} {family}", relationship=relation, brings_home=True,
        phone=_phone(cast, own), email=email if reached else "",
        created_at=walk.at("begun", timedelta(minutes=20)),
    )  # fmt: skip


def _address(given: str, family: str, mark: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}.{mark}").encode("ascii", "ignore").decode()
    return f"{plain.lower()}@example.com"


def _phone(cast: Cast, own: random.Random) -> str:
    return f"{cast.clinic.phone[:11]}0{own.randint(100, 199)}"


def make_patient(
    demo: DemoClinic, cast: Cast, number: int, own: random.Random, begins: date, stage: str, kind: str
) -> tuple[Patient, str]:
    """The person, still without an address: no letter goes out while their past is written. And the address."""
    sex = own.choices(("female", "male", "other"), (58, 38, 4))[0]
    if kind == "benzodiazepine":
        sex = "female"
    elif kind in {"opioid", "pressure", "aneurysm"}:
        sex = "male"
    names, families = people.names(demo.language)
    given = names[sex][number % len(names[sex])]
    family = families[(number * 7 + 3) % len(families)]
    years = {"benzodiazepine": (1980, 1992), "reviewed": (1985, 1999)}.get(kind or stage, (1956, 2003))
    created = at_clock(begins - timedelta(days=26), time(14), cast.clinic.zone)
    patient = Patient.objects.create(
        clinic=cast.clinic, record_number=f"{demo.prefix}-{number + 1:05d}", given_name=given, family_name=family,
        birth_date=tales.birth_date(own, *years), sex=sex, phone=_phone(cast, own),
        language="es" if demo.language == "es" or own.random() < 0.15 else "en",
        restricted=number == 17, created_at=created, created_by=cast.members["front_desk"][0],
    )  # fmt: skip
    return patient, _address(given, family, f"{demo.prefix}{number}")
