from django.apps import AppConfig


class HeartbeatConfig(AppConfig):
    name = "sojourn.foundation.heartbeat"
    label = "heartbeat"
