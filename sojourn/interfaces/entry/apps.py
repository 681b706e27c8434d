from django.apps import AppConfig


class EntryConfig(AppConfig):
    name = "sojourn.interfaces.entry"
    label = "entry"

    def ready(self) -> None:
        from sojourn.foundation.links import Page, register_pages
        from sojourn.interfaces.entry import signals  # noqa: F401 - connects the receivers

        register_pages(
            {
                Page.INVITATION: "entry:invitation",
                Page.UNCONFIRMED: "entry:unconfirmed",
                Page.NOWHERE: "nowhere",
            }
        )
