from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "sojourn.interfaces.portal"
    label = "portal"
