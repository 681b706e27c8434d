from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "sojourn.interfaces.portal"
    label = "portal"

    def ready(self) -> None:
        from sojourn.foundation.links import Page, register_pages

        register_pages(
            {
                Page.PATIENT_MESSAGES: "portal:messages",
                Page.PATIENT_AGREEMENTS: "portal:agreements",
                Page.PATIENT_DECISION: "portal:decision",
            }
        )
