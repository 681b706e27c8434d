from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "sojourn.foundation.library"
    label = "library"

    def ready(self) -> None:
        from sojourn.foundation.library import jobs  # noqa: F401 - the job must be known to whoever runs jobs
