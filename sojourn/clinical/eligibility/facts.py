"""The words in which a person's medical situation is told: every fact has one name, one kind and one unit.

The intake asks for them, clinicians enter them, laboratories send them, rules read them. A fact that nobody has
told is absent, and absent is never taken for "no".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["yes_no", "number", "choice", "day"]
Value = bool | float | str | date


@dataclass(frozen=True, slots=True)
class Word:
    """One name of the vocabulary. ``low``/``high``: outside of them a number is a slip of the pen, not a finding."""

    name: str
    kind: Kind
    label: str  # message id, read by clinicians
    unit: str = ""  # UCUM
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def fault(self, value: object) -> str | None:
        """Why ``value`` cannot be this fact ("not-yes-or-no", "not-a-number", "implausible" ...), or None."""
        match self.kind:
            case "yes_no":
                return None if isinstance(value, bool) else "not-yes-or-no"
            case "day":
                return None if type(value) is date else "not-a-day"
            case "choice":
                return None if value in self.choices else "not-a-choice"
            case "number":
                return self._number_fault(value)

    def _number_fault(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return "not-a-number"
        too_low = self.low is not None and value < self.low
        too_high = self.high is not None and value > self.high
        return "implausible" if too_low or too_high else None


def _yes_no(**labels: str) -> Iterator[Word]:
    return (Word(name, "yes_no", label) for name, label in labels.items())


# The bounds catch slips (weight 700 kg); they are no clinical limits. Convention. Those of the vital signs hold all
# that a monitor may plausibly show (plausibility rules), so that no believed reading is too grave to be read.
_WORDS: Final = (
    Word("age_years", "number", "Age", "a", low=0, high=130),
    Word("sex", "choice", "Sex", choices=("female", "male", "other", "unknown")),
    Word("weight_kg", "number", "Weight", "kg", low=20, high=350),
    Word("height_cm", "number", "Height", "cm", low=80, high=250),
    *_yes_no(
        # allergy
        allergy_ketamine="Allergy to ketamine, esketamine or an excipient",
        # heart and vessels
        aneurysm="Aneurysm",
        arteriovenous_malformation="Arteriovenous malformation",
        bp_rise_hazard="A rise in blood pressure would be a serious hazard",
        cv_poorly_controlled="Poorly controlled cardiovascular disease",
        unstable_angina="Unstable angina",
        heart_failure_decompensated="Decompensated heart failure",
        cv_event="Heart attack or other cardiovascular event",
        hypertension="High blood pressure",
        hypertension_uncontrolled="Uncontrolled high blood pressure",
        arrhythmia="Significant arrhythmia",
        valve_disease_severe="Severe valve disease",
        # brain and nerves
        intracerebral_haemorrhage="Bleeding in the brain",
        stroke_or_tia="Stroke or transient ischaemic attack",
        hypertensive_encephalopathy="Hypertensive encephalopathy",
        raised_intracranial_pressure="Raised pressure in the head",
        space_occupying_lesion="Space-occupying lesion in the head",
        raised_intraocular_pressure="Raised pressure in the eye",
        glaucoma_untreated="Untreated glaucoma",
        dementia_or_delirium="Dementia, delirium or another neurocognitive disorder",
        brain_injury_symptomatic="Brain injury with lasting symptoms",
        seizures="Epilepsy or seizures",
        # mind
        psychosis_active="Psychosis now",
        psychosis_history="Psychotic disorder in the past",
        mania_current="Mania or hypomania now",
        bipolar="Bipolar disorder",
        substance_use_disorder_active="Substance use disorder now",
        substance_use_disorder_history="Substance use disorder in the past",
        ketamine_misuse="Ketamine misuse",
        # liver, kidney, bladder
        liver_disease="Liver disease",
        liver_enzymes_abnormal="Abnormal liver enzymes",
        biliary_dilatation="Dilated bile ducts",
        kidney_disease="Kidney disease",
        cystitis="Ulcerative or interstitial cystitis",
        recurrent_uti="Recurrent urinary infections",
        ketamine_uropathy="Ketamine uropathy",
        urinary_symptoms="Unexplained urinary symptoms",
        haematuria="Blood in the urine",
        # pregnancy
        can_become_pregnant="Could become pregnant",
        pregnant="Pregnant",
        planning_pregnancy="Planning a pregnancy",
        breast_feeding="Breast-feeding",
        # glands, metabolism, breath
        hyperthyroidism="Overactive thyroid",
        thyroid_replacement_unstable="Thyroid replacement not yet stable",
        porphyria="Porphyria",
        pulmonary_insufficiency_severe="Severe lung disease",
        sleep_apnoea_untreated="Untreated severe sleep apnoea",
        respiratory_infection="Respiratory infection now",
        # the day and the law
        intoxicated_today="Intoxicated today",
        fasted="Fasted as instructed",
        escort="A responsible adult takes the person home",
        will_drive="Means to drive afterwards",
        lacks_capacity="Lacks capacity for informed consent",
    ),
    Word("cv_event_on", "day", "Day of the last cardiovascular event"),
    Word("nyha", "choice", "Heart failure by NYHA class", choices=("none", "I", "II", "III", "IV")),
    Word("sbp", "number", "Systolic blood pressure", "mm[Hg]", low=0, high=300),
    Word("dbp", "number", "Diastolic blood pressure", "mm[Hg]", low=0, high=250),
    Word("heart_rate", "number", "Heart rate", "/min", low=0, high=300),
    Word("respiratory_rate", "number", "Respiratory rate", "/min", low=0, high=80),
    Word("spo2", "number", "Oxygen saturation", "%", low=1, high=100),
    Word("etco2", "number", "End-tidal carbon dioxide", "mm[Hg]", low=0, high=150),
    Word("moaas", "number", "Sedation (MOAA/S)", "{score}", low=0, high=5),
    Word("temperature", "number", "Temperature", "Cel", low=25, high=45),
    Word("consciousness", "choice", "Consciousness", choices=("alert", "confused", "voice", "pain", "unresponsive")),
    Word("on_oxygen", "yes_no", "On oxygen"),
    Word("alt", "number", "ALT", "U/L", low=0, high=20000),
    Word("alt_uln", "number", "ALT, the laboratory's upper limit", "U/L", low=1, high=1000),
    Word("ast", "number", "AST", "U/L", low=0, high=20000),
    Word("ast_uln", "number", "AST, the laboratory's upper limit", "U/L", low=1, high=1000),
    Word("alp", "number", "ALP", "U/L", low=0, high=20000),
    Word("alp_uln", "number", "ALP, the laboratory's upper limit", "U/L", low=1, high=1000),
    Word("ggt", "number", "GGT", "U/L", low=0, high=20000),
    Word("ggt_uln", "number", "GGT, the laboratory's upper limit", "U/L", low=1, high=1000),
    Word("bilirubin", "number", "Bilirubin", "umol/L", low=0, high=1500),
    Word("bilirubin_uln", "number", "Bilirubin, the laboratory's upper limit", "umol/L", low=1, high=200),
    Word("egfr", "number", "eGFR", "mL/min/{1.73_m2}", low=0, high=250),
    Word("qtc_ms", "number", "QTc interval", "ms", low=200, high=800),
    Word("ecg", "choice", "ECG", choices=("normal", "abnormal")),
    Word("child_pugh", "choice", "Child-Pugh class", choices=("A", "B", "C")),
    Word("pregnancy_test", "choice", "Pregnancy test", choices=("negative", "positive")),
    Word("food_min", "number", "Minutes since the last food", "min", low=0, high=10080),
    Word("liquid_min", "number", "Minutes since the last drink", "min", low=0, high=10080),
    Word("nasal_drug_min", "number", "Minutes since a nasal medicine", "min", low=0, high=10080),
    Word("suicide_risk", "choice", "Acute suicide risk", choices=("low", "moderate", "high")),
    Word("antidepressant_trials_failed", "number", "Antidepressants tried without response", "{count}", low=0, high=60),
)

UPPER_LIMIT: Final = "_uln"  # the laboratory's own upper limit of a value is a fact of the value's name with this end

VOCABULARY: Final[Mapping[str, Word]] = MappingProxyType({each.name: each for each in _WORDS})


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about a person: what, since when, and who says so ("record": their own particulars)."""

    name: str
    value: Value
    on: date
    told_by: Literal["patient", "clinician", "imported", "record"]


Facts = Mapping[str, Fact]  # by name; the newest of each


def known(*facts: Fact) -> Facts:
    """The facts by name, the newest of each; raises ValueError for a name or value outside the vocabulary."""
    found: dict[str, Fact] = {}
    for each in sorted(facts, key=lambda fact: fact.on):
        word = VOCABULARY.get(each.name)
        if word is None:
            raise ValueError(f"{each.name} is not a fact that we know of")
        if fault := word.fault(each.value):
            raise ValueError(f"{each.name}: {each.value!r} is {fault}")
        found[each.name] = each
    return MappingProxyType(found)
