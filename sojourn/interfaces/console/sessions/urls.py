"""The addresses of the session pages, those of each topic beside its views."""

from sojourn.interfaces.console.sessions import (
    arriving,
    checks,
    entries,
    events,
    going_home,
    medicines,
    on_monitor,
    pump,
    stopping,
    views,
    withdrawing,
)

urlpatterns = [
    *arriving.urlpatterns,
    *views.urlpatterns,
    *checks.urlpatterns,
    *on_monitor.urlpatterns,
    *going_home.urlpatterns,
    *entries.urlpatterns,
    *events.urlpatterns,
    *medicines.urlpatterns,
    *pump.urlpatterns,
    *stopping.urlpatterns,
    *withdrawing.urlpatterns,
]
