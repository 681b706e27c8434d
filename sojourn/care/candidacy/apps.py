from django.apps import AppConfig


class CandidacyConfig(AppConfig):
    name = "sojourn.care.candidacy"
    label = "candidacy"
