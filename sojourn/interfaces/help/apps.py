from django.apps import AppConfig


class HelpConfig(AppConfig):
    name = "sojourn.interfaces.help"
    label = "help"
