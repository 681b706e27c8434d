from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "sojourn.care.scheduling"
    label = "booking"  # the room's older name, which its tables, their migrations and the audit log keep
