"""The addresses of the first start."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.first_start.views import decline, group, overview, rule

urlpatterns = [
    path("first-start/", overview, name="first_start"),
    path("first-start/groups/<slug:group_code>/", group, name="first_start_group"),
    path("first-start/rules/<str:rule_id>/", rule, name="first_start_rule"),
    path("first-start/rules/<str:rule_id>/not-used/", decline, name="first_start_decline"),
]
