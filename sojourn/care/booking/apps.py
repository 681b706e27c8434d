from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "sojourn.care.booking"
    label = "booking"
