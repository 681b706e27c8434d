"""The pages of a session, from the arrival to the door."""

from sojourn.interfaces.console.sessions.views import urlpatterns

__all__ = ["urlpatterns"]
