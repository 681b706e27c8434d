"""Words of danger: what is found, what is not, and the laws that hold whatever is written around them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import unicodedata
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.clinical.danger import KINDS, SEVERITIES, dangers, read
from sojourn.clinical.danger.patterns import Grammar, Passage, ends
from sojourn.clinical.danger.reading import HARMLESS, WordList, word_list
from tests.clinical.danger import sentences, table
from tests.golden import golden

GOLDEN = golden("danger_words")
TUNING = sentences.sentences("tuning")
TEST = sentences.sentences("test")
RIGHT = [each for each in TUNING if each.right]
FOUND = [each for each in RIGHT if each.danger]
EVERYDAY = [
    "Thank you for the session on Tuesday.",
    "My husband drives me home.",
    "The blood pressure was fine this morning.",
    "Gracias por todo lo de ayer.",
    "¿A qué hora abre la clínica?",
    "Dormí siete horas.",
]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["text"])
def test_golden_sentences(case):
    found = read(case["text"])
    expected = (case["kind"], case["severity"], case["phrase"]) if case["kind"] else None
    assert (found and (found.kind, found.severity, found.phrase)) == expected, case["why"]


def test_no_explicit_sentence_of_the_tuning_part_is_missed():
    explicit = [each for each in TUNING if each.kind == "explicit"]
    assert len(explicit) >= 90
    assert [each.text for each in sentences.missed(explicit)] == []


def test_no_explicit_sentence_of_the_part_that_nobody_tuned_on_is_missed():
    explicit = [each for each in TEST if each.kind == "explicit"]
    assert {each.language for each in explicit} == set(sentences.LANGUAGES)
    assert len(explicit) >= 60
    assert [each.text for each in sentences.missed(explicit)] == []


def test_what_the_tuning_part_gets_wrong_is_known():
    assert [each.id for each in sentences.missed(TUNING)] == GOLDEN["missed"]
    assert [each.id for each in sentences.false_alarms(TUNING)] == GOLDEN["false_alarms"]


def test_the_kinds_that_were_found_are_those_that_were_meant():
    meant = {
        "explicit": "suicidal_thoughts",
        "oblique": "suicidal_thoughts",
        "passive": "suicidal_thoughts",
        "goodbye": "suicidal_thoughts",
        "self_harm": "self_harm",
        "voices": "voices",
    }
    wrong = [
        each.text
        for each in FOUND
        if each.kind in meant and meant[each.kind] not in {found.kind for found in dangers(each.text)}
    ]
    assert wrong == []


def test_the_page_is_current():
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), "run python -m tests.clinical.danger.table"


def test_the_tuning_part_is_large_enough_and_balanced():
    assert len(TUNING) >= 760
    counts = {
        (language, kind): sum(each.language == language and each.kind == kind for each in TUNING)
        for language in sentences.LANGUAGES
        for kind in sentences.DANGER + sentences.HARMLESS
    }
    assert min(count for (_, kind), count in counts.items() if kind != "oblique") >= 14
    assert min(counts.values()) >= 9
    assert len({each.text.casefold() for each in TUNING}) == len(TUNING)
    assert all(each.danger == (each.kind in sentences.DANGER) for each in TUNING)


def _capitals(text: str) -> str:
    return text.upper()


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _accents_apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _without_apostrophes(text: str) -> str:
    return text.replace("'", "")


def _typographic(text: str) -> str:
    return text.replace("'", "’")


WAYS = (_capitals, _without_accents, _accents_apart, _without_apostrophes, _typographic)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_case_accents_and_apostrophes_change_nothing(way):
    def answer(text):
        found = read(text)
        return found and (found.kind, found.severity, found.rule)

    changed = [each.text for each in TUNING if answer(way(each.text)) != answer(each.text)]
    assert changed == []


@settings(max_examples=60, deadline=None)
@given(
    each=st.sampled_from(RIGHT), before=st.lists(st.sampled_from(EVERYDAY)), after=st.lists(st.sampled_from(EVERYDAY))
)
def test_everyday_text_around_changes_nothing(each, before, after):
    whole = " ".join([*before, each.text if each.text[-1] in ".?!" else f"{each.text}.", *after])
    assert read(whole) == read(each.text)


@settings(max_examples=60, deadline=None)
@given(danger=st.sampled_from(FOUND), harmless=st.sampled_from([each for each in RIGHT if not each.danger]))
def test_a_harmless_sentence_beside_it_does_not_mute_a_danger(danger, harmless):
    assert read(f"{harmless.text}. {danger.text}") == read(danger.text)
    assert read(f"{danger.text}. {harmless.text}") == read(danger.text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to die but I will kill myself",
        "no quiero morir pero me voy a matar",
        "I did not sleep I want to kill myself",
        "no tengo nada me quiero morir",
        "no tengo ganas me voy a matar",
        "ya no quiero me voy a matar",
        "no duermo me pego un tiro",
        "my brother killed himself and I am going to kill myself",
        "I tried in 2010 and I am going to kill myself tonight",
        "can you help me I want to kill myself",
        "hola doctora gracias por la cita quería decirle que me voy a matar y que pase buen día",
    ],
)
def test_what_would_excuse_other_words_does_not_excuse_these(text):
    assert read(text) is not None


def test_the_worst_wins_wherever_it_stands():
    mild, bad = "I am a burden to my wife.", "I will kill myself tonight."
    for text in (f"{mild} {bad}", f"{bad} {mild}"):
        found = read(text)
        assert found is not None
        assert (found.severity, found.phrase) == ("emergency", "kill myself")


def test_a_voice_that_commands_a_death_is_both():
    found = dangers("The voices tell me to kill myself")
    assert {(each.kind, each.severity) for each in found} == {
        ("suicidal_thoughts", "emergency"),
        ("voices", "emergency"),
    }


def _took(text: str) -> float:
    def once() -> float:
        started = time.process_time()
        read(text)
        return time.process_time() - started

    return min(once() for _ in range(5))


def test_ten_thousand_characters_of_everyday_text_in_ten_milliseconds():
    text = (" ".join(each.text for each in TUNING if each.kind == "everyday") * 10)[:10_000]
    read(text)
    assert _took(text) < 0.010


@pytest.mark.parametrize(
    "part", ["i want to die of laughter ", "no quiero morir ", "a!", "kil*", "i do not want to ", "x'"], ids=str.strip
)
def test_time_grows_with_the_text_and_no_faster(part):
    """Four times the text takes about four times as long; a square would take sixteen."""
    short = part * (4000 // len(part))
    assert _took(short * 4) < 9 * _took(short) + 0.02


def test_a_word_as_long_as_a_text_is_read():
    assert _took("k" * 100_000) < 0.2


def test_every_rule_and_exception_of_the_list_is_whole():
    words = word_list()
    assert {rule.kind for rule in words.rules} == set(KINDS)
    assert {rule.severity for rule in words.rules} <= set(SEVERITIES)
    assert {each.effect for each in words.exceptions} <= {*SEVERITIES, HARMLESS}
    assert {rule.language for rule in words.rules} == set(sentences.LANGUAGES)
    groups = {group for rule in words.rules for group in rule.groups}
    assert {each.name for each in words.exceptions if not each.groups <= groups} == set()
    names = [rule.name for rule in words.rules]
    assert len(names) == len(set(names))


def test_every_rule_is_used_by_a_sentence_of_ours():
    used = {found.rule for each in [*TUNING] for found in dangers(each.text)}
    used |= {found.rule for case in GOLDEN["cases"] for found in dangers(case["text"])}
    assert {rule.name for rule in word_list().rules} - used == set()


def test_words_in_the_list_are_written_as_they_are_compared():
    data = json.loads((resources.files("sojourn.clinical.danger") / "words.json").read_text(encoding="utf-8"))
    patterns = [one for rule in data["rules"] for one in rule["patterns"]]
    patterns += [one for entries in data["classes"].values() for one in entries]
    assert [one for one in patterns if one != _without_accents(one).lower()] == []


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("want to die", "want to die", True),
        ("want to die", "want to live", False),
        ("suicid-", "suicidal", True),
        ("want really? to", "want really to", True),
        ("want really? to", "want really really to", False),
        ("want really* to", "want really really to", True),
        ("want ..2 die", "want so to die", True),
        ("want ..2 die", "want so very to die", False),
        ("want (to die|death)", "want death", True),
        ("{end} it", "finish it", True),
        ("^ die $", "die", True),
        ("die $", "die now", False),
    ],
)
def test_the_signs_of_a_pattern(pattern, text, fits):
    row = Grammar({"end": ["end | finish"]}).row(pattern)
    words = text.split()
    assert bool(ends(row, Passage(words), {0}, 0, len(words))) is fits


@pytest.mark.parametrize("pattern", ["(want to", "want) to"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern):
    with pytest.raises(ValueError, match="bracket"):
        Grammar({}).row(pattern)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The revolver waits by my bed until Sunday", True),
        ("The revolver waits in the museum", False),  # nobody's, and no time
        ("I saw a revolver on Sunday", False),  # nothing is done with it
        ("la escopeta, hoy, y yo, con el gatillo", True),
        ("mi abuelo cazaba con escopeta", False),
    ],
)
def test_a_means_is_danger_beside_oneself_and_a_plan(text: str, found: bool):
    assert (read(text) is not None) is found


DEADLY = {
    "matar": "mato", "suicidar": "suicido", "ahorcar": "ahorco", "colgar": "cuelgo", "envenenar": "enveneno",
    "degollar": "degüello", "asfixiar": "asfixio", "electrocutar": "electrocuto", "disparar": "disparo",
    "apuñalar": "apuñalo", "guindar": "guindo",
}  # fmt: skip


@pytest.mark.parametrize(("verb", "now"), DEADLY.items(), ids=list(DEADLY))
@pytest.mark.parametrize(
    "form",
    ["me {now}", "me {verb}é", "me {verb}ía", "me voy a {verb}", "voy a {verb}me", "quiero {verb}me",
     "me quiero {verb}", "he decidido {verb}me", "estoy por {verb}me", "{verb}me es mi plan"],
)  # fmt: skip
def test_every_first_person_form_of_a_deadly_verb_is_danger(verb: str, now: str, form: str):
    assert read(form.format(verb=verb, now=now)) is not None


@pytest.mark.parametrize(
    "deed", ["kill", "hang", "shoot", "drown", "poison", "gas", "stab", "suffocate", "electrocute"]
)
@pytest.mark.parametrize(
    "form",
    ["I will {} myself", "i'm gonna {} myself", "bout to {} myself", "ima {} myself", "fixing to {} myself",
     "I decided to {} myself", "I need to {} myself", "I'll {} myself on the 3rd", "tonight I {} myself"],
)  # fmt: skip
def test_a_deadly_verb_upon_oneself_is_danger_however_it_is_planned(deed: str, form: str):
    assert read(form.format(deed)) is not None


@pytest.mark.parametrize(
    "done", ["killed", "hanged", "shot", "drowned", "poisoned", "gassed", "stabbed", "suffocated", "electrocuted"]
)
def test_a_tense_that_looks_back_from_a_time_to_come_is_danger(done: str):
    assert read(f"I'll have {done} myself by Friday") is not None


@pytest.mark.parametrize(
    "done",
    ["matado", "suicidado", "ahorcado", "colgado", "envenenado", "degollado", "asfixiado", "electrocutado", "disparado",
     "apuñalado", "quitado la vida", "pegado un tiro", "cortado las venas", "tirado del puente", "puesto bajo el tren",
     "volado los sesos"],
)  # fmt: skip
def test_the_same_tense_is_danger_in_spanish(done: str):
    assert read(f"Para el viernes me habré {done}") is not None


@pytest.mark.parametrize(
    "deed", ["kill", "hang", "shoot", "drown", "poison", "gas", "stab", "unalive", "murder", "end"]
)
@pytest.mark.parametrize("oneself", ["myself", "yourself", "urself", "oneself", "ourselves"])
@pytest.mark.parametrize(
    "form",
    ["{} {}", "just {} {} already", "do it, {} {}, and I agree", "you should {} {}, my mind says",
     "to {} {} is a relief", "might as well {} {}", "wanting to {} {}; well, I want to"],
)  # fmt: skip
def test_the_act_is_danger_in_every_person(deed: str, oneself: str, form: str):
    assert read(form.format(deed, oneself)) is not None


@pytest.mark.parametrize("whose", ["my", "your", "one's"])
@pytest.mark.parametrize(
    "form",
    ["end {} life", "taking {} own life is easy", "slit {} wrists", "blow {} brains out", "end {} own life, today"],
)
def test_a_life_is_danger_in_every_person(whose: str, form: str):
    assert read(form.format(whose)) is not None


@pytest.mark.parametrize(
    "order",
    ["mátate", "matate", "mátese", "suicídate", "suicidate", "ahórcate", "cuélgate", "envenénate", "degollate",
     "pégate un tiro", "pegate un tiro", "córtate las venas", "quítate la vida", "quitate la vida", "vuélate los sesos",
     "tírate", "tirate al metro", "aviéntate del puente", "colgate de la viga", "tómate todas las pastillas",
     "bébete el cloro", "ponte delante del tren", "acaba con tu vida"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["{}", "{}, me digo", "todo me repite: {}, y hoy le hago caso"])
def test_an_order_to_oneself_is_danger_in_spanish(order: str, form: str):
    assert read(form.format(order)) is not None


@pytest.mark.parametrize(
    "deed",
    ["matar{}", "suicidar{}", "ahorcar{}", "envenenar{}", "quitar{} la vida", "pegar{} un tiro", "cortar{} las venas",
     "volar{} los sesos", "tirar{} del puente"],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["me", "te", "se", "nos"])
@pytest.mark.parametrize("form", ["{}", "{} es lo que toca", "hay que {}", "ganas de {}", "mejor {} que esto"])
def test_the_bare_infinitive_is_danger_in_every_person(deed: str, ending: str, form: str):
    assert read(form.format(deed.format(ending))) is not None


@pytest.mark.parametrize(
    "text",
    ["Mi primo intentó matarse", "mi vecina quiso quitarse la vida", "Compré pasta Colgate", "no quiero matarme",
     "Esta fila es para pegarse un tiro", "Tírate a descansar, me dijo", "eso es un disparate",
     "Does the form mention killing oneself?", "¿Qué le digo a quien quiere suicidarse?"],
)  # fmt: skip
def test_what_excuses_the_act_in_any_person(text: str):
    assert read(text) is None


def test_the_list_is_read_when_it_is_first_asked_and_not_before():
    """Reading the list is most of a second's work, which no process does that only imports it."""
    asked = "import sojourn.clinical.danger.beside as b; print(b.word_list.cache_info().currsize)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0"


def test_a_rule_that_could_fit_nothing_at_all_is_refused():
    data = json.loads((resources.files("sojourn.clinical.danger") / "words.json").read_text(encoding="utf-8"))
    data["rules"][0]["patterns"] = ["kill? ..3"]
    with pytest.raises(ValueError, match="must stand"):
        WordList(data)
