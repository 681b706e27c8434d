from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    name = "sojourn.care.alarms"
    label = "alarms"
