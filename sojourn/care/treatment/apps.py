from django.apps import AppConfig


class TreatmentConfig(AppConfig):
    name = "sojourn.care.treatment"
    label = "treatment"
