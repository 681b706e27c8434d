from django.apps import AppConfig


class EntryConfig(AppConfig):
    name = "sojourn.interfaces.entry"
    label = "entry"

    def ready(self) -> None:
        from sojourn.interfaces.entry import signals  # noqa: F401 - connects the receivers
