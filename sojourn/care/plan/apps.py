from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "sojourn.care.plan"
    label = "plan"
