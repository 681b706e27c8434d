from django.apps import AppConfig


class VitalsConfig(AppConfig):
    name = "sojourn.care.vitals"
    label = "vitals"
