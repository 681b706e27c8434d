"""The tables of medicines and the file of released hashes with one fault each: refused with the file's name."""

from __future__ import annotations

from importlib import resources

import pytest

from sojourn.clinical.rules import RuleInvalid
from sojourn.foundation.rulebook import load
from sojourn.foundation.rulebook.medicines import COLUMNS, rows

FOLDER = resources.files("sojourn.foundation.rulebook")
HASH = "0" * 64


def text(name: str) -> str:
    return FOLDER.joinpath(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_a_table_misspelt_missing_or_doubled_is_named(name):
    head, rest = text(name).split("\n", 1)
    columns = head.strip().split(",")
    assert list(rows(name, f"{head}\n{rest}"))
    for at, column in enumerate(columns):
        before, after = columns[:at], columns[at + 1 :]
        for wrong in ([*before, f"{column}x", *after], [*before, *after], [*before, column, column, *after]):
            with pytest.raises(RuleInvalid, match=rf"{name}: .*wrong: .*{column}"):
                list(rows(name, ",".join(wrong) + f"\n{rest}"))
    with pytest.raises(RuleInvalid, match=rf"{name}: .*colour"):
        list(rows(name, f"{head.strip()},colour\n{rest}"))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("fault", ["doubled", "short", "long", "unnamed"])
def test_a_row_that_is_doubled_short_long_or_unnamed_is_named(name, fault):
    head, first, rest = text(name).split("\n", 2)
    own = first.strip().split(",")[0]
    broken = {
        "doubled": f"{first}\n{first}",
        "short": own,
        "long": f"{own}," * (len(COLUMNS[name]) + 1),
        "unnamed": "," * (len(COLUMNS[name]) - 1),
    }
    with pytest.raises(RuleInvalid, match=rf"{name}: line \d+: "):
        list(rows(name, f"{head}\n{broken[fault]}\n{rest}"))


@pytest.mark.parametrize(
    "wrong",
    [
        f'["a"]\n1 = "{HASH}"\n1 = "{HASH}"\n',
        f'["a"]\none = "{HASH}"\n',
        f'["a"]\n0 = "{HASH}"\n',
        f'["a"]\n-1 = "{HASH}"\n',
        '["a"]\n1 = "abc"\n',
        f'["a"]\n1 = "{HASH.replace("0", "G")}"\n',
        '["a"]\n1 = 7\n',
        '["a"]\n',
        'a = "text"\n',
        "",
    ],
)
def test_a_file_of_released_hashes_is_refused_by_name(wrong):
    with pytest.raises(RuleInvalid, match=r"RELEASED\.toml"):
        load.read_released(wrong)
