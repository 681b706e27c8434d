from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "sojourn.care.consent"
    label = "consent"
