from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sojourn.foundation.accounts"
    label = "accounts"

    def ready(self) -> None:
        from sojourn.foundation.accounts import place
        from sojourn.foundation.accounts.readiness import before_inviting

        before_inviting(place.without_telephone)
        before_inviting(place.without_lines)
