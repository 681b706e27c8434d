"""Components render what they promise: words beside shapes, labels tied to fields, nothing that the policy forbids."""

import re
from pathlib import Path

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from sojourn.foundation.ui import gallery
from sojourn.foundation.ui.build import PACKAGE, UI

TEMPLATES = sorted((UI / "templates").rglob("*.html"))


def html(source: str, **context: object) -> str:
    compiled = CottonCompiler().process("{% load i18n ui %}" + source)
    return engines["django"].from_string(compiled).render(context, RequestFactory().get("/"))


class Form(forms.Form):
    weight = forms.DecimalField(label="Weight", help_text="Without shoes", max_value=400)
    note = forms.CharField(label="Note", required=False)
    way = forms.ChoiceField(label="Ride home", widget=forms.RadioSelect, choices=[("a", "Friend"), ("b", "Bus")])


def test_a_button_with_an_address_is_a_link() -> None:
    assert re.search(r'<a href="/x" class="btn btn-quiet', html('<c-button kind="quiet" href="/x">Go</c-button>'))
    button = html('<c-button data-dialog-open="d" disabled>Go</c-button>')
    assert "<button" in button
    assert 'data-dialog-open="d"' in button
    assert "disabled" in button


def test_a_component_does_not_take_the_pages_variables() -> None:
    out = html('<c-card title="T"><c-button>Go</c-button></c-card>', href="/wrong", icon="x", title="wrong", error="no")
    assert "/wrong" not in out
    assert "#x" not in out


def test_a_field_ties_label_hint_and_error_to_its_control() -> None:
    form = Form({"weight": "900", "way": "a"})
    out = html('<c-field :field="form.weight" unit="kg" />', form=form)
    assert '<label class="field-label" for="id_weight">Weight' in out
    assert 'aria-describedby="id_weight-hint id_weight-error"' in out
    assert 'id="id_weight-hint">Without shoes' in out
    assert 'id="id_weight-error"' in out
    assert 'aria-invalid="true"' in out
    assert ">kg<" in out
    assert "(optional)" not in out
    assert "(optional)" in html('<c-field :field="form.note" />', form=form)


def test_a_group_of_choices_is_a_fieldset_with_a_legend() -> None:
    out = html('<c-field :field="form.way" />', form=Form({"way": "b"}))
    assert re.search(r"<fieldset.*<legend>Ride home", out, re.DOTALL)
    assert out.count('class="radio"') == 2
    assert re.search(r'value="b"[^>]*checked', out)


def test_the_error_summary_links_to_each_field() -> None:
    out = html('<c-error-summary :form="form" />', form=Form({"weight": "900"}))
    assert "2 things to change" in out
    assert 'href="#id_weight"' in out
    assert 'href="#id_way_0"' in out
    assert html('<c-error-summary :form="form" />', form=Form({"weight": "70", "way": "a"})).strip() == ""
    assert "One thing" in html('<c-error-summary :errors="e" />', e=[{"href": "#x", "text": "Weight"}])


@pytest.mark.parametrize(("priority", "word"), [("high", "High"), ("medium", "Medium"), ("low", "Low")])
def test_an_alarm_has_shape_and_word(priority: str, word: str) -> None:
    out = html(f'<c-alarm priority="{priority}">saturation</c-alarm>')
    assert f"shape-{priority}" in out
    assert f">{word}:<" in out
    assert "saturation" in out


def test_alarm_shapes_differ() -> None:
    shapes = {re.search(r"<svg.*?</svg>", html(f'<c-alarm-shape priority="{p}" />'), re.DOTALL)[0].split(">", 1)[1]  # type: ignore[index]
              for p in ("high", "medium", "low")}  # fmt: skip
    assert len(shapes) == 3


def test_choices_mark_the_chosen_one() -> None:
    out = html('<c-choices name="q" :options="o" chosen="0" />', o=[("0", "Never"), ("1", "Often", "most days")])
    assert len(re.findall("<input", out)) == 2
    assert re.search(r'value="0"[^>]* checked', out)
    assert not re.search(r'value="1"[^>]* checked', out)
    assert "most days" in out
    assert len(set(re.findall(r' id="([^"]+)"', out))) == 2
    number = html('<c-choices name="q" :options="o" :chosen="n" />', o=[(0, "Never"), (1, "Often")], n=0)
    assert re.search(r'value="0"[^>]* checked', number)
    nothing = html('<c-choices name="q" :options="o" :chosen="n" />', o=[(0, "Never")], n=None)
    assert " checked" not in nothing


def test_everything_written_by_people_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    for source in (
        '<c-card title="{{ bad }}">x</c-card>',
        '<c-reading label="{{ bad }}" value="{{ bad }}" unit="{{ bad }}" />',
        '<c-status kind="done">{{ bad }}</c-status>',
        '<c-step question="{{ bad }}" number="1" total="2" />',
        '<c-page-title title="{{ bad }}" lead="{{ bad }}" />',
        '<c-choices name="q" :options="o" />',
    ):
        assert "<script>alert" not in html(source, bad=bad, o=[("1", bad)]), source


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_breaks_the_policy(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=\"", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", sorted((UI / "templates" / "cotton").glob("*.html")), ids=lambda path: path.stem)
def test_every_component_is_in_the_gallery_and_the_list(path: Path) -> None:
    tag = "<c-" + path.stem.replace("_", "-")
    shown = "".join(template.read_text() for template in (UI / "templates").rglob("*.html") if template != path)
    assert re.search(re.escape(tag) + r"[\s>/]", shown), f"{tag} appears nowhere"
    assert tag in (UI / "COMPONENTS.md").read_text()


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    known = set(gallery._icons())
    named = set()
    for template in PACKAGE.glob("**/templates/**/*.html"):
        named |= set(re.findall(r'<c-icon\s+name="([a-z0-9-]+)"', template.read_text()))
        named |= set(re.findall(r'\sicon(?:_end)?="([a-z0-9-]+)"', template.read_text()))
    assert named <= known


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["", "portal", "plain", "board", "altered", "error", "step"])
def test_layouts_render(client, name: str, language: str) -> None:  # type: ignore[no-untyped-def]
    with translation.override(language):
        answer = client.get(f"/ui/layout/{name}/" if name else "/ui/", headers={"accept-language": language})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}" dir="ltr"' in text
    assert text.count("<h1") == 1
    assert text.count('id="main"') == 1
    assert text.count('href="#main"') == 1


def test_an_unknown_layout_is_not_found(client) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/ui/layout/secret/").status_code == 404
