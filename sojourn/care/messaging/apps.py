from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "sojourn.care.messaging"
    label = "messaging"
