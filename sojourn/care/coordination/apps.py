from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "sojourn.care.coordination"
    label = "coordination"

    def ready(self) -> None:
        from sojourn.care.coordination import following, jobs  # noqa: F401 - whoever runs the jobs must know them

        following.register()
