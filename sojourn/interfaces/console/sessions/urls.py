"""The addresses of the session pages, those of each topic beside its views."""

from sojourn.interfaces.console.sessions import entries, events, medicines, pump, stopping, views, withdrawing

urlpatterns = [
    *views.urlpatterns,
    *entries.urlpatterns,
    *events.urlpatterns,
    *medicines.urlpatterns,
    *pump.urlpatterns,
    *stopping.urlpatterns,
    *withdrawing.urlpatterns,
]
