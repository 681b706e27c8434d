from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "sojourn.foundation.ui"
    label = "ui"
