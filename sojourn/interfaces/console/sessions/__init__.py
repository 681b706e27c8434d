"""The pages of a session, from the arrival to the door."""

from sojourn.interfaces.console.sessions import pump, views

urlpatterns = [*views.urlpatterns, *pump.urlpatterns]

__all__ = ["urlpatterns"]
