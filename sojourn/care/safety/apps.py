from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "sojourn.care.safety"
    label = "safety"

    def ready(self) -> None:
        from sojourn.care.safety import duty_queries, jobs  # noqa: F401 - the job must be known to whoever runs jobs
        from sojourn.foundation.accounts.readiness import before_inviting

        before_inviting(duty_queries.without_duty)
