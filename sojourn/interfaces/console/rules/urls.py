"""The addresses of the rules."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.rules.views import adopt, one, retire, rules, second_sign

urlpatterns = [
    path("rules/", rules, name="rules"),
    path("rules/<str:rule_id>/", one, name="rule"),
    path("rules/<str:rule_id>/adopt/", adopt, name="rule_adopt"),
    path("rules/<str:rule_id>/retire/", retire, name="rule_retire"),
    path("rules/raised/<int:raise_id>/", second_sign, name="rule_raise"),
]
