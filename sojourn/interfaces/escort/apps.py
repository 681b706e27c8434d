from django.apps import AppConfig


class EscortConfig(AppConfig):
    name = "sojourn.interfaces.escort"
    label = "escort"

    def ready(self) -> None:
        from sojourn.foundation.links import Page, register_pages

        register_pages(
            {
                Page.DAY: "escort:day",
                Page.EARLIER_TIME: "escort:earlier",
                Page.RIDE_HOME: "escort:ride_home",
            }
        )
