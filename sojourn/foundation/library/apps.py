from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "sojourn.foundation.library"
    label = "library"
