"""The addresses of the clinic's hours, staff and lines."""

from sojourn.interfaces.console.clinic import hours, place, staff

urlpatterns = [
    *hours.urlpatterns,
    *staff.urlpatterns,
    *place.urlpatterns,
]
