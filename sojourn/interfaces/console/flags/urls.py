"""The addresses of the flags, and of who is told."""

from sojourn.interfaces.console.flags import duty, views

urlpatterns = [
    *views.urlpatterns,
    *duty.urlpatterns,
]
