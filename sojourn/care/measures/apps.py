from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "sojourn.care.measures"
    label = "measures"
