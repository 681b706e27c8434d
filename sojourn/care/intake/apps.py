from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "sojourn.care.intake"
    label = "intake"
