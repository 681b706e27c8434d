"""The pages of a session, from the arrival to the door."""

from sojourn.interfaces.console.sessions import entries, views

urlpatterns = [*views.urlpatterns, *entries.urlpatterns]

__all__ = ["urlpatterns"]
