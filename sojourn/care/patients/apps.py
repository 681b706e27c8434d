from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "sojourn.care.patients"
    label = "patients"
