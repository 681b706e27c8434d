from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "sojourn.care.scheduling"
    label = "booking"

    def ready(self) -> None:
        from sojourn.care.scheduling import jobs  # noqa: F401 - the jobs must be known to whoever runs them
