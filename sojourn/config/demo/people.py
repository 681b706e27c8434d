"""The invented people of the demo. Any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sojourn.config.demo.tales import Words

PASSWORD = "quiet harbor at dusk"  # noqa: S105 - published on purpose; works in demo mode only


@dataclass(frozen=True, slots=True)
class Staff:
    role: str
    name: str
    credentials: str


@dataclass(frozen=True, slots=True)
class DemoClinic:
    slug: str
    name: str
    domain: str
    time_zone: str
    language: str
    jurisdiction: str
    address: str
    phone: str
    phone_hours: str
    phone_hours_other: str
    staff: tuple[Staff, ...]
    chairs: tuple[str, ...]
    patients: int
    prefix: str
    signed_in: int  # the number of the patient behind patient@: in their series, and in the chair today
    stages: tuple[int, ...] = ()  # which rows of scenario.STAGES its first patients are; empty: all in their order


HARBOR = DemoClinic(
    "harbor-light", "Harbor Light Clinic", "harbor.demo", "America/Denver", "en", "US-CO",
    "418 Juniper Street, Suite 2\nDenver, CO 80203", "+1 303 555 0142",
    "Monday to Friday, 8:00 to 18:00", "De lunes a viernes, de 8:00 a 18:00",
    (
        Staff("prescriber", "Dr. Miriam Okafor", "MD"), Staff("nurse", "Tomás Herrera", "RN"),
        Staff("nurse", "Grace Lindqvist", "RN"), Staff("therapist", "Dana Whitfield", "LPC"),
        Staff("front_desk", "Jo Park", ""), Staff("clinic_admin", "Priya Raman", ""),
        Staff("auditor", "Samuel Osei", "CPA"), Staff("prescriber", "Dr. Henrik Sørensen", "DO"),
    ),
    ("Chair 1", "Chair 2", "Chair 3", "Chair 4"), 52, "HL", 9,
)  # fmt: skip

ALBORADA = DemoClinic(
    "alborada", "Centro Alborada", "alborada.demo", "America/Los_Angeles", "es", "US-CA",
    "2207 Marisol Avenue\nSan Diego, CA 92103", "+1 619 555 0178",
    "De lunes a viernes, de 8:00 a 17:00", "Monday to Friday, 8:00 to 17:00",
    (
        Staff("prescriber", "Dra. Lucía Benítez", "MD"), Staff("nurse", "Marco Salas", "RN"),
        Staff("therapist", "Elena Ruiz", "LMFT"), Staff("front_desk", "Inés Cordero", ""),
        Staff("clinic_admin", "Rafael Quintana", ""), Staff("auditor", "Beatriz Luna", "CPA"),
        Staff("nurse", "Noemí Prado", "RN"),
    ),
    ("Sillón 1", "Sillón 2"), 15, "CA", 1,
    stages=(4, 9, 14, 19, 25, 29, 34, 39, 5, 2, 44, 47, 49, 0, 1),
)  # fmt: skip

CLINICS = (HARBOR, ALBORADA)

GIVEN = {
    "female": [
        "Ana",
        "Laura",
        "Marisol",
        "Joan",
        "Ruth",
        "Hannah",
        "Leila",
        "Imani",
        "Keiko",
        "Nora",
        "Sofia",
        "Wanda",
        "Claire",
        "Yasmin",
        "Beth",
        "Paula",
        "Teresa",
        "Odette",
        "Lucille",
        "Farah",
        "Ingrid",
        "Mei",
        "Renee",
    ],
    "male": [
        "Daniel",
        "Marcus",
        "Owen",
        "Luis",
        "Theo",
        "Karim",
        "Peter",
        "Andre",
        "Miguel",
        "Jonas",
        "Victor",
        "Samir",
        "Walter",
        "Eli",
        "Hugo",
        "Raymond",
        "Felix",
        "Darius",
        "Colin",
        "Mateo",
        "Abel",
        "Ivan",
        "Russell",
    ],
    "other": ["Robin", "Avery", "Sage", "Quinn", "Jules"],
}
FAMILY = [
    "Reyes",
    "Whitaker",
    "Nakamura",
    "Delgado",
    "Brandt",
    "Mbeki",
    "Castellanos",
    "Hughes",
    "Ferraro",
    "Lindgren",
    "Abara",
    "Vance",
    "Kowalski",
    "Ortega",
    "Sandoval",
    "Pruitt",
    "Hassan",
    "Delacroix",
    "Ramos",
    "Novak",
    "Ellison",
    "Tran",
    "Villareal",
    "Greer",
    "Baptiste",
    "Solano",
    "Mercer",
    "Ito",
    "Cardenas",
    "Holloway",
    "Petrov",
    "Aguilar",
    "Winslow",
    "Khoury",
    "Bautista",
    "Dunne",
    "Salazar",
    "Moreau",
    "Tanaka",
    "Fuentes",
    "Keller",
    "Osborne",
    "Paredes",
    "Lund",
    "Marchetti",
    "Okoye",
    "Serrano",
    "Blake",
    "Duarte",
    "Finch",
]
SPANISH_GIVEN = {
    "female": ["Ana", "Rosa", "Marisol", "Inés", "Carmen", "Pilar", "Lorena", "Graciela", "Noelia", "Teresa", "Julia"],
    "male": ["Luis", "Mateo", "Andrés", "Tomás", "Ignacio", "Rubén", "Esteban", "Joaquín", "Pablo", "Óscar", "Raúl"],
    "other": ["Alex", "Guadalupe", "Cruz"],
}
SPANISH_FAMILY = [
    *(
        "Reyes",
        "Castellanos",
        "Delgado",
        "Ortega",
        "Sandoval",
        "Villareal",
        "Solano",
        "Cárdenas",
        "Aguilar",
        "Bautista",
    ),
    *("Salazar", "Fuentes", "Paredes", "Serrano", "Duarte", "Montes", "Ibarra", "Quiroga", "Lozano"),
]


def names(language: str) -> tuple[dict[str, list[str]], list[str]]:
    """Given names by sex, and family names, as they are common where that language is spoken."""
    return (SPANISH_GIVEN, SPANISH_FAMILY) if language == "es" else (GIVEN, FAMILY)


# Who brings somebody home, by the sex of that person.
RELATIONS = {
    "female": ("wife", "sister", "friend", "partner", "neighbour"),
    "male": ("husband", "brother", "friend", "partner", "neighbour"),
}
OF_THE_YOUNG = {"female": "mother", "male": "father"}
OF_THE_OLD = {"female": "daughter", "male": "son"}
INTENTIONS = (
    "To feel something other than tired, and to play with my children again.",
    "To meet the memory of the accident without running from it.",
    "To find out who I am when I am not depressed.",
    "To be kinder to myself than my father was.",
    "To sleep, and to wake without dread.",
    "To let go of the job that I lost and see what is left.",
    "To be curious again.",
    "To say goodbye to my mother properly.",
)
# What somebody notes by one tap in a session, in words of its own.
CALM: Final[tuple[tuple[str, Words], ...]] = (
    ("music", ("Strings only, at the patient's request.", "Solo cuerdas, a petición del paciente.")),
    ("emotional_response", ("Tears, calm breathing. Asked for a hand to hold.",
                            "Lágrimas, respiración tranquila. Pidió que le dieran la mano.")),
    ("emotional_response", ("Laughs quietly, says that the ceiling is kind.",
                            "Ríe bajito, dice que el techo es amable.")),
    ("supportive_measure", ("Guided breathing for two minutes. Settled.",
                            "Respiración guiada durante dos minutos. Se calmó.")),
    ("other", ("Describes floating above the sea. Comfortable.", "Cuenta que flota sobre el mar. Se siente bien.")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Discomfort:
    """What somebody suffered under, what was done, and how it was when somebody asked so many minutes later."""

    kind: str
    grade: str
    measure: Words
    effect: str
    asked_after: int
    medicine: str = ""  # given against it


DISCOMFORTS: Final = (
    Discomfort("nausea", "mild", ("Head raised, cool cloth.", "Cabecera elevada, paño frío."), "gone", 10),
    Discomfort("nausea", "moderate", ("Head raised; something against nausea.",
                                      "Cabecera elevada; un medicamento contra las náuseas."),
               "better", 18, "Ondansetron"),
    Discomfort("dizziness", "mild", ("Eyes closed, lies still.", "Ojos cerrados, sin moverse."), "gone", 15),
    Discomfort("headache", "mild", ("Light dimmed.", "Luz más baja."), "same", 20),
    Discomfort("anxiety", "moderate", ("Voice and a hand; breathes with the nurse.",
                                       "Voz y una mano; respira con la enfermera."), "better", 8),
)  # fmt: skip
