"""What the rooms declare: each once, each used, and nothing used that nobody declares."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse

from sojourn.foundation.accounts.roles import roles
from sojourn.foundation.action import LINK, Choice, Declaration, Need, When, by_value, either
from sojourn.foundation.registry import ROOT, Permissions, Sentences, declared, only_once
from sojourn.foundation.ui.navigation import Nav, navigation
from tests.care.test_actions import OURS, wanted

_CODE = re.compile(r"[a-z]+\.[a-z_]+")
_ASKED_BY = {"require", "may"}  # and every decorator


def permissions() -> dict[str, Permissions]:
    return declared("permissions", Permissions)


def of_roles() -> dict[str, str]:
    return only_once({name: each.of for name, each in permissions().items()})


def of_the_program() -> dict[str, str]:
    return only_once({name: each.of_the_program for name, each in permissions().items()})


def granted() -> frozenset[str]:
    return frozenset[str]().union(*(each.may for each in roles().values()))


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in {".py", ".html"} and "node_modules" not in path.parts and path.name != "permissions.py":
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def asked_in(text: str) -> Iterator[tuple[int, str]]:
    """The permissions that are asked for by ``require`` and ``may`` or at a page's decorator."""
    for node in ast.walk(ast.parse(text)):
        calls: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _ASKED_BY:
            calls = [node]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            calls = node.decorator_list
        for call in calls:
            for given in call.args if isinstance(call, ast.Call) else ():
                if isinstance(given, ast.Constant) and _CODE.fullmatch(str(given.value)):
                    yield given.lineno, str(given.value)


def test_no_role_is_granted_what_no_room_declares():
    unknown = {
        code: [each.code for each in roles().values() if code in each.may] for code in granted() - set(of_roles())
    }
    assert not unknown, "declare it in the room's permissions.py, or take it out of accounts/roles.toml"


def test_every_permission_is_granted_to_somebody():
    nobody = {code: where for code, where in of_roles().items() if code not in granted()}
    assert not nobody, "grant it in accounts/roles.toml, or take it out of the room's permissions.py"


def test_what_the_program_may_is_granted_to_nobody():
    assert not set(of_the_program()) & (granted() | set(of_roles()))


def test_every_permission_opens_something():
    texts = [text for _name, text in sources()]
    unused = {
        code: where
        for code, where in {**of_roles(), **of_the_program()}.items()
        if not any(f'"{code}"' in text or f"'{code}'" in text for text in texts)
    }
    assert not unused, "nothing asks for it"


def test_nothing_is_asked_that_no_room_declares():
    known = {*of_roles(), *of_the_program()}
    found = [
        f"{name}:{line} {code}"
        for name, text in sources()
        if name.endswith(".py")
        for line, code in asked_in(text)
        if code not in known
    ]
    assert not found, "declare it in the room's permissions.py"


def asked_by(actions: Iterable[Declaration]) -> dict[str, list[str]]:
    """What actions ask for that no room declares: also in a choice of several, and under a condition."""
    known = {*of_roles(), *of_the_program(), LINK}
    return {each.name: unknown for each in actions if (unknown := sorted(wanted(each) - known))}


def test_no_action_asks_for_what_no_room_declares():
    assert asked_by(OURS.values()) == {}, "declare it in the room's permissions.py"


@pytest.mark.parametrize(
    "need",
    [
        "dose.dream",
        either("dose.dream", "patient.edit"),
        either("own.visits", "dose.dream"),
        by_value("part", {"clinical": "patient.clinical", "dream": "dose.dream"}),
        Choice(("patient.edit", "dose.dream"), lambda by, asked: "patient.edit"),
        When("dose.dream", lambda by, asked: False),
    ],
)
def test_what_an_action_asks_for_and_nobody_declares_would_be_found(need: Need):
    asks = Declaration("dream", ("patient.edit", need), (), "nothing", (), (), asked_by)
    assert asked_by([asks]) == {"dream": ["dose.dream"]}


@pytest.mark.parametrize("code", ["by.require('dose.dream')", "@allowed('dose.dream')\ndef page(request): ..."])
def test_what_nobody_declares_would_be_found(code: str):
    assert [found for _line, found in asked_in(code)] == ["dose.dream"]


@pytest.mark.parametrize("code", sorted({**of_roles(), **of_the_program()}))
def test_a_permission_says_in_one_line_what_it_opens(code: str):
    (said,) = [
        words[code] for each in permissions().values() for words in (each.of, each.of_the_program) if code in words
    ]
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 100


def test_two_rooms_do_not_declare_the_same():
    with pytest.raises(ValueError, match=r"dose.dream is declared in one/permissions.py and in two/permissions.py"):
        only_once({"one/permissions.py": {"dose.dream": ""}, "two/permissions.py": {"dose.dream": ""}})


def test_a_declaration_of_another_kind_is_no_declaration():
    with pytest.raises(TypeError, match="SENTENCES is no Permissions"):
        declared("sentences", Permissions)


def test_every_module_of_an_agreed_name_is_collected():
    """One that lies deeper than a room or a topic would be found by nobody."""
    for module, kind in (("sentences", Sentences), ("permissions", Permissions)):
        lying = {path.relative_to(ROOT).as_posix() for path in Path(ROOT).rglob(f"{module}.py")}
        assert lying == set(declared(module, kind))


# ---------------------------------------------------------------- where one finds it


@pytest.mark.parametrize("interface", ["console", "portal"])
def test_every_place_of_the_navigation_can_be_found_and_drawn(interface: str):
    whole = navigation(interface)
    assert whole.places
    assert len({place.order for place in whole.places}) == len(whole.places), "two places share an order"
    icons = json.loads((ROOT / "foundation/ui/frontend/src/icons.json").read_text())["lucide"]
    for place in whole.places:
        assert reverse(place.name)
        assert place.icon in icons
        assert set(place.may) <= set(of_roles())
    assert set(whole.belongs.values()) <= {place.name for place in whole.places}
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "interfaces" / interface).rglob("*/nav.py")}
    assert found == set(declared("nav", Nav, (f"interfaces/{interface}/*",)))
