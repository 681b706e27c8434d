"""The addresses of the session pages, those of each topic beside its views."""

from sojourn.interfaces.console.sessions import events, medicines, views, withdrawing

urlpatterns = [
    *views.urlpatterns,
    *events.urlpatterns,
    *medicines.urlpatterns,
    *withdrawing.urlpatterns,
]
