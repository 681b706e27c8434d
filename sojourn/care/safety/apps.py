from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "sojourn.care.safety"
    label = "safety"
