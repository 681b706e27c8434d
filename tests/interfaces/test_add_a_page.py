"""The page of the manual on pages: what it says is taken out of it and opened."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import RequestFactory

from sojourn.care.intake import actions as intake_actions
from sojourn.care.patients.models import Patient
from sojourn.foundation.accounts.actor import acting_as
from tests.care.people import make_patient
from tests.conftest import Cast
from tests.repo.test_repository import ROOT

PAGE = (ROOT / "docs/how-to/add-a-page.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`((?:sojourn|tests)/[^`]+)`[^\n]*\n\n```\w+\n(.*?)```", PAGE, re.S | re.M))
VIEW = "sojourn/interfaces/console/goals/views.py"
TEMPLATE = "sojourn/interfaces/console/goals/templates/list.html"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The view of the manual, with the template of the manual."""
    made = ModuleType("goals")
    monkeypatch.setitem(sys.modules, made.__name__, made)  # a dataclass asks there
    exec(compile(FILES[VIEW], VIEW, "exec"), vars(made))

    def render(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        assert TEMPLATE.endswith(name.removeprefix("console/goals/")), "the name under which the template is found"
        found = re.search(r"{% block content %}(.*){% endblock %}", FILES[TEMPLATE], re.S)
        assert found
        source = "{% load i18n ui %}" + found[1]
        return HttpResponse(engines["django"].from_string(source).render(context))

    vars(made)["render"] = render
    return made


def test_it_names_each_file_it_makes():
    assert set(FILES) == {VIEW, TEMPLATE, "tests/interfaces/test_goals.py"}
    assert 'include("sojourn.interfaces.console.goals.views")' in PAGE


@pytest.mark.alone
def test_the_page_of_the_manual_opens_and_keeps_a_restricted_record(clinic: Cast, page: ModuleType):
    patient, nurse = make_patient(clinic), clinic.actor("nurse")
    request: Any = RequestFactory().get("/clinic/goals/")
    request.actor = nurse
    with acting_as(nurse):
        intake_actions.say_line(by=nurse, patient_id=patient.pk, of="goals", text="To sleep")
        told = page.goals(request).text
        Patient.objects.filter(pk=patient.pk).update(restricted=True)
        withheld = page.goals(request).text
    assert "To sleep" in told
    assert "To sleep" not in withheld
    assert "Restricted record" in withheld
    assert page.urlpatterns[0].name == "goals"
