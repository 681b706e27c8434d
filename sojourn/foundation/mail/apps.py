from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "sojourn.foundation.mail"
    label = "mail"

    def ready(self) -> None:
        from sojourn.foundation.mail import jobs  # noqa: F401 - the job must be known to whoever runs jobs
