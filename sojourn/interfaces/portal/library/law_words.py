"""What the pages of law hold in a few words of the trade, in whole sentences for whoever reads them as a patient.

The rules keep the wording that was checked (``facts/jurisdictions.csv``); a sentence here says the same and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

_AS_US: Final = _("As in the whole of the United States: see the page on the federal law.")
_AS_US_STATE_UNREAD: Final = _(
    "As in the whole of the United States: see the page on the federal law. The law of this state we have not read."
)
_UNREAD: Final = _("We have not read about this.")
_SCHEDULE_III: Final = _("Schedule III, as in the whole of the United States.")
_FROM_MEMORY: Final = _("Nothing on this page was read in its source: it is written from memory.")
_LICENSED: Final = _("Whoever has a licence to prescribe in this state.")

PLAIN: Final[Mapping[str, StrPromise]] = {
    # the United States
    "Schedule III (since 12 Aug 1999)": _("Schedule III, since 12 August 1999."),
    "DEA-registered practitioner with state authority": _(
        "A practitioner who is registered with the Drug Enforcement Administration (DEA), and whom the state allows to "
        "prescribe."
    ),
    "not approved for home use; off-label compounded SL/oral supplied under state law; FDA warns against "
    "unmonitored use": _(
        "It is not approved for use at home. Ketamine that a pharmacy makes, to be taken under the tongue or by "
        "mouth, is supplied off-label, under the law of each state. The Food and Drug Administration (FDA) warns "
        "against using it with nobody watching."
    ),
    "Spravato CIII, REMS-only, given in a certified setting, >=2 h observation; TRD monotherapy approved (17/21 Jan "
    "2025)": _(
        "Spravato is in Schedule III too. It is given only in certified places under a safety programme "
        "(REMS), and one is watched for at least 2 hours. Since January 2025 (17 or 21) it is approved by itself, "
        "without an antidepressant beside it, for depression that other treatments did not help."
    ),
    "inventory at least every 2 years (21 CFR 1304.11); records kept 2 years, readily retrievable (1304.04); "
    "no Form 222 for CIII (1305 covers CI-II); invoice/receipt kept; opened CIII container: estimated count "
    "unless >1,000 tablets/capsules; theft/significant loss Form 106; waste: two-person witness is good "
    "practice": _(
        "The clinic counts its stock at least every 2 years (21 CFR 1304.11), and keeps its records for 2 "
        "years where they are found at once (1304.04). It keeps invoices and receipts. The order form 222 is "
        "not needed for Schedule III (1305). Of an opened container the count may be an estimate, unless it "
        "holds more than 1,000 tablets or capsules. Theft or a significant loss is reported on form 106. That"
        " two people witness what is thrown away is good practice."
    ),
    "Telemedicine flexibilities (no prior in-person exam, CII-V) extended by the Fourth Temporary Rule "
    "through 31 Dec 2026; lapse date must be a config value. FDA alerts: compounded nasal ketamine (Feb 2022;"
    " day 16 recalled); compounded oral and other ketamine (Oct 2023; day 10 recalled; April 2023 case: "
    "respiratory depression, level twice anaesthetic)": _(
        "Until 31 December 2026 a controlled medicine may be prescribed by video or telephone without an "
        "examination in person before (Fourth Temporary Rule). The FDA has warned of ketamine that pharmacies"
        " make: of the nasal form in February 2022, and of the oral and other forms in October 2023, after a "
        "case in April 2023 in which breathing was slowed and the level in the blood was twice that of an "
        "anaesthetic. The days within those months are from memory."
    ),
    "schedule, REMS, monotherapy, telemedicine date, FDA alerts verified; 1304.11/1304.04/1305/106 recalled": _(
        "Read in a source: the schedule, the safety programme, the spray by itself, the date for telemedicine, the"
        " warnings of the FDA. From memory: what a clinic must write down."
    ),
    "US telemedicine flexibilities (Fourth Temporary Rule)": _(
        "Prescribing by video or telephone without an examination in person before (Fourth Temporary Rule)."
    ),
    # its states
    "CIII": _SCHEDULE_III,
    "as US": _AS_US,
    "not retrieved": _UNREAD,
    "unverified": _("Nothing on this page was checked in a source."),
    "state-licensed prescribers": _LICENSED,
    "physicians etc.": _("Physicians, and others whom the state allows to prescribe. We have not read whom."),
    "telehealth possible under federal rule": _("Care by video or telephone is possible under the federal rule."),
    "as US + CURES PDMP (recalled)": _(
        "As in the whole of the United States. The state also keeps a register of controlled prescriptions "
        "(CURES). This is from memory."
    ),
    "corporate practice of medicine: practice owned by professional medical corporation, majority physicians; "
    "non-clinicians only through an MSO that may not control care": _(
        "A medical practice belongs to a professional corporation, mostly of physicians. People who are not "
        "clinicians take part only through a company that manages the practice and may not control the care."
    ),
    "CPOM verified": _("Read in a source: who may own a practice. The rest was not checked."),
    "state rules not retrieved; check office-based anaesthesia/sedation rules": _(
        "We have not read the rules of this state. It may have rules on anaesthesia and sedation outside "
        "hospitals: ask."
    ),
    "natural-medicine law (psilocybin) does not cover ketamine (recalled)": _(
        "The state's law on natural medicine (psilocybin) does not cover ketamine. This is from memory."
    ),
    "as US (federal); state law not read": _AS_US_STATE_UNREAD,
    "not read": _UNREAD,
    "not read; ask counsel who practises in Texas before relying on anything here": _(
        "We have not read about this. Ask a lawyer who practises in Texas before you rely on anything here."
    ),
    "nothing about Texas was retrieved": _("We have read nothing about Texas."),
    # the United Kingdom
    "Class B; Schedule 2 (2001 Regs, since 30 Nov 2015)": _(
        "Class B, and since 30 November 2015 Schedule 2 of the Regulations of 2001."
    ),
    "doctors/independent prescribers within competence; off-label": _(
        "Doctors and independent prescribers, within what they are trained for. It is off-label."
    ),
    "specialist services supply oral ketamine for home use in limited programmes (recalled)": _(
        "Specialist services supply ketamine to be taken by mouth at home, in limited programmes. This is from memory."
    ),
    # What NICE decided the library has read (EV016); it holds for England.
    "licensed; clinic use under HCP supervision; NICE TA854 did not recommend (recalled)": _(
        "The spray is licensed. It is used in a clinic, with a health professional watching. This is from "
        "memory. In England the body that advises the public health service (NICE) did not recommend it (TA854). "
        "This we have read. What other parts of the United Kingdom decided, we have not read."
    ),
    "CD register, safe custody, CD prescription, witnessed destruction (Schedule 2)": _(
        "As for every medicine of Schedule 2: a register of controlled drugs, safe custody, a prescription of"
        " its own kind, and a witness when it is destroyed."
    ),
    "Class B verified; palliative NHS guideline says 'Schedule 2 controlled drug'. Home Office asked the ACMD"
    " in Jan 2025 to review a move to Class A (recalled; outcome not retrieved)": _(
        "That it is in Class B was read in a source. A guideline of the health service on palliative care calls it "
        "a controlled drug of Schedule 2. In January 2025 the Home Office asked its advisers on drugs (ACMD) "
        "whether ketamine should move to Class A: this is from memory, and we have not read what came of it."
    ),
    "class + schedule verified; rest recalled": _(
        "Read in a source: class and schedule, and what NICE decided. The rest is from memory."
    ),
    # Canada
    "Schedule I (CDSA)": _("Schedule I of the Controlled Drugs and Substances Act."),
    "physicians; provincial colleges add rules": _("Physicians. Colleges of the provinces add rules of their own."),
    "varies by province": _("That differs from province to province."),
    "Health Canada approved 2020 (recalled)": _("Health Canada approved it in 2020. This is from memory."),
    "narcotic/CD records 2 years (recalled)": _(
        "Records of narcotics and controlled drugs, kept for 2 years. This is from memory."
    ),
    "British Columbia: IV ketamine only in hospitals or accredited non-hospital facilities (CPSBC 2022)": _(
        "In British Columbia ketamine is given into a vein only in hospitals or in accredited places outside "
        "them (College of Physicians and Surgeons, 2022)."
    ),
    "schedule + BC rule verified": _(
        "Read in a source: the schedule, and the rule of British Columbia. The rest was not checked."
    ),
    # Australia
    "Schedule 8": _("Schedule 8."),
    "medical practitioners; state S8 permits; off-label needs RANZCP-guided governance": _(
        "Medical practitioners, with a permit of their state for Schedule 8. Off-label use needs rules of the"
        " clinic that follow the college of psychiatrists (RANZCP)."
    ),
    "generally no": _("In general not."),
    "Spravato registered 2021, PBS listing from 2025 (recalled)": _(
        "Spravato was registered in 2021, and is on the list of subsidised medicines (PBS) from 2025 on. This"
        " is from memory."
    ),
    "S8 register, safe, witnessed discard": _(
        "As Schedule 8 asks: a register, a safe, and a witness when something is thrown away."
    ),
    "RANZCP document not retrieved": _("We have not read the document of the college of psychiatrists (RANZCP)."),
    "schedule verified; rest recalled": _("Read in a source: the schedule. The rest is from memory."),
    # Germany
    "prescription-only; not in BtMG (recalled)": _(
        "On prescription only. It is not in the law on narcotics (BtMG). This is from memory."
    ),
    "physicians, off-label": _("Physicians. It is off-label."),
    "licensed; hospital/clinic": _("The spray is licensed, and is given in a hospital or clinic."),
    "normal prescription records": _("What is written down of every prescription."),
    "BtMG status of esketamine not confirmed": _(
        "Whether the law on narcotics (BtMG) covers esketamine, we have not confirmed."
    ),
    "recalled/unverified": _FROM_MEMORY,
    # the Netherlands
    "prescription medicine; not on Opium Act lists (recalled)": _(
        "On prescription only. It is not on the lists of the Opium Act. This is from memory."
    ),
    "oral esketamine programmes in research": _("There are programmes of research with esketamine by mouth."),
    "licensed; reimbursed in clinic": _("The spray is licensed, and is paid for when it is given in a clinic."),
    "normal records": _("What is written down of every prescription."),
    # India
    "Schedule X (Drugs & Cosmetics Rules) and NDPS psychotropic 2011 (recalled)": _(
        "Schedule X of the Drugs and Cosmetics Rules, and since 2011 a psychotropic substance (NDPS). This is"
        " from memory."
    ),
    "registered medical practitioner": _("A registered medical practitioner."),
    "not widely marketed": _("It is not sold widely."),
    "Schedule X: duplicate prescription kept 2 years, licence, separate storage": _(
        "For Schedule X: a prescription in two copies that is kept for 2 years, a licence, and storage apart."
    ),
    # Brazil
    "Portaria 344/98 list C1": _("List C1 of the ordinance 344 of 1998 (Portaria 344/98)."),
    "physicians; Receita de Controle Especial, 2 copies": _(
        "Physicians, on a special controlled prescription (Receita de Controle Especial) in 2 copies."
    ),
    "no for Spravato; hospital/clinic": _("Not Spravato: it is given in a hospital or clinic."),
    "Anvisa registered 2020 (recalled)": _("Anvisa registered it in 2020. This is from memory."),
    "controlled-prescription retention": _("The controlled prescription is kept."),
    "C1 verified (tertiary); rest recalled": _("Read at third hand: list C1. The rest is from memory."),
}

# A bare word says something else in each column.
IN_PART: Final[Mapping[tuple[str, str], StrPromise]] = {
    ("at_home", "no"): _("Not at home."),
    ("at_home", "rare"): _("It is rare. We have not read how rare."),
    ("who_may_prescribe", "physicians"): _("Physicians."),
    ("fact_base", "recalled"): _FROM_MEMORY,
}


def plain(text: str, part: str = "") -> str:
    """The sentence for these words in this part of a page; the words themselves where nobody has written one."""
    return str(IN_PART.get((part, text)) or PLAIN.get(text) or _(text))
