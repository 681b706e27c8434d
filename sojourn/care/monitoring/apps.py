from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "sojourn.care.monitoring"
    label = "monitoring"
