from django.apps import AppConfig


class EscortConfig(AppConfig):
    name = "sojourn.interfaces.escort"
    label = "escort"
