from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "sojourn.foundation.accounts"
    label = "accounts"
