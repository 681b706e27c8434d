from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "sojourn.foundation.receipts"
    label = "receipts"
