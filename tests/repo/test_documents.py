"""What the documents say of the repository, where nobody would notice that it is not so any more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sojourn.foundation.ui import build
from tests.repo import messages
from tests.repo.test_repository import ROOT, tracked

HOW_TOS = sorted((ROOT / "docs/how-to").glob("*.md"))
READ_FIRST = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/architecture.md",
    ROOT / "docs/operations/README.md",
]
_NUMBER = r"(?:\d[\d,.]+|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?)"
_COUNTED = re.compile(
    rf"\b{_NUMBER} (?:scales|tests|rules|decisions|dialects|shapes|protocols|scenarios|medicines)\b", re.I
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*READ_FIRST, *HOW_TOS], ids=name_of)
def test_nothing_is_counted_by_hand(path: Path):
    counted = _COUNTED.findall(path.read_text(encoding="utf-8"))
    assert not counted, f"{counted}: the next one makes it wrong; say it without the number"


@pytest.mark.parametrize("text", ["Thirty-two scales, one file each", "the 3,921 tests of `make test`"])
def test_a_count_would_be_found(text: str):
    assert _COUNTED.search(text)


@pytest.mark.parametrize("path", [each for each in tracked(".md") if "plans" not in each.parts], ids=name_of)
def test_commands_are_written_as_they_are_typed(path: Path):
    """CONTRIBUTING.md says once that the environment is activated."""
    found = re.findall(r"\.venv/bin/(?!activate)\S+", path.read_text(encoding="utf-8"))
    assert not found, f"{found}: write sojourn …, python -m … or make …"


@pytest.mark.parametrize("path", [*READ_FIRST, *HOW_TOS], ids=name_of)
def test_nobody_is_sent_to_the_fact_base(path: Path):
    """It is not in the repository (docs/glossary.md): a newcomer is told where to look instead."""
    assert not re.search(r"\bfact base\b", re.sub(r"`[^`]*`|\"[^\"]*\"", "", path.read_text(encoding="utf-8")), re.I)


@pytest.mark.parametrize("path", [*READ_FIRST, *HOW_TOS, ROOT / "docs/libraries.md"], ids=name_of)
def test_every_file_that_is_named_is_there(path: Path):
    """A page of the manual that names a folder of last year sends people nowhere."""
    text = re.sub(r"^`[^`]+`[^\n]*\n\n```\w+\n", "", path.read_text(encoding="utf-8"), flags=re.M)  # a file to be made
    gone = [each for each in named_files(text) if not (ROOT / each).exists()]
    assert not gone, f"{name_of(path)} names {gone}"


def named_files(text: str) -> list[str]:
    """Files and folders of the repository between backticks; what is to be made is written with <angle brackets>."""
    return re.findall(r"`((?:sojourn|tests|docs|benchmarks|requirements)/[\w./-]+)`", text)


def test_a_file_that_is_gone_would_be_found():
    assert named_files("see `sojourn/gone.py`, `sojourn/<topic>/views.py` and `make test`") == ["sojourn/gone.py"]


def test_collecting_the_words_compiles_them(monkeypatch: pytest.MonkeyPatch):
    """A page reads the compiled catalogue: without it, what was just translated is still shown in English."""
    compiled: list[str] = []
    monkeypatch.setattr(messages, "sorted_out", lambda known: {})
    monkeypatch.setattr(messages, "catalogues", list)
    monkeypatch.setattr(build, "compile_translations", lambda progress: compiled.append("es"))
    messages.main()
    assert compiled == ["es"]
