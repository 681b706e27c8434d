from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "sojourn.care.session"
    label = "session"
