from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "sojourn.foundation.rulebook"
    label = "rulebook"
