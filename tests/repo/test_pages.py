"""No page opens by hand what its address names: a decorator asks who may, finds it in the clinic, and hands it over.

A view that is given a number can forget one of the three. ``interfaces/shared/pages.py`` says how it is done.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.repo.test_repository import ROOT, tracked

# Views that are given a word of the address, and why nothing is opened by it.
WORDS: Final = {
    "candidacy/clearances.py record": "what a finding asks for depends on the way that the query names",
    "clinic/place.py line": "the action knows the lines of the place, and says so where there is none such",
    "measures/own_scales.py retire_own_scale": "the action says that it is not in use",
    "entry/views.py end_device": "one's own sign-ins are rows of allauth's, of no clinic and no patient",
}

# Files that find by hand what a person chose in a form, or what a query names; an address they leave to a decorator.
TYPED: Final = {
    "scheduling/appointments.py": "the course and the patient stand in the query of one address",
    "sessions/on_monitor.py": "the monitor is chosen in the form",
}


def _called(decorator: ast.expr) -> str:
    made_by = decorator.func if isinstance(decorator, ast.Call) else decorator
    return made_by.attr if isinstance(made_by, ast.Attribute) else getattr(made_by, "id", "")


def given_by_hand(source: str) -> Iterator[str]:
    """Views that are given parts of their address, where what these name should have been handed over."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef):
            continue
        by = {_called(each) for each in node.decorator_list}
        pages = {each for each in by if each.endswith("_page")}
        if not pages and not by & {"allowed", "signed_in"}:
            continue
        handed = 1 + bool(pages) + bool(by & {"opens", "patient_row_page"})  # the request, the scope, what was opened
        if len(node.args.args) + len(node.args.kwonlyargs) > handed:
            yield node.name


def found_by_hand(source: str) -> bool:
    """Whether it asks for an object or the page that says there is none."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return any(_called(each) == "get_object_or_404" for each in calls)


def _files() -> Iterator[tuple[str, str]]:
    """Every module of the pages by its last two names, with its text."""
    for path in tracked(".py"):
        if path.is_relative_to(ROOT / "sojourn/interfaces"):
            yield "/".join(path.parts[-2:]), path.read_text(encoding="utf-8")


def test_every_view_is_handed_what_its_address_names():
    assert {f"{name} {view}" for name, text in _files() for view in given_by_hand(text)} == WORDS.keys()


def test_no_page_finds_it_by_hand():
    assert {name for name, text in _files() if found_by_hand(text)} == TYPED.keys()


@pytest.mark.parametrize(
    "text",
    [
        '@allowed("chair.manage")\n@require_GET\ndef chair(request, chair_id): ...',
        "@signed_in\ndef chair(request, chair_id): ...",
        '@clinic_page("chair.manage")\ndef chair(request, scope, chair_id): ...',
        '@session_page("session.observe")\n@opens(_entry)\ndef strike(request, scope, entry, row_id): ...',
        '@patient_row_page(_course, "course.end")\ndef end(request, scope, course, *, day): ...',
    ],
)
def test_a_view_that_opens_its_object_itself_is_found(text: str):
    assert list(given_by_hand(text))


@pytest.mark.parametrize(
    "text",
    [
        '@allowed("chair.manage")\ndef chairs(request): ...',
        '@clinic_page("chair.manage")\n@opens(_chair)\ndef chair(request, scope, chair): ...',
        '@patient_row_page(_course, "course.end")\ndef end(request, scope, course): ...',
        "@public\ndef earlier(request, token): ...",  # a secret of a letter: who asks, not what is asked for
    ],
)
def test_a_view_that_is_handed_it_is_not(text: str):
    assert not list(given_by_hand(text))


def test_a_search_by_hand_is_found():
    assert found_by_hand("chair = get_object_or_404(Chair, pk=chair_id)")
    assert found_by_hand("chair = shortcuts.get_object_or_404(Chair, pk=chair_id)")
