"""Medicine lists and what the rules say of them, by class, by the labels and papers that the rules name; and finding
medicines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.clinical import interactions, worked
from sojourn.clinical.interactions import LEVELS, Interaction, Medicine, NotChecked, check, fold, read, written
from sojourn.clinical.rules import Rule, RuleInvalid, parse_rule
from sojourn.foundation.rulebook import released_rulebook
from sojourn.foundation.rulebook.medicines import find, medicine, medicines, recognise

RULES = tuple(read(each) for each in released_rulebook().of_kind("interaction"))
NAMES = tuple(each.name for each in medicines())
ROUTES = interactions.checking.ROUTES

KETALAR = "Ketalar PI"
VERAART = "Veraart 2021 Int J Neuropsychopharmacol 24:808-831"
ANDRADE = "Andrade 2017 J Clin Psychiatry 78(7)"


@dataclass
class Person:
    """``expect``: medicine -> (severity, words of the action), several where several rules speak of it; ``says``: a
    source that stands behind the gravest; ``silent``: known, and no rule speaks of it for this drug and route."""

    story: str
    takes: tuple[str, ...]
    expect: dict[str, tuple[str, str] | list[tuple[str, str]]]
    says: str = ""
    drug: str = "ketamine"
    route: str = "iv"
    unread: tuple[str, ...] = ()
    silent: tuple[str, ...] | None = None


PEOPLE = [
    Person("Takes nothing", (), {}),
    Person("Takes metformin, of which no rule speaks", ("Metformin",), {}),
    Person(
        "Lorazepam at night for ten years",
        ("Ativan",),
        {"Lorazepam": ("major", "do not stop abruptly; consider lowest dose")},
        VERAART,
    ),
    Person(
        "Clonazepam, before the nasal spray",
        ("Rivotril",),
        {"Clonazepam": ("major", "monitor sedation")},
        "Spravato PI 7.1",
        drug="esketamine",
        route="in",
    ),
    Person("Lamotrigine for bipolar II", ("Lamictal",), {"Lamotrigine": ("moderate", "do not stop")}, VERAART),
    Person(
        "An old MAO inhibitor", ("Parnate",), {"Tranylcypromine": ("moderate", "closely monitor BP")}, "Spravato PI 7.3"
    ),
    Person(
        "Linezolid for a bone infection", ("Zyvox",), {"Linezolid": ("moderate", "closely monitor BP")}, "Spravato PI"
    ),
    Person("Adderall in the morning", ("Adderall",), {"Amphetamine": ("moderate", "hold on session morning")}, KETALAR),
    Person("Theophylline for the lungs, ketamine", ("Theophylline",), {"Theophylline": ("major", "avoid")}, KETALAR),
    Person(
        "Theophylline, esketamine by nose: the EU leaflet asks to be told, no contraindication was found",
        ("Theophylline",),
        {"Theophylline": ("moderate", "tell the prescriber")},
        "Spravato EU package leaflet",
        drug="esketamine",
        route="in",
    ),
    Person("A cold, and Sudafed", ("Sudafed",), {"Pseudoephedrine": ("moderate", "individualise dose")}, KETALAR),
    Person("Oxycodone for the back", ("OxyContin",), {"Oxycodone": ("major", "naloxone available")}, KETALAR),
    Person("Buprenorphine in recovery", ("Suboxone",), {"Buprenorphine": ("major", "naloxone available")}, KETALAR),
    Person("Wine with dinner", ("alcohol",), {"Ethanol": ("major", "no alcohol 24 h")}, "Ketalar PI 7.3/5.9"),
    Person("Pregabalin for nerves", ("Lyrica",), {"Pregabalin": ("moderate", "monitor")}, "Spravato PI 7.1"),
    Person(
        "Ticlopidine, lozenges",
        ("Ticlid",),
        {"Ticlopidine": ("major", "reduce oral/SL dose")},
        "Peltoniemi 2011",
        route="sl",
    ),
    Person(
        "Ticlopidine, infusion: the study was of the mouth, and its figure stays there",
        ("Ticlid",),
        {"Ticlopidine": ("unknown", "observe until stable")},
        "studied by mouth",
    ),
    Person(
        "Clarithromycin, by mouth",
        ("Klacid",),
        {"Clarithromycin": ("moderate", "reduce oral/SL")},
        "Hagelberg 2010 Eur J Pain 14:625-629 PMID 19897389",
        route="oral",
    ),
    Person(
        "Rifampicin, by mouth",
        ("Rifampicin",),
        {"Rifampin": ("major", "avoid oral/SL")},
        "Peltoniemi 2012",
        route="oral",
    ),
    Person("Rifampicin, into a vein", ("Rifadin",), {"Rifampin": ("minor", "avoid oral/SL")}, "Peltoniemi 2012"),
    Person(
        "Hierba de San Juan, tablets under the tongue",
        ("hierba de san juan",),
        {"St John's wort": ("moderate", "avoid with oral/SL")},
        "Peltoniemi 2012",
        route="sl",
    ),
    Person("Carbamazepine", ("Tegretol",), {"Carbamazepine": ("moderate", "prefer parenteral")}, ANDRADE),
    Person(
        "Grapefruit juice, film by mouth",
        ("grapefruit juice",),
        {"Grapefruit juice": ("moderate", "avoid")},
        "Peltoniemi 2012",
        route="oral",
    ),
    Person("Levothyroxine", ("Eutirox",), {"Levothyroxine": ("moderate", "check euthyroid")}, "older Ketamine SmPC/PI"),
    Person(
        "Amlodipine and lisinopril",
        ("Norvasc", "Zestril"),
        {"Amlodipine": ("minor", "continue usual dose"), "Lisinopril": ("minor", "continue usual dose")},
        "Szarmach 2020",
    ),
    Person("Memantine", ("Ebixa",), {"Memantine": ("moderate", "avoid or specialist decision")}, "memantine SmPC"),
    Person("Naltrexone", ("Revia",), {"Naltrexone": ("moderate", "do not stop without prescriber")}, "Williams 2018"),
    Person(
        "Clozapine: a sedating antipsychotic, and the paper about its effect",
        ("Leponex",),
        {"Clozapine": [("moderate", "monitor sedation"), ("minor", "inform")]},
        "Spravato PI 7.1",
    ),
    Person("Lithium", ("Litio",), {"Lithium": ("minor", "continue")}, VERAART),
    Person(
        "Valproate: the fact base knows nothing of it",
        ("Depakote",),
        {"Valproic acid": ("unknown", "inform")},
        "no source",
    ),
    Person("Sertraline", ("Zoloft",), {"Sertraline": ("minor", "continue")}, ANDRADE),
    # --- a class is a class: members that no rule of the first versions named ---
    Person("Temazepam for sleep", ("Restoril",), {"Temazepam": ("major", "do not stop abruptly")}, "Ketalar PI 7.3"),
    Person(
        "Oxazepam, spray",
        ("Serax",),
        {"Oxazepam": ("major", "monitor sedation")},
        "Spravato PI 7.1",
        "esketamine",
        "in",
    ),
    Person("Zopiclone", ("Imovane",), {"Zopiclone": ("moderate", "monitor sedation")}, "Ketalar PI 7.3"),
    Person("Hydromorphone", ("Dilaudid",), {"Hydromorphone": ("major", "naloxone available")}, KETALAR),
    Person("Codeine", ("Codeine",), {"Codeine": ("major", "naloxone available")}, KETALAR),
    Person("Meperidine, spray", ("pethidine",), {"Meperidine": ("major", "naloxone")}, KETALAR, "esketamine", "in"),
    Person("Sodium oxybate", ("Xyrem",), {"Sodium oxybate": ("major", "night before")}, "Ketalar PI 7.3"),
    Person(
        "Lisdexamfetamine", ("Vyvanse",), {"Lisdexamfetamine": ("moderate", "closely monitor BP")}, "Spravato PI 7.2"
    ),
    Person("Methamphetamine", ("Desoxyn",), {"Methamphetamine": ("moderate", "closely monitor BP")}, "Spravato PI 7.2"),
    Person("Moclobemide", ("Aurorix",), {"Moclobemide": ("moderate", "closely monitor BP")}, "Spravato PI 7.3"),
    Person(
        "Phenobarbital: a barbiturate and an inducer",
        ("Luminal",),
        {"Phenobarbital": [("major", "do not stop abruptly"), ("moderate", "prefer parenteral")]},
        "Ketalar PI 7.3",
    ),
    Person("Doxylamine for sleep", ("Unisom",), {"Doxylamine": ("moderate", "monitor sedation")}, "Spravato PI 7.1"),
    Person("Baclofen", ("Baclofen",), {"Baclofen": ("moderate", "monitor sedation")}, "Ketalar PI 7.3"),
    Person("Dextromethorphan", ("Delsym",), {"Dextromethorphan": ("moderate", "specialist")}, "memantine SmPC"),
    Person("Amantadine", ("Symmetrel",), {"Amantadine": ("moderate", "specialist")}, "memantine SmPC"),
    Person("Vasopressin", ("Vasostrict",), {"Vasopressin": ("moderate", "individualise")}, "Ketalar PI 7.2"),
    Person(
        "Metamizole is an inducer",
        ("Nolotil",),
        {"Metamizole": ("moderate", "prefer parenteral")},
        ANDRADE,
        route="oral",
    ),
    Person(
        "Nefazodone inhibits strongly",
        ("Serzone",),
        {
            "Nefazodone": [("moderate", "caution oral/SL"), ("moderate", "monitor sedation"), ("minor", "continue")],
        },
        route="oral",
    ),
    Person(
        "Ciprofloxacin inhibits",
        ("Ciprofloxacin",),
        {"Ciprofloxacin": ("moderate", "caution oral/SL")},
        ANDRADE,
        route="sl",
    ),
    Person(
        "Fluvoxamine is an antidepressant, on the list of FDA no inhibitor of CYP3A4",
        ("Luvox",),
        {"Fluvoxamine": ("minor", "continue")},
        ANDRADE,
        route="oral",
    ),
    Person(
        "Modafinil: a stimulant and an inducer",
        ("Provigil",),
        {"Modafinil": [("moderate", "closely monitor BP"), ("moderate", "prefer parenteral")]},
    ),
    # --- by route ---
    Person(
        "Clarithromycin beside the spray: the oral factor is not carried over",
        ("Klacid",),
        {"Clarithromycin": ("unknown", "read the label")},
        "effect of other drugs on esketamine",
        "esketamine",
        "in",
    ),
    Person(
        "Ticlopidine beside the spray",
        ("Ticlid",),
        {"Ticlopidine": ("minor", "somewhat longer")},
        "effect of other drugs on esketamine",
        "esketamine",
        "in",
    ),
    Person(
        "Grapefruit beside the spray: not studied",
        ("grapefruit juice",),
        {"Grapefruit juice": ("unknown", "observe")},
        "studied by mouth",
        "esketamine",
        "in",
    ),
    Person(
        "St John's wort beside nasal ketamine: not studied",
        ("hiperico",),
        {"St John's wort": ("unknown", "observe")},
        "studied by mouth",
        "ketamine",
        "in",
    ),
    Person(
        "Clarithromycin, film in the mouth: as by mouth",
        ("Klacid",),
        {"Clarithromycin": ("moderate", "reduce oral/SL")},
        "Hagelberg 2010",
        route="film",
    ),
    Person("Oxycodone, film in the mouth", ("OxyContin",), {"Oxycodone": ("major", "naloxone")}, KETALAR, route="film"),
    Person(
        "Theophylline beside esketamine into a vein: two labels contraindicate",
        ("Theophylline",),
        {"Theophylline": ("major", "do not combine")},
        "Ketanest S package leaflet AT",
        "esketamine",
        "iv",
    ),
    Person(
        "Ergometrine beside esketamine into a vein",
        ("Ergometrine",),
        {"Ergometrine": ("major", "do not combine")},
        "Ketanest SmPC NO",
        "esketamine",
        "iv",
    ),
    Person(
        "Coffee tablets: decided in a rule of its own",
        ("Caffeine",),
        {"Caffeine": ("minor", "caffeine tablets")},
        "no source names caffeine",
    ),
    Person(
        "Oxymetazoline before the spray",
        ("Afrin",),
        {
            "Oxymetazoline": [("moderate", "at least 1 hour before"), ("moderate", "individualise dose")],
        },
        drug="esketamine",
        route="in",
    ),
    Person(
        "Mometasone before the spray",
        ("Nasonex",),
        {"Mometasone": ("moderate", "at least 1 hour before")},
        "Zannikos 2023",
        "esketamine",
        "in",
    ),
    Person(
        "Prednisolone tablets before the spray: no statement",
        ("Prednisolone",),
        {},
        drug="esketamine",
        route="in",
        silent=("Prednisolone",),
    ),
    Person(
        "Levothyroxine beside esketamine into a vein",
        ("Eutirox",),
        {"Levothyroxine": ("moderate", "check euthyroid")},
        "Ketanest S package leaflet DE",
        "esketamine",
        "iv",
    ),
    # --- products are their ingredients ---
    Person("Tylenol 3", ("Tylenol 3",), {"Codeine": ("major", "naloxone")}, KETALAR, silent=("Acetaminophen",)),
    Person("Co-codamol", ("co-codamol",), {"Codeine": ("major", "naloxone")}, KETALAR, silent=("Acetaminophen",)),
    Person(
        "Nuedexta: quinidine is not in the list, and said",
        ("Nuedexta",),
        {"Dextromethorphan": ("moderate", "specialist")},
        unread=("Quinidine",),
    ),
    Person("Contrave", ("Contrave",), {"Naltrexone": ("moderate", "do not stop"), "Bupropion": ("minor", "continue")}),
    Person(
        "Paxlovid, by mouth",
        ("Paxlovid",),
        {
            "Ritonavir": [("moderate", "caution oral/SL"), ("moderate", "prefer parenteral")],
        },
        route="oral",
        silent=("Nirmatrelvir",),
    ),
    Person(
        "Metformin and a statin: named as without a statement",
        ("Metformin", "Lipitor"),
        {},
        silent=("Metformin", "Atorvastatin"),
    ),
    Person("Something green from the market", ("te verde de la abuela",), {}, unread=("te verde de la abuela",)),
    Person(
        "A long list: the gravest first, the unread at the end",
        ("Zoloft", "OxyContin", "a blue pill", "Lyrica"),
        {
            "Oxycodone": ("major", "naloxone"),
            "Pregabalin": ("moderate", "monitor"),
            "Sertraline": ("minor", "continue"),
        },
        KETALAR,
        unread=("a blue pill",),
    ),
]


@pytest.mark.parametrize("person", PEOPLE, ids=lambda each: each.story)
def test_described_list(person: Person):
    found = check([medicine(each) for each in person.takes], RULES, drug=person.drug, route=person.route)
    hits = [each for each in found if isinstance(each, Interaction)]
    wanted = [
        (name, *one) for name, said in person.expect.items() for one in (said if isinstance(said, list) else [said])
    ]
    assert sorted((each.medicine.name, each.severity) for each in hits) == sorted(each[:2] for each in wanted)
    assert [LEVELS.index(each.severity) for each in hits] == sorted(LEVELS.index(each.severity) for each in hits)
    for name, severity, action in wanted:
        assert any(
            action in each.action and each.effect and each.evidence
            for each in hits
            if (each.medicine.name, each.severity) == (name, severity)
        )
    assert [each.medicine.name for each in found if isinstance(each, NotChecked)] == list(person.unread)
    assert found[len(hits) :] == tuple(each for each in found if isinstance(each, NotChecked))
    assert [each.checked for each in found] == [isinstance(each, Interaction) for each in found]
    if person.says:
        assert any(person.says in source for source in hits[0].sources)
    if person.silent is not None:
        named = [medicine(each) for each in person.takes]
        silent = interactions.unmentioned(named, RULES, drug=person.drug, route=person.route)
        assert tuple(each.name for each in silent) == person.silent


# ---------------------------------------------------------------- the fact base


FACT_BASE = {each.name for each in medicines() if each.rxcui}  # the 82 rows of interactions.csv, and no other


def test_every_medicine_of_the_fact_base_is_spoken_of_still():
    assert len(FACT_BASE) == 82
    spoken = {each.name for each in medicines() if any(rule.names(each) for rule in RULES)}
    assert spoken >= FACT_BASE


def test_the_codes_are_those_of_the_fact_base_and_no_other():
    marks = [each.rxcui_mark for each in medicines()]
    assert marks.count("verified") == 57  # facts/README.md: 57 of 82 rows verified
    assert marks.count("recalled") == 25
    assert {name: medicine(name).rxcui for name in ("Lorazepam", "Naltrexone", "Memantine")} == {
        "Lorazepam": "6470", "Naltrexone": "7243", "Memantine": "6719",
    }  # fmt: skip


def test_marks_are_those_of_the_weakest_part():
    by_id = {each.id: each.rule.verification for each in RULES}
    assert by_id["interaction.benzodiazepine"] == "verified"
    lifted = ("clarithromycin", "grapefruit-juice", "st-johns-wort", "rifampin")  # read: case C7
    assert {by_id[f"interaction.{each}"] for each in lifted} == {"verified"}
    assert by_id["interaction.ticlopidine-nasal"] == by_id["interaction.esketamine-nasal-pressure"] == "second-hand"
    assert by_id["interaction.linezolid"] == by_id["interaction.clopidogrel"] == "derived"
    assert by_id["interaction.ethanol"] == by_id["interaction.caffeine"] == "convention"
    assert by_id["interaction.naltrexone"] == by_id["interaction.valproic-acid"] == "recalled"


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.id)
def test_worked_examples(rule):
    assert worked.run(rule.rule) == ()


# ---------------------------------------------------------------- what is no rule, and of whom a rule speaks


def rule_with(kind: str = "interaction", **fixed: object) -> Rule:
    return parse_rule(
        {
            "id": "x", "version": 1, "kind": kind, "title": "x", "statement": "x", "sources": ["x"],
            "verification": "convention", "effective_from": date(2026, 12, 1),
            "fixed": {
                "groups": ["opioid"], "class": "opioids", "drugs": ["ketamine"], "routes": ["iv", "oral"],
                "severity": "minor", "mechanism": "x", "effect": "x", "evidence": "x", "action": "x", **fixed,
            },
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fixed", "says"),
    [
        ({"kind": "alarm.threshold"}, "says nothing about interactions"), ({"colour": 1}, "colour is not a part"),
        ({"groups": []}, "no class and no medicine"), ({"drugs": []}, "drugs cannot be"),
        ({"drugs": ["ketamine", "aspirin"]}, "drugs cannot be"), ({"routes": ["ear"]}, "routes cannot be"),
        ({"severity": "bad"}, "severity cannot be 'bad'"), ({"severity_by_route": {"iv": 1}}, "severity cannot be 1"),
        *(({word: wrong}, f"{word} must be a text") for word in ("class", "mechanism", "effect") for wrong in (" ", 1)),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_when_it_is_read(fixed, says):
    with pytest.raises(RuleInvalid, match=says):
        read(rule_with(**fixed))


def test_a_rule_speaks_of_its_class_but_for_the_excepted_and_of_its_medicines_whatever_their_class():
    rule = read(rule_with(medicines=["Own"], **{"except": ["Other"], "except_groups": ["partial"]}))
    told = {
        Medicine("Any", groups=("opioid",)): True, Medicine("Any", groups=("benzodiazepine",)): False,
        Medicine("öther", groups=("opioid",)): False, Medicine("Any", groups=("opioid", "partial")): False,
        Medicine("own", groups=("partial",)): True, Medicine("Any"): False,
    }  # fmt: skip
    assert {each: rule.names(each) for each in told} == told
    assert [rule.speaks_of(Medicine("Own"), "ketamine", route) for route in ("iv", "oral", None, "in")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not rule.speaks_of(Medicine("Own"), "esketamine", "iv")
    assert rule.adopted


@pytest.mark.parametrize(("route", "level"), [("iv", "minor"), ("oral", "major"), (None, "major"), ("sl", "minor")])
def test_a_route_may_be_graver_and_without_one_the_gravest_is_said(route, level):
    assert read(rule_with(severity_by_route={"oral": "major", "iv": "minor"})).level(route) == level


@pytest.mark.parametrize(
    ("inside", "shown"),
    [("", "Codeine"), ("codeïne", "Codeine"), ("Tylenol 3", "Codeine (Tylenol 3)")],
)
def test_an_ingredient_is_shown_with_what_it_came_in(inside, shown):
    assert Medicine("Codeine", inside=inside).shown == shown


def test_a_part_keeps_the_product_that_it_came_in():
    parts = (Medicine("Codeine"), Medicine("Caffeine", inside="Powder"))
    assert [each.inside for each in interactions.ingredients(Medicine("Box", parts=parts))] == ["Box", "Powder"]
    assert interactions.ingredients(Medicine("Codeine")) == (Medicine("Codeine"),)


@pytest.mark.parametrize(
    ("by", "taken", "inside"),
    [
        (("nose",), "nose", True), (("nose",), "mouth", False), (("nose",), "", False),
        (("nose", True), "nose", True), (("nose", True), "mouth", False), (("nose", True), "", True),
    ],
)  # fmt: skip
def test_a_class_by_one_route_holds_by_it_and_where_nobody_has_said(by, taken, inside):
    each = Medicine("x", by_route=(interactions.GroupByRoute("steroid", *by),), route=taken)
    assert (each.in_group("steroid"), each.in_group("other")) == (inside, False)


# ---------------------------------------------------------------- laws


LISTS = st.lists(st.one_of(st.sampled_from(medicines()), st.text(max_size=20).map(written)), max_size=8)
WAYS = st.tuples(st.sampled_from(("ketamine", "esketamine")), st.sampled_from((*ROUTES, None)))


@given(LISTS, WAYS, st.randoms(use_true_random=False))
def test_order_and_repetition_are_irrelevant(taken, way, random):
    drug, route = way
    one = check(taken, RULES, drug=drug, route=route)
    again = [*taken, *taken]
    random.shuffle(again)
    other = check(again, RULES, drug=drug, route=route)
    assert [(fold(each.medicine.name), each.severity) for each in one] == [
        (fold(each.medicine.name), each.severity) for each in other
    ]


@given(LISTS, WAYS)
def test_free_text_is_never_silently_fine(taken, way):
    drug, route = way
    found = check(taken, RULES, drug=drug, route=route)
    unread = {fold(each.medicine.name) for each in found if isinstance(each, NotChecked)}
    assert unread == {fold(each.name) for each in taken if not each.known}


@given(LISTS, st.sampled_from(medicines()), WAYS)
def test_one_more_medicine_takes_no_interaction_away(taken, more, way):
    drug, route = way
    before = check(taken, RULES, drug=drug, route=route)
    assert set(before) <= set(check([*taken, more], RULES, drug=drug, route=route))


@given(st.sampled_from(medicines()), st.sampled_from(("ketamine", "esketamine")))
def test_without_a_route_the_gravest_of_all_routes_is_said(taken, drug):
    each_way = [found for route in ROUTES for found in check([taken], RULES, drug=drug, route=route)]
    whole = check([taken], RULES, drug=drug, route=None)
    assert bool(each_way) == bool(whole)
    if whole:
        assert LEVELS.index(whole[0].severity) == min(LEVELS.index(each.severity) for each in each_way)


def test_unmentioned_is_not_safe_and_is_said_apart():
    taken = [medicine("Metformin"), medicine("Zoloft"), medicine("something")]
    silent = interactions.unmentioned(taken, RULES, drug="ketamine", route="iv")
    assert [each.name for each in silent] == ["Metformin"]


def test_what_is_not_adopted_says_so():
    (found,) = check(
        [medicine("Ativan")], [replace(each, adopted=False) for each in RULES], drug="ketamine", route="iv"
    )
    assert isinstance(found, Interaction)
    assert not found.adopted


# ---------------------------------------------------------------- finding a medicine


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("loraz", "Lorazepam"), ("ATIVAN", "Lorazepam"), ("lorazepan", "Lorazepam"), ("rivot", "Clonazepam"),
        ("litio", "Lithium"), ("ácido valproico", "Valproic acid"), ("acido val", "Valproic acid"),
        ("depakine", "Valproic acid"), ("sertalina", "Sertraline"), ("setraline", "Sertraline"),
        ("fluoxetin", "Fluoxetine"), ("st johns wort", "St John's wort"), ("St. John’s Wort", "St John's wort"),
        ("hiperico", "St John's wort"), ("adrenaline", "Epinephrine"), ("paracetamol", "Acetaminophen"),
        ("salbutamol", "Albuterol"), ("epilim", "Valproic acid"), ("trankimazin", "Alprazolam"),
        ("elvanse", "Lisdexamfetamine"), ("nolotil", "Metamizole"), ("effexor xr", None), ("zzzz", None), ("x", None),
        ("juice", "Grapefruit juice"), ("xanx", None),
        ("", None),
    ],
)  # fmt: skip
def test_find(typed, first):
    found = find(typed)
    assert (found[0].name if found else None) == first
    assert len(find(typed, limit=2)) <= 2


def test_of_names_that_begin_alike_the_own_comes_first_then_the_shortest_then_by_name():
    names = interactions.Names(
        (
            Medicine("Zeta", brands=("Kortan",)), Medicine("Alpha", brands=("Kortol",)), Medicine("Kortisolone"),
            Medicine("Kortisol"), Medicine("Beta", also=("Old Kort",)), Medicine("Gamma", brands=("Kort",)),
        )
    )  # fmt: skip
    found = ["Gamma", "Kortisol", "Kortisolone", "Alpha", "Zeta", "Beta"]
    assert [each.name for each in interactions.find("kort", names)] == found
    assert find("am") == find("am", 40)[:8] != find("am", 40)  # eight are shown


SERTRALINE = interactions.Names((Medicine("Sertraline"),))


@pytest.mark.parametrize(
    "typed", ["sertr", "zertr", "ertra", "xsert", "esrtr", "serrtra", "setral", "sertrla", "serxr"]
)
def test_the_beginning_of_a_name_is_found_with_one_slip(typed):
    assert len(interactions.find(typed, SERTRALINE)) == 1


@pytest.mark.parametrize("typed", ["setr", "zerxr", "eesrtr", "tral", "sserttra", "ral", "zertral!x"])
def test_two_slips_or_a_slip_in_four_letters_find_nothing(typed):
    assert interactions.find(typed, SERTRALINE) == ()


@given(st.sampled_from(medicines()), st.data())
def test_every_medicine_is_found_by_each_of_its_names(each, data):
    name = data.draw(st.sampled_from((each.name, *each.also, *each.brands)))
    spelled = data.draw(st.sampled_from((name, name.upper(), fold(name), f"  {name} ")))
    assert find(spelled, 20)[0] == each
    assert replace(medicine(spelled), route="") == each  # a brand may say how it is taken


@given(st.sampled_from(sorted({fold(name) for name in NAMES if len(fold(name)) >= 6})), st.data())
def test_one_wrong_letter_still_finds_it(name, data):
    place = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    typed = name[:place] + letter + name[place + 1 :]
    assert medicine(name) in find(typed, 40)


@given(st.text(max_size=40))
def test_any_text_may_be_typed(text):
    find(text)
    recognise(text)
    assert medicine(text).known == any(medicine(text).name == each for each in NAMES)


PROSE = """I take sertraline 100 mg in the morning, lorazepam 0.5 mg when I need it, and a baby aspirin.
Dr. Ruiz started me on Lamictal 25mg; also fish oil + vitamin D
- something for my stomach
• Rivotril 0,5 mg y un poco de hierba de San Juan. lisinoprol 10 mg"""


def test_a_list_pasted_as_prose():
    found = recognise(PROSE)
    assert [each.name for _, each in found if each] == [
        "Sertraline", "Lorazepam", "Aspirin", "Lamotrigine", "Omega-3", "Vitamin D", "Clonazepam", "St John's wort",
        "Lisinopril",
    ]  # fmt: skip
    assert [piece for piece, each in found if each is None] == ["something for my stomach"]


def test_a_short_word_with_a_slip_is_not_guessed():
    assert recognise("soma") == (("soma", medicine("Carisoprodol")),)
    assert recognise("some") == (("some", None),)
    assert recognise("xanex") == (("xanex", medicine("Alprazolam")),)  # five letters are enough
    assert medicine("Xanax") in find("xanex")
    assert medicine("Xyrem") in find("xy")  # two letters are enough to begin with


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True), st.sampled_from((", ", "; ", "\n", " + "))
)
def test_every_name_in_a_list_is_recognised(names, between):
    assert [each.name for _, each in recognise(between.join(names)) if each] == names


@given(st.text(alphabet="abcdefgh ,.;\n-+0123456789áéñ", max_size=80))
def test_nothing_that_was_written_is_lost(text):
    kept = "".join(letter for piece, _ in dict.fromkeys(recognise(text)) for letter in fold(piece) if letter.isalpha())
    apart = "".join(letter for letter in fold(text) if letter.isalpha())
    assert sorted(set(kept)) == sorted(set(apart)) or set(apart) - set(kept) <= set("and")


def test_a_written_medicine_keeps_its_words():
    assert written("  a   blue pill ") == Medicine("a blue pill", known=False)


def test_a_newer_version_that_nobody_adopted_adds_what_the_acting_one_does_not_name():
    """A clinic goes on with version 1, which names seven benzodiazepines: temazepam is shown by version 2."""
    old = read(released_rulebook().versions["interaction.benzodiazepine", 1])
    new = replace(next(each for each in RULES if each.id == old.id), adopted=False)
    found = check([medicine("Diazepam"), medicine("Temazepam")], [old, new], drug="ketamine", route="iv")
    assert [(each.medicine.name, each.version, each.adopted) for each in found if isinstance(each, Interaction)] == [
        ("Diazepam", 1, True), ("Temazepam", new.rule.version, False),
    ]  # fmt: skip
