from django.apps import AppConfig


class SafetyConfig(AppConfig):
    name = "sojourn.care.safety"
    label = "safety"

    def ready(self) -> None:
        from sojourn.care.safety import duty_queries, jobs  # noqa: F401 - the job must be known to whoever runs jobs
        from sojourn.foundation.accounts.before_inviting import require_before_patients

        require_before_patients("duty", duty_queries.missing_before_patients)
