from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "sojourn.care.booking"
    label = "booking"

    def ready(self) -> None:
        from sojourn.care.booking import jobs  # noqa: F401 - the jobs must be known to whoever runs them
