"""The patient's pages, under /today/."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.help import views as help_now
from sojourn.interfaces.portal.agreements import views as agreements
from sojourn.interfaces.portal.answering import views as answering
from sojourn.interfaces.portal.candidacy import views as candidacy
from sojourn.interfaces.portal.danger import asking, listening
from sojourn.interfaces.portal.intake import lists as intake_lists
from sojourn.interfaces.portal.intake import views as intake
from sojourn.interfaces.portal.medicine import views as medicine
from sojourn.interfaces.portal.messages import views as messages
from sojourn.interfaces.portal.plan import views as plan
from sojourn.interfaces.portal.progress import views as progress
from sojourn.interfaces.portal.reading import voice as story
from sojourn.interfaces.portal.record import views as record
from sojourn.interfaces.portal.session import views as session
from sojourn.interfaces.portal.today import views as today
from sojourn.interfaces.portal.visits import calendar, day_link
from sojourn.interfaces.portal.visits import views as visits

app_name = "portal"
urlpatterns = [
    path("", today.today, name="today"),
    path("visits/", visits.visits, name="visits"),
    path("story/", story.story, name="story"),
    path("visits/<int:visit_id>/ride-home/", visits.escort, name="visit_escort"),
    path("visits/<int:visit_id>/way-home/", visits.escort),  # its address before
    path("visits/<int:visit_id>/here/", visits.say_here, name="visit_here"),
    path("visits/<int:visit_id>/not-here/", visits.not_here, name="visit_not_here"),
    path("visits/<int:visit_id>/day-link/", day_link.change, name="visit_day_link"),
    path("visits/day-link/", day_link.page, name="visits_day_link"),
    path("visits/coming/", visits.coming, name="coming"),
    path("visits/sooner/", visits.sooner, name="sooner"),
    path("visits/offers/<int:offer_id>/", visits.offer, name="offer"),
    path("visits/times/", calendar.times, name="visits_times"),
    path("visits/reminders/", calendar.reminders, name="visits_reminders"),
    path("visits/calendar/", calendar.my_feed, name="visits_feed"),
    path("feeds/<str:token>.ics", calendar.feed, name="feed"),
    path("measures/<int:request_id>/", answering.intro, name="measure"),
    path("measures/<int:request_id>/<int:number>/", answering.question, name="question"),
    path("measures/<int:request_id>/<int:number>/help/", answering.help_first, name="help_first"),
    path("measures/<int:request_id>/review/", answering.review, name="review"),
    path("measures/<int:request_id>/sent/", answering.sent, name="sent"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/read/<slug:document_id>/<int:number>/", agreements.read, name="agreement_read"),
    path("agreements/read/<slug:document_id>/sign/", agreements.sign, name="agreement_sign"),
    path("agreements/<int:consent_id>/", agreements.agreement, name="agreement"),
    path("agreements/<int:consent_id>/copy.pdf", agreements.agreement_pdf, name="agreement_pdf"),
    path("agreements/<int:consent_id>/withdraw/", agreements.withdraw, name="agreement_withdraw"),
    path("intake/", intake.overview, name="intake"),
    path("story/", intake.overview),  # its address before
    path("intake/review/", intake.review, name="intake_review"),
    path("intake/sent/", intake.sent, name="intake_sent"),
    path("intake/search/", intake_lists.search, name="intake_search"),
    path("intake/paste/", intake_lists.paste, name="intake_paste"),
    path("intake/people/<int:related_person_id>/", intake_lists.person, name="intake_person"),
    path("intake/<slug:topic>/", intake.question, name="intake_question"),
    path("intake/<slug:topic>/add/", intake_lists.add, name="intake_add"),
    path("intake/<slug:topic>/<uuid:line_id>/", intake_lists.line, name="intake_line"),
    path("messages/", messages.messages, name="messages"),
    path("measure-sessions/<int:measure_session_id>/", answering.measure_session, name="measure_session"),
    path("sittings/<int:measure_session_id>/", answering.measure_session),  # its address before
    path("progress/", progress.progress, name="progress"),
    path("medicine/", medicine.medicine, name="medicine"),
    path("plan/", plan.plan, name="plan"),
    path("decision/", candidacy.decision, name="decision"),
    path("record/", record.record, name="record"),
    path("help/", help_now.help_now, name="help"),
    path("help/asked/", asking.asked, name="help_asked"),
    path("help/sent/", listening.words_sent, name="words_sent"),
    path("offline/", help_now.offline, name="offline"),
    path("here/", session.here, name="here"),
    path("here/stop/", session.stop, name="here_stop"),
    path("manifest.webmanifest", session.manifest, name="manifest"),
    path("sw.js", session.service_worker, name="service_worker"),
]
