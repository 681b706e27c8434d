from django.apps import AppConfig


class EncounterConfig(AppConfig):
    name = "sojourn.care.encounter"
    label = "encounter"
