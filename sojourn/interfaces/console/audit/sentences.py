"""Every line of the audit as a sentence.

One entry for each action that the house records; a test finds them in the source and fails where one is missing.
``%(who)s`` and ``%(patient)s`` are filled with names; other words come from the row's own detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from sojourn.foundation.accounts.roles import roles
from sojourn.interfaces.console.audit.details import word

SENTENCES: Mapping[str, StrPromise] = {
    # at the door
    "person.signed_in": _("%(who)s signed in."),
    "person.signed_out": _("%(who)s signed out."),
    "person.sign_in_failed": _("A sign-in failed."),
    "password.changed": _("%(who)s chose a new password."),
    "password.reset": _("%(who)s chose a new password by e-mail."),
    "second_factor.added": _("%(who)s added a second factor."),
    "second_factor.removed": _("%(who)s removed a second factor."),
    "second_factor.codes_renewed": _("%(who)s made new recovery codes."),
    # people
    "person.invited": _("%(who)s invited somebody as: %(role)s."),
    "person.invited_again": _("%(who)s sent an invitation again (%(role)s)."),
    "person.invitation_withdrawn": _("%(who)s withdrew an invitation (%(role)s)."),
    "person.confirmed": _("%(who)s confirmed %(name)s (%(role)s)."),
    "person.joined": _("%(who)s joined the clinic as: %(role)s."),
    "person.access_ended": _("%(who)s ended somebody's access (%(role)s)."),
    # records
    "record.glass_broken": _("%(who)s opened the restricted record of %(patient)s."),
    "audit.exported": _("%(who)s exported audit rows (%(rows)s)."),
    "patient.added": _("%(who)s made a record for %(patient)s."),
    "patient.edited": _("%(who)s changed the record of %(patient)s."),
    "patient.opened": _("%(who)s opened the record of %(patient)s."),
    "record.opened": _("%(who)s opened the session record of %(patient)s."),
    "patient.person_added": _("%(who)s put somebody beside %(patient)s."),
    "patient.person_edited": _("%(who)s changed what is known of somebody beside %(patient)s."),
    "patient.person_ended": _("%(who)s noted that somebody is no longer beside %(patient)s."),
    # the story and messages
    "intake.answered": _("%(who)s answered a question of the story of %(patient)s (%(question)s)."),
    "intake.line_said": _("%(who)s wrote a line into the story of %(patient)s (%(list)s)."),
    "intake.line_removed": _("%(who)s took a line out of the story of %(patient)s (%(list)s)."),
    "intake.sent": _("%(who)s sent the story of %(patient)s to the clinic."),
    "fact.entered": _("%(who)s entered a finding of %(patient)s (%(fact)s)."),
    "fact.retracted": _("%(who)s took a finding of %(patient)s back (%(fact)s)."),
    "fact.imported": _("%(who)s imported findings of %(patient)s (%(count)s)."),
    "message.written": _("%(who)s wrote a message in the thread of %(patient)s."),
    "message.read": _("%(patient)s read the messages of the clinic."),
    "message.settled": _("%(who)s noted that the messages of %(patient)s need no answer."),
    # candidacy
    "candidacy.decided": _("%(who)s decided whether the treatment fits %(patient)s (%(kind)s, %(drug)s)."),
    "candidacy.override_signed": _("%(who)s signed a reason against a block of %(patient)s (%(rule)s)."),
    "candidacy.clearance_recorded": _("%(who)s recorded who answered to a finding of %(patient)s (%(rule)s)."),
    "candidacy.clearance_struck": _("%(who)s struck an answer to a finding of %(patient)s (%(rule)s)."),
    "candidacy.override_second_signed": _("%(who)s signed second against a block of %(patient)s (%(rule)s)."),
    # the plan
    "course.begun": _("%(who)s began a course of treatment for %(patient)s."),
    "course.ended": _("%(who)s ended a course of treatment of %(patient)s."),
    "plan.drafted": _("%(who)s began version %(number)s of a plan for %(patient)s."),
    "plan.edited": _("%(who)s changed the draft of a plan for %(patient)s (version %(number)s)."),
    "plan.discarded": _("%(who)s threw the draft of a plan for %(patient)s away (version %(number)s)."),
    "plan.checked": _("%(who)s checked the dose in a plan for %(patient)s (%(dose_mg)s mg)."),
    "plan.signed": _("%(who)s signed version %(number)s of the plan for %(patient)s."),
    "chair.added": _("%(who)s added a chair: %(name)s."),
    "chair.edited": _("%(who)s changed a chair: %(name)s."),
    "appointment.booked": _("%(who)s booked an appointment for %(patient)s."),
    "appointment.moved": _("%(who)s moved an appointment of %(patient)s."),
    "appointment.cancelled": _("%(who)s cancelled an appointment of %(patient)s."),
    # agreements
    "consent.adopted": _("%(who)s adopted a text that patients agree to (%(text)s, version %(version)s)."),
    "clinic.jurisdiction_set": _("%(who)s noted where the clinic is (%(place)s)."),
    "clinic.details_set": _("%(who)s wrote how patients reach the clinic."),
    "clinic.line_checked": _("%(who)s checked a line of this place (%(number)s)."),
    "consent.requested": _("%(who)s asked %(patient)s for agreement (%(route)s)."),
    "consent.question_asked": _("%(patient)s asked about a text before signing (%(document)s)."),
    "consent.question_answered": _("%(who)s answered a question of %(patient)s about a text."),
    "consent.question_waived": _("%(who)s let a question of %(patient)s about a text stand, with a reason."),
    "consent.signed": _("%(patient)s signed (%(document)s, version %(version)s)."),
    "consent.refused": _("%(patient)s said no (%(document)s, version %(version)s)."),
    "consent.countersigned": _("%(who)s signed beside %(patient)s (%(document)s)."),
    "consent.withdrawn": _("An agreement of %(patient)s was withdrawn (%(document)s), noted by %(who)s."),
    "consent.opened": _("%(who)s opened a signed agreement of %(patient)s (%(document)s)."),
    "room.added": _("%(who)s added a room: %(name)s."),
    "booking.rules_decided": _("%(who)s decided the clinic's numbers for booking."),
    "hours.set": _("%(who)s stated working hours."),
    "hours.day_set": _("%(who)s stated the hours of one day (%(on)s)."),
    "hours.day_unset": _("%(who)s took back the hours of one day (%(on)s)."),
    "series.booked": _("%(who)s booked a series for %(patient)s."),
    "times.stated": _("%(who)s stated when %(patient)s can come."),
    "waiting.joined": _("%(who)s put %(patient)s on the waiting list."),
    "waiting.left": _("%(who)s took %(patient)s off the waiting list."),
    "waiting.offered": _("%(who)s offered an earlier time to %(patient)s."),
    "waiting.accepted": _("%(patient)s took an earlier time."),
    "waiting.declined": _("%(patient)s let an earlier time go."),
    "reminder.sent": _("%(who)s reminded %(patient)s of an appointment."),
    "reminder.preferred": _("%(patient)s chose how to be reminded."),
    "feed.opened": _("%(who)s opened a calendar feed."),
    "feed.closed": _("%(who)s ended a calendar feed."),
    "way_home.asked": _("%(who)s asked who brings %(patient)s home."),
    "way_home.asked_again": _("%(who)s asked for a fresh link about the way home of %(patient)s."),
    "way_home.answered": _("%(who)s answered about the way home of %(patient)s."),
    "way_home.named": _("%(who)s named who brings %(patient)s home."),
    # questionnaires and flags
    "measure.requested": _("%(who)s asked %(patient)s to answer a questionnaire (%(scale_id)s)."),
    "measure.battery_requested": _("%(who)s asked %(patient)s to answer the questionnaires to begin with."),
    "measure.entered": _("%(who)s entered a score of %(patient)s (%(scale_id)s)."),
    "measure.loaded": _("%(who)s loaded the clinic's own questionnaire %(code)s, version %(version)s."),
    "measure.retired": _("%(who)s retired the clinic's own questionnaire %(code)s."),
    "measure.withdrawn": _("%(who)s withdrew a questionnaire from %(patient)s (%(scale_id)s)."),
    "measure.started": _("%(who)s began a questionnaire of %(patient)s (%(scale_id)s)."),
    "measure.answered": _("%(who)s answered a question in a questionnaire of %(patient)s."),
    "measure.completed": _("%(who)s sent a questionnaire of %(patient)s (%(scale_id)s)."),
    "flag.raised": _("%(who)s raised a flag for %(patient)s."),
    "flag.raised_again": _("%(who)s reported again what raised a flag of %(patient)s."),
    "flag.read": _("%(who)s read a flag of %(patient)s."),
    "flag.passed_on": _("Nobody had answered a flag of %(patient)s: it was passed on (%(reach)s)."),
    "flag.told": _("People were told of a flag of %(patient)s (%(reach)s, %(people)s people)."),
    "duty.named": _("%(who)s named who is asked when a patient may be in danger (%(people)s people)."),
    "duty.channels_chosen": _("%(who)s chose how to be told of a flag."),
    "flag.answered": _("%(who)s answered a flag of %(patient)s (%(kind)s)."),
    # the session
    "session.arrive": _("%(who)s noted that %(patient)s arrived."),
    "session.complete_checks": _("%(who)s completed the checks of %(patient)s."),
    "session.start_dose": _("%(who)s started the dose of %(patient)s."),
    "session.pause": _("%(who)s paused the dose of %(patient)s."),
    "session.resume": _("%(who)s went on with the dose of %(patient)s."),
    "session.lower_rate": _("%(who)s lowered the rate of the dose of %(patient)s."),
    "session.raise_rate": _("%(who)s raised the rate of the dose of %(patient)s."),
    "session.give_part": _("%(who)s gave %(patient)s the next part of the dose."),
    "session.end_dose": _("%(who)s noted that the dose of %(patient)s ended."),
    "session.find_ready": _("%(who)s found %(patient)s ready to leave."),
    "session.observe_again": _("%(who)s took %(patient)s back into observation."),
    "session.leave": _("%(who)s noted that %(patient)s left."),
    "session.stop_early": _("%(who)s stopped the session of %(patient)s early."),
    "session.say_no": _("%(patient)s said no, and the session was stopped (%(who)s)."),
    "session.observe_after_stop": _("%(who)s began to observe %(patient)s after stopping."),
    "session.leave_without_dose": _("%(who)s noted that %(patient)s left without a dose."),
    "session.did_not_attend": _("%(who)s noted that %(patient)s did not attend."),
    "session.cancel": _("%(who)s cancelled the session of %(patient)s."),
    "session.check": _("%(who)s answered a check of %(patient)s (%(item)s)."),
    "session.event": _("%(who)s wrote an event into the session of %(patient)s (%(kind)s)."),
    "session.patient_calls": _("%(patient)s called for help in a session."),
    "session.companion_named": _("%(who)s named who takes %(patient)s home."),
    "session.signed": _("%(who)s signed the session of %(patient)s."),
    "session.addendum": _("%(who)s added to the signed session of %(patient)s."),
    "dose.checked": _("%(who)s checked the dose of %(patient)s (%(dose_mg)s mg)."),
    "session.struck": _("%(who)s struck an entry in a session of %(patient)s as entered in error."),
    "dose.wasted": _("%(who)s threw away part of the dose of %(patient)s (%(mg)s mg)."),
    "dose.waste_witnessed": _("%(who)s witnessed what was thrown away of the dose of %(patient)s (%(mg)s mg)."),
    "medicine.given": _("%(who)s gave %(patient)s another medicine."),
    "dose.read_off": _("%(who)s entered what was left or given of the dose of %(patient)s."),
    "reading.typed": _("%(who)s typed vital signs of %(patient)s."),
    "alarm.acknowledged": _("%(who)s answered an alarm of %(patient)s (%(code)s)."),
    # monitors and rules
    "monitor.told_patient": _("The monitor %(who)s asked for its patients and was told the number of %(patient)s."),
    "monitor.added": _("%(who)s added a monitor (%(key)s)."),
    "monitor.claimed": _("%(who)s claimed a monitor that belonged to no clinic, by a code read at the bedside."),
    "monitor.line_confirmed": _("%(who)s confirmed the address of a monitor (%(address)s)."),
    "monitor.patient_confirmed": _("%(who)s said that a monitor's values are of %(patient)s."),
    "monitor.port_dropped": _("%(who)s took a port of the monitors' listener from the clinic (%(port)s)."),
    "monitor.port_given": _("%(who)s gave the clinic a port of the monitors' listener (%(port)s)."),
    "monitor.rekeyed": _("%(who)s gave a monitor a closer name (%(key)s)."),
    "monitor.whose_answered": _("%(who)s said whose a value was that a monitor took back (%(patient)s)."),
    "monitor.message_opened": _("%(who)s looked at the bytes of a monitor's message."),
    "monitor.renamed": _("%(who)s renamed a monitor: %(name)s."),
    "monitor.retired": _("%(who)s retired a monitor."),
    "monitor.put_on": _("%(who)s put a monitor on %(patient)s."),
    "monitor.taken_off": _("%(who)s took a monitor off %(patient)s."),
    "rule.adopt": _("%(who)s adopted a rule (%(rule)s, version %(version)s)."),
    "rule.decline": _("%(who)s decided not to use the rule %(rule)s."),
    "rule.adopt_set": _("%(who)s adopted %(n)s rules by one signature."),
    "rule.raise_signed": _("%(who)s signed first to raise a highest dose (%(rule)s, version %(version)s)."),
    "rule.raised": _("%(who)s signed second and raised a highest dose (%(rule)s, version %(version)s)."),
    "rule.retire": _("%(who)s retired a rule (%(rule)s)."),
    "clinic.made": _("%(who)s set up the clinic."),
    "demo.made": _("%(who)s invented the demo clinic."),
}


def sentence(action: str, *, who: str, patient: str, detail: Mapping[str, Any]) -> str:
    """The row in words. An action without an entry is said plainly, by its code."""
    said = SENTENCES.get(action)
    if said is None:
        return f"{who}: {action}"
    role = detail.get("role", "")
    words = {
        **{name: word(action, name, each) for name, each in detail.items() if isinstance(each, str | int | float)},
        "role": str(roles()[role].label) if role in roles() else str(role),
        "who": who or gettext("Somebody"),
        "patient": patient or gettext("a patient"),
    }
    return str(said) % _Filled(words)


class _Filled(dict[str, Any]):
    """A word that an older row does not carry is a dash, not an error."""

    def __missing__(self, key: str) -> str:
        return "–"
