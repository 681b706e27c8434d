from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "sojourn.foundation.audit"
    label = "audit"
