"""``sojourn pk``: the regimen file and the answer are an interface that stays put."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from sojourn.clinical import pk
from sojourn.clinical.pk import command
from sojourn.clinical.pk.command import models_command, register, simulate_command
from sojourn.clinical.pk.figure import Figure
from tests.pictures import drawn_as_before

PICTURES = Path(__file__).with_name("figures")

REGIMEN = """
[person]              # weight_kg, age_y, height_cm, sex, ethnicity as a model needs them
weight_kg = 70
age_y = 40
[[dose]]              # any number; route: iv im in po sl film; duration_min 0 is a bolus
drug = "ketamine"
route = "iv"
mg = 35
start_min = 0
duration_min = 40
"""


@pytest.fixture
def regimen(tmp_path: Path) -> Path:
    path = tmp_path / "regimen.toml"
    path.write_text(REGIMEN)
    return path


def test_the_answer(regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "kamp_2020_anesthesiology_pooled"
    assert simulate_command([str(regimen), "--model", name, "--at", "10,20,40", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["model", "time_min", "concentration_ng_per_ml", "assumptions", "source"]
    assert answer["model"] == name
    assert answer["time_min"] == [10, 20, 40]
    assert answer["concentration_ng_per_ml"]["ketamine"] == pytest.approx([154.53, 198.27, 253.05], abs=0.0051)
    assert any("not a dosing instruction" in note for note in answer["assumptions"])
    assert "Kamp" in answer["source"]


@pytest.mark.parametrize(
    ("change", "model", "words"),
    [
        (("age_y = 40", "age_y = 9"), "kamp", "at least 18"),
        (('"ketamine"', '"esketamine"'), "kamp", "describes ketamine"),
        (('"iv"', '"im"'), "kamp", "no route im"),
        (("weight_kg = 70", ""), "kamp", "needs weight_kg"),
        (("mg = 35", ""), "kamp", "a dose needs mg"),
        (('route = "iv"\nmg = 35\n', ""), "kamp", "a dose needs route"),
        (("[[dose]]", "[x]\n[[doses]]"), "kamp", "no part named doses"),
        (("start_min = 0\nduration_min", "for_min = 0\nbegin_min"), "kamp", "no entry begin_min"),
        (('"ketamine"', '"ketamín"'), "kamp", "drug 'ketamín' is not one of: ketamine, esketamine"),
        (("mg = 35", 'mg = "much"'), "kamp", "mg is not a number"),
        (("mg = 35", "mg = -1"), "kamp", "must not be negative"),
        (("[[dose]]", "[[doses]]"), "kamp", "no part named doses"),
        (("start_min", "begin_min"), "kamp", "no entry begin_min"),
        (("weight_kg = 70", "weight_kg = "), "kamp", "no TOML"),
        (("x", "x"), "nobody", "there is no model"),
    ],
)
def test_a_refusal_says_why_and_exits_3(
    regimen: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], model: str, words: str
) -> None:
    regimen.write_text(REGIMEN.replace(*change))
    assert simulate_command([str(regimen), "--model", model, "--at", "10", "--json"]) == 3
    said = capsys.readouterr().out
    assert list(json.loads(said)) == ["refused"]
    assert words in said


def test_no_file_and_no_question(tmp_path: Path, regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_command([str(tmp_path / "none.toml"), "--model", "kamp", "--at", "10"]) == 3
    assert "cannot read" in json.loads(capsys.readouterr().out)["refused"]
    assert simulate_command([str(regimen), "--model", "kamp"]) == 3
    assert "--at" in json.loads(capsys.readouterr().out)["refused"]
    with pytest.raises(SystemExit) as usage:
        simulate_command([str(regimen), "--model", "kamp", "--at", "5,ten,x"])
    assert usage.value.code == 2
    assert "not a list of minutes: '5,ten,x' ('ten' cannot be read in one way)" in capsys.readouterr().err


def test_a_picture(regimen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "curve.png"
    assert simulate_command([str(regimen), "--model", "domino", "--png", str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert capsys.readouterr().out == ""
    drawn = Figure("", [])
    size = [int.from_bytes(content[at : at + 4]) for at in (16, 20)]
    assert size == [round(each * 144 / 96) for each in drawn.size]  # an SVG has 96 to the inch
    words = [str(regimen), "--model", "domino", "--png", str(path), "--at", "40"]
    assert simulate_command(words) == 0
    assert capsys.readouterr().out == ""
    assert simulate_command([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["time_min"] == [40]


def test_a_letter_beyond_ascii_is_drawn_as_it_is() -> None:
    picture = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">1%s2</text></svg>'
    assert command.png(picture % "–") == command.png(picture % "&#8211;")


@pytest.mark.parametrize(("name", "minutes"), [("regimen", 40), ("long_regimen", 61.5)])
def test_what_is_in_the_picture(
    name: str, minutes: float, regimen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hours at least, and three beyond the end of the infusion."""
    monkeypatch.setattr(command, "png", lambda picture: picture.encode())
    regimen.write_text(REGIMEN.replace("duration_min = 40", f"duration_min = {minutes}"))
    assert simulate_command([str(regimen), "--model", "kamp", "--png", str(tmp_path / "curve.svg")]) == 0
    drawn_as_before(PICTURES / f"{name}.svg", (tmp_path / "curve.svg").read_text())


BLOCKS = (
    """\
clements_nimmo_1981_250ugkg
  Clements and Nimmo 1981, 250 µg/kg IV: ketamine; routes iv
  population: adults (age_y 18 or more); sampling site not stated in what was read
  source: Clements JA, Nimmo WS. Br J Anaesth 1981;53:27-30. doi:10.1093/bja/53.1.27 PMID 7459184 (read in: opentiva \
1.1.2 class Clements250 (MIT); V-code)
  limit: Estimated from small analgesic doses (250 µg/kg).""",
    """\
herd_2007_children
  Herd 2007, children: ketamine; routes iv
  population: children (age_y 1 to 14, weight_kg 10.8 to 74.8); sampling site not stated in what was read
  source: Herd D, Anderson BJ. Paediatr Anaesth 2007;17:622-629. doi:10.1111/j.1460-9592.2006.02145.x PMID 17564643 \
(read in: opentiva 1.1.2 class Herd (MIT); V-code)
  limit: Children only.""",
)


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert models_command([]) == 0
    shown = capsys.readouterr().out
    for name in pk.available():
        model = pk.load(name)
        assert name in shown
        assert model.population in shown
        assert model.primary in shown
    assert all(f"\n{block}\n\n" in f"\n{shown}" for block in BLOCKS)
    assert models_command(["--json"]) == 0
    text = capsys.readouterr().out
    assert "µg" in text
    assert text.startswith('[\n  {\n    "model": "')
    listed = {each["model"]: each for each in json.loads(text)}
    assert listed["perez_ruixo_2021_esketamine_nasal"]["ranges"]["age_y"] == [18, 86]
    assert set(listed) == set(pk.available())


def test_it_hangs_on_another_command_line(regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser("sojourn")
    register(parser.add_subparsers())
    args = parser.parse_args(["pk", "simulate", str(regimen), "--model", "kamp", "--at", "40", "--json"])
    assert args.run(args) == 0
    assert json.loads(capsys.readouterr().out)["concentration_ng_per_ml"]["ketamine"]
    args = parser.parse_args(["pk", "models"])
    assert args.run(args) == 0
