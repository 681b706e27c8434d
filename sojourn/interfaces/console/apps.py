from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "sojourn.interfaces.console"
    label = "console"
