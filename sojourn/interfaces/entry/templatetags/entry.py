"""What the templates of the door need."""

from __future__ import annotations

from django import forms, template

register = template.Library()


@register.simple_tag
def bare(form: forms.BaseForm) -> str:
    """Take the placeholders off allauth's fields: a label stands above each field already."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return ""


@register.filter
def device(user_agent: str) -> str:
    """A browser's name for itself as people say it: "Firefox, Linux". The whole text where it says neither."""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("Chrome", "Chrome"),
                ("CriOS", "Chrome"), ("Safari", "Safari"))  # fmt: skip
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
               ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"))  # fmt: skip
    parts = [next((name for mark, name in known if mark in user_agent), "") for known in (browsers, systems)]
    return ", ".join(part for part in parts if part) or user_agent
