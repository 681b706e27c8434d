from django.apps import AppConfig


class ReadingConfig(AppConfig):
    name = "sojourn.care.reading"
    label = "reading"
