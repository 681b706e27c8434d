"""The addresses of the appointments, those of each topic beside its views."""

from sojourn.interfaces.console.scheduling import (
    appointments,
    calendar,
    chairs,
    day_before,
    day_link,
    ride_home,
    series,
    waiting_list,
)

urlpatterns = [
    *appointments.urlpatterns,
    *chairs.urlpatterns,
    *calendar.urlpatterns,
    *day_before.urlpatterns,
    *day_link.urlpatterns,
    *series.urlpatterns,
    *ride_home.urlpatterns,
    *waiting_list.urlpatterns,
]
