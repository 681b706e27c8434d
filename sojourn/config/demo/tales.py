"""Who somebody is before treatment: body, illness, medicines, what was tried, hopes, worries and measurements.

A tale is made from a seed and agrees with itself. ``Twist`` bends one where the clinic has to think.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from sojourn.care.intake.intake_form import StatedAnswer, intake_form, number

Twist = Literal["", "benzodiazepine", "opioid", "pressure", "aneurysm", "bipolar"]
Words = tuple[str, str]  # English, Spanish
SPEAKS: Final = ("en", "es")


@dataclass(frozen=True, slots=True)
class Taken:
    """A medicine as it is told. ``name`` may be one that no list knows."""

    name: str
    dose: str
    how_often: Words
    since: Words


@dataclass(frozen=True, slots=True)
class Tried:
    kind: str
    name: str
    dose: str
    duration: Words
    outcome: str
    long_enough: bool | None


@dataclass(slots=True)
class Tale:
    """``told`` are answers that are not the ordinary "no"; ``found`` is what the consultation measures."""

    language: str
    sex: str
    age: int
    height_cm: int
    weight_kg: float
    indication: str
    battery: str
    phq: int
    medicines: list[Taken] = field(default_factory=list)
    treatments: list[Tried] = field(default_factory=list)
    allergies: list[tuple[str, Words]] = field(default_factory=list)
    goals: list[str] = field(default_factory=list)
    concerns: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    laboratory: dict[str, Any] = field(default_factory=dict)

    def say(self, words: Words) -> str:
        return words[SPEAKS.index(self.language)]

    @property
    def per_kg(self) -> str:
        """Less from 65 on, as the rulebook asks for care there."""
        return "0.4" if self.age >= 65 else "0.5"


NIGHT: Final[Words] = ("at night", "por la noche")
MORNING: Final[Words] = ("in the morning", "por la mañana")
NEEDED: Final[Words] = ("when needed", "cuando hace falta")
SINCE: Final[tuple[Words, ...]] = (  # the pages say "since" before it
    ("last spring", "la primavera pasada"), ("about two years ago", "hace unos dos años"),
    ("eight months ago", "hace ocho meses"), ("I was a student", "mis años de estudiante"), ("2023", "2023"),
)  # fmt: skip
ANTIDEPRESSANTS: Final = (
    ("Sertraline", "150 mg"), ("Venlafaxine", "150 mg"), ("Bupropion", "300 mg"), ("Escitalopram", "20 mg"),
    ("Duloxetine", "60 mg"), ("Mirtazapine", "30 mg"), ("Fluoxetine", "40 mg"), ("Citalopram", "40 mg"),
    ("Nortriptyline", "75 mg"),
)  # fmt: skip
LENGTHS: Final[tuple[Words, ...]] = (
    ("four months", "cuatro meses"), ("about a year", "un año, más o menos"), ("ten weeks", "diez semanas"),
    ("two years", "dos años"), ("seven months", "siete meses"),
)  # fmt: skip
ALLERGIES: Final = (
    ("Penicillin", ("Rash as a child", "Sarpullido de niño")), ("Sulfa drugs", ("Hives", "Urticaria")),
    ("Latex", ("Itching", "Picazón")), ("Peanuts", ("Swollen lips", "Labios hinchados")),
    ("Codeine", ("Vomiting", "Vómitos")),
)  # fmt: skip
GOALS: Final[tuple[Words, ...]] = (
    ("Get up before nine, and shower.", "Levantarme antes de las nueve y ducharme."),
    ("Call my sister back.", "Devolverle la llamada a mi hermana."),
    ("Sleep through the night again.", "Volver a dormir toda la noche."),
    ("Go back to work, half days at first.", "Volver al trabajo, medio día al principio."),
    ("Cook for my children and sit down with them.", "Cocinar para mis hijos y sentarme con ellos."),
    ("Drive over the bridge without pulling over.", "Pasar el puente en coche sin tener que parar."),
    ("Read a book to the end.", "Leer un libro hasta el final."),
    ("Walk by the river three times a week.", "Caminar junto al río tres veces por semana."),
)
CONCERNS: Final[tuple[Words, ...]] = (
    ("Will I lose control, or say things that I regret?", "¿Voy a perder el control o decir cosas que lamente?"),
    ("Can I become addicted to this?", "¿Puedo volverme adicto a esto?"),
    ("What happens if it does not help me either?", "¿Qué pasa si esto tampoco me ayuda?"),
    ("I am afraid of needles.", "Me dan miedo las agujas."),
    ("Who sees what I say while I am under it?", "¿Quién oye lo que digo mientras dura el efecto?"),
    ("Do I have to stop my tablets?", "¿Tengo que dejar mis pastillas?"),
)
WHY_NOW: Final[dict[str, tuple[Words, ...]]] = {
    "depression": (
        ("I have been flat for three years. Nothing I take gets me further than getting by.",
         "Llevo tres años apagada. Nada de lo que tomo me lleva más allá de ir tirando."),
        ("My doctor says that we have run out of the usual things to try.",
         "Mi médico dice que ya hemos probado todo lo habitual."),
        ("I want to be there for my family, and not just in the room.",
         "Quiero estar de verdad con mi familia, no solo en la habitación."),
    ),
    "ptsd": (
        ("Since the accident I cannot sit in a car without shaking.",
         "Desde el accidente no puedo subir a un coche sin temblar."),
        ("I served two tours. The nights are the worst.", "Estuve dos veces destinado. Las noches son lo peor."),
    ),
    "bipolar_depression": (
        ("The low months get longer each year, and the good weeks shorter.",
         "Los meses bajos son cada año más largos, y las semanas buenas más cortas."),
    ),
}  # fmt: skip
SUBSTANCES: Final[tuple[Words, ...]] = (
    ("A glass of wine on weekends.", "Una copa de vino los fines de semana."),
    ("Nothing.", "Nada."),
    ("One or two beers a week, no drugs.", "Una o dos cervezas por semana, nada de drogas."),
    ("Cannabis gummies some nights to sleep.", "Gominolas de cannabis algunas noches para dormir."),
)


# What a twist has somebody take.
TWISTED_MEDICINES: Final[Mapping[str, tuple[Taken, ...]]] = {
    "benzodiazepine": (Taken("Lorazepam", "1 mg", ("every night", "cada noche"), SINCE[1]),),
    "opioid": (
        Taken("Tramadol", "50 mg", NEEDED, SINCE[2]), Taken("the small blue sleeping pill", "", NIGHT, SINCE[0]),
    ),
}  # fmt: skip


def tell(own: random.Random, sex: str, age: int, language: str, twist: Twist = "") -> Tale:
    """A tale of somebody of that sex and age, treatable unless the twist says otherwise."""
    height = round(own.gauss(178 if sex == "male" else 164, 6))
    weight = round(own.uniform(20.5, 31.5) * (height / 100) ** 2 * 2) / 2
    kinds = (("Treatment-resistant depression", "depression"), ("Major depressive disorder, recurrent", "depression"),
             ("Post-traumatic stress disorder", "ptsd"), ("Bipolar II depression", "bipolar_depression"))  # fmt: skip
    indication, battery = own.choices(kinds, (6, 2, 3, 1))[0]
    if twist == "bipolar":
        indication, battery = kinds[3]
    elif twist:
        indication, battery = kinds[0]
    tale = Tale(language, sex, age, height, weight, indication, battery, own.randint(15, 23))
    _illness(tale, own, twist)
    _body(tale, own, twist)
    _wishes(tale, own)
    _measured(tale, own, twist)
    return tale


def _illness(tale: Tale, own: random.Random, twist: Twist) -> None:
    """What is taken for the mind, and what was tried before it; the number of failures is that of the list."""
    order = own.sample(ANTIDEPRESSANTS, len(ANTIDEPRESSANTS))
    if tale.battery == "bipolar_depression":
        _mood_medicines(tale, own)
    else:
        now = ("Sertraline", "100 mg") if twist == "benzodiazepine" else order.pop()
        order = [each for each in order if each[0] != now[0]]
        tale.medicines.append(Taken(*now, MORNING, own.choice(SINCE)))
    if tale.battery == "ptsd" and own.random() < 0.6:
        tale.medicines.append(Taken("Prazosin", "4 mg", NIGHT, own.choice(SINCE)))
    tale.medicines += TWISTED_MEDICINES.get(twist, ())
    _tried_before(tale, own, order)


def _mood_medicines(tale: Tale, own: random.Random) -> None:
    stabiliser = own.choice((("Lamotrigine", "200 mg"), ("Lithium", "900 mg")))
    tale.medicines.append(Taken(*stabiliser, NIGHT, own.choice(SINCE)))
    tale.medicines.append(Taken("Quetiapine", "100 mg", NIGHT, own.choice(SINCE)))
    tale.told["bipolar"] = True


def _tried_before(tale: Tale, own: random.Random, order: Sequence[tuple[str, str]]) -> None:
    """The first antidepressants of ``order`` as those that failed, and what else was tried."""
    failed = {"Treatment-resistant depression": own.randint(2, 4), "Bipolar II depression": 2}.get(tale.indication, 1)
    for name, dose in order[:failed]:
        tale.treatments.append(Tried("medicine", name, dose, own.choice(LENGTHS), own.choice(("not", "partly")), True))
    if own.random() < 0.75:
        outcome = own.choice(("helped", "partly", "not"))
        therapy = "EMDR" if tale.battery == "ptsd" else "Cognitive behavioural therapy"
        tale.treatments.append(Tried("talk", therapy, "", own.choice(LENGTHS), outcome, None))
    if failed > 2 and own.random() < 0.4:
        tale.treatments.append(Tried("stimulation", "TMS", "", ("36 sessions", "36 sesiones"), "partly", None))
    tale.told["antidepressants_failed"] = number(str(failed), "", intake_form().by_id["antidepressants_failed"])


def _body(tale: Tale, own: random.Random, twist: Twist) -> None:
    _blood_vessels(tale, own, twist)
    _other_medicines(tale, own)
    if own.random() < 0.3:
        tale.allergies.append(own.choice(ALLERGIES))
    if twist == "bipolar" or own.random() < 0.06:
        tale.told["substances_before"] = True
    if tale.sex != "male" and tale.age < 50:
        tale.told["can_become_pregnant"] = own.random() < 0.7
    _weight_and_height(tale)
    tale.told["escort"] = True


def _blood_vessels(tale: Tale, own: random.Random, twist: Twist) -> None:
    if twist == "pressure" or (not twist and tale.age > 48 and own.random() < 0.35):
        tale.told["high_blood_pressure"] = True
        tale.told["blood_pressure_control"] = "high" if twist == "pressure" else "fine"
        tablet = own.choice((("Lisinopril", "10 mg"), ("Amlodipine", "5 mg"), ("Losartan", "50 mg")))
        tale.medicines.append(Taken(*tablet, MORNING, own.choice(SINCE)))
    if twist == "aneurysm":
        tale.told["vessels"] = {"yes": ["aneurysm"], "rest_unsure": False}


def _other_medicines(tale: Tale, own: random.Random) -> None:
    """What many people take besides."""
    if tale.sex == "female" and own.random() < 0.12:
        tale.medicines.append(Taken("Levothyroxine", "75 mcg", MORNING, SINCE[1]))
    if tale.age > 50 and own.random() < 0.4:
        tale.medicines.append(Taken("Atorvastatin", "20 mg", NIGHT, own.choice(SINCE)))
    if own.random() < 0.25:
        tale.medicines.append(Taken(*own.choice((("Ibuprofen", "400 mg"), ("Cetirizine", "10 mg"))), NEEDED, SINCE[3]))


def _weight_and_height(tale: Tale) -> None:
    """As somebody of that language says them: in pounds, feet and inches, or in kilograms and centimetres."""
    if tale.language == "en":
        inches = int(tale.height_cm / 2.54)
        heavy, tall = (str(round(tale.weight_kg / 0.45359237)), "lb"), (f"{inches // 12} {inches % 12}", "ft")
    else:
        heavy, tall = (str(round(tale.weight_kg)), "kg"), (str(tale.height_cm), "cm")
    asked = intake_form().by_id
    tale.told["weight"] = number(*heavy, asked["weight"])
    tale.told["height"] = number(*tall, asked["height"])


def _wishes(tale: Tale, own: random.Random) -> None:
    tale.goals = [tale.say(each) for each in own.sample(GOALS, own.randint(2, 3))]
    tale.concerns = [tale.say(each) for each in own.sample(CONCERNS, own.randint(1, 2))]
    tale.told["why_now"] = tale.say(own.choice(WHY_NOW[tale.battery]))
    tale.told["substances_words"] = tale.say(own.choice(SUBSTANCES))


def _measured(tale: Tale, own: random.Random, twist: Twist) -> None:
    high = twist == "pressure"
    tale.found = {
        "weight_kg": tale.weight_kg, "height_cm": float(tale.height_cm),
        "sbp": float(own.randint(164, 172) if high else own.randint(108, 132)),
        "dbp": float(own.randint(100, 106) if high else own.randint(66, 82)), "heart_rate": float(own.randint(60, 84)),
        "respiratory_rate": float(own.randint(12, 17)), "spo2": float(own.randint(96, 99)),
        "temperature": round(own.uniform(36.3, 36.9), 1), "consciousness": "alert", "on_oxygen": False,
        "ecg": "normal", "qtc_ms": float(own.randint(396, 432)),
        "suicide_risk": "moderate" if tale.phq >= 21 else "low", "lacks_capacity": False,
        "nyha": "none", "hypertension_uncontrolled": high,
    }  # fmt: skip
    if tale.told.get("can_become_pregnant"):
        tale.found["pregnancy_test"] = "negative"
    tale.laboratory = {
        "alt": float(own.randint(12, 38)), "ast": float(own.randint(14, 34)), "alp": float(own.randint(45, 105)),
        "ggt": float(own.randint(12, 44)), "bilirubin": float(own.randint(5, 16)),
        "alt_uln": 41.0, "ast_uln": 40.0, "alp_uln": 129.0, "ggt_uln": 60.0, "bilirubin_uln": 21.0,
        "egfr": float(max(62, round(118 - tale.age * 0.6 + own.gauss(0, 5)))),
    }  # fmt: skip


def answers(tale: Tale) -> dict[str, StatedAnswer]:
    """An answer to every question that applies, in the order of the intake."""
    said: dict[str, StatedAnswer] = {}
    lines = {
        "medicines": tale.medicines, "allergies": tale.allergies, "treatments": tale.treatments, "goals": tale.goals,
        "concerns": tale.concerns, "people": [True],
    }  # fmt: skip
    while True:
        ahead = next((each for each in intake_form().shown(said, tale.sex) if each.id not in said), None)
        if ahead is None:
            return said
        if ahead.id in tale.told:
            value: Any = tale.told[ahead.id]
        elif ahead.kind == "list":
            value = "done" if lines[ahead.of] else "none"
        else:
            value = {"yes": [], "rest_unsure": False} if ahead.kind == "checklist" else False
        said[ahead.id] = StatedAnswer("told", value)


def birth_date(own: random.Random, first: int = 1956, last: int = 2003) -> date:
    return date(own.randint(first, last), own.randint(1, 12), own.randint(1, 28))
