from django.apps import AppConfig


class ChartConfig(AppConfig):
    name = "sojourn.care.chart"
    label = "chart"
