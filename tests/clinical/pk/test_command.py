"""``sojourn pk``: the regimen file and the answer are an interface that stays put."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from sojourn.clinical import pk
from sojourn.clinical.pk.command import models_command, register, simulate_command

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
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["refused"]
    assert words in answer["refused"]


def test_no_file_and_no_question(tmp_path: Path, regimen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_command([str(tmp_path / "none.toml"), "--model", "kamp", "--at", "10"]) == 3
    assert "cannot read" in json.loads(capsys.readouterr().out)["refused"]
    assert simulate_command([str(regimen), "--model", "kamp"]) == 3
    assert "--at" in json.loads(capsys.readouterr().out)["refused"]
    with pytest.raises(SystemExit) as usage:
        simulate_command([str(regimen), "--model", "kamp", "--at", "ten"])
    assert usage.value.code == 2


def test_a_picture(regimen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "curve.png"
    assert simulate_command([str(regimen), "--model", "domino", "--png", str(path)]) == 0
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20], "big") > 800
    assert capsys.readouterr().out == ""


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert models_command([]) == 0
    shown = capsys.readouterr().out
    for name in pk.available():
        model = pk.load(name)
        assert name in shown
        assert model.population in shown
        assert model.primary in shown
    assert models_command(["--json"]) == 0
    listed = {each["model"]: each for each in json.loads(capsys.readouterr().out)}
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
