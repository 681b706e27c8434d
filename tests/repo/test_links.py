"""Pages by names of their own: nothing below the interfaces knows a route, and every name has an address."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from sojourn.foundation import links
from sojourn.foundation.links import Page
from tests.repo.test_repository import ROOT, tracked

BELOW = ("sojourn/care/", "sojourn/foundation/", "sojourn/clinical/")
ROUTE = re.compile(r"(console|portal|entry|escort|help|live):[a-z_]+")
IN_TEMPLATE = re.compile(r"\{%\s*url\s+['\"]" + ROUTE.pattern)
REVERSES = {"reverse", "reverse_lazy", "resolve"}


def routes_in(source: str) -> Iterator[tuple[int, str]]:
    """Where Python makes an address out of a route, or names a route of an interface."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="django.urls", names=names):
                yield from ((node.lineno, each.name) for each in names if each.name in REVERSES)
            case ast.Attribute(attr="reverse" | "reverse_lazy", value=ast.Name(id="urls")):
                yield node.lineno, node.attr
            case ast.Call(func=ast.Name(id="redirect"), args=[ast.Constant(value=str(where)), *_]):
                yield node.lineno, where
            case ast.Constant(value=str(text)) if ROUTE.fullmatch(text):
                yield node.lineno, text


def test_nothing_below_the_interfaces_knows_a_route():
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in tracked(".py")
        if str(path.relative_to(ROOT)).startswith(BELOW) and path != ROOT / "sojourn/foundation/links.py"
        for line, what in routes_in(path.read_text(encoding="utf-8"))
    ]
    found += [
        str(path.relative_to(ROOT))
        for path in tracked(".html", ".txt")
        if str(path.relative_to(ROOT)).startswith(BELOW) and IN_TEMPLATE.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "from django.urls import reverse",
        "from django import urls\nurls.reverse('x')",
        "redirect('nowhere')",
        "link = base + resolve_url('portal:messages')",
    ],
)
def test_a_route_below_the_interfaces_is_found(text: str):
    assert list(routes_in(text))


def test_every_page_that_a_letter_leads_to_has_an_address():
    assert links.pages_have_addresses(None) == []


def test_a_page_that_nobody_has_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(links._routes, Page.FLAG)
    assert [fault.id for fault in links.pages_have_addresses(None)] == ["sojourn.E001"]
    with pytest.raises(links.NoSuchPage):
        links.path(Page.FLAG, 1)


def test_a_page_whose_route_is_gone_or_is_made_otherwise_is_found_at_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(links._routes, Page.FLAG, "console:gone")
    monkeypatch.setitem(links._routes, Page.RIDE_HOME, "console:home")
    assert [fault.id for fault in links.pages_have_addresses(None)] == ["sojourn.E002", "sojourn.E002"]


def test_two_interfaces_cannot_have_one_page():
    with pytest.raises(ValueError, match="console:flag"):
        links.register_pages({Page.FLAG: "portal:flag"})
