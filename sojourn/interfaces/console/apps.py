from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "sojourn.interfaces.console"
    label = "console"

    def ready(self) -> None:
        from sojourn.foundation.links import Page, register_pages

        register_pages(
            {
                Page.CLINIC_HOME: "console:home",
                Page.FLAG: "console:flag",
            }
        )
