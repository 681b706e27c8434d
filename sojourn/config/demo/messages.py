"""Messages between patients and the clinic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sojourn.care.messaging import actions as messaging_actions
from sojourn.care.messaging.models import Communication
from sojourn.config.demo import tales
from sojourn.config.demo.walk import Walk

THREADS: Final[tuple[tuple[tales.Words, tales.Words | None], ...]] = (
    (("May I take my morning tablets on the day of the session?", "¿Puedo tomar mis pastillas el día de la sesión?"),
     ("Yes, with a sip of water, as always. Bring the list with you.",
      "Sí, con un sorbo de agua, como siempre. Traiga la lista.")),
    (("My wife asks how long she needs to stay with me afterwards.",
      "Mi pareja pregunta cuánto tiempo debe quedarse conmigo después."),
     ("Until you go to bed that evening. No driving until the next morning.",
      "Hasta que se acueste esa noche. No conduzca hasta la mañana siguiente.")),
    (("Thank you for last Tuesday. I slept eight hours.", "Gracias por lo del martes. Dormí ocho horas."),
     ("That is good to read. See you on your next day.", "Qué bueno leerlo. Nos vemos el próximo día.")),
)  # fmt: skip


UNANSWERED: Final[tales.Words] = (
    "I have a cold since yesterday, with a cough. Should I still come?",
    "Tengo un resfriado desde ayer, con tos. ¿Vengo igual?",
)


def write_messages(walk: Walk, at: datetime, *, waits: bool = False) -> None:
    """One exchange; or, with ``waits``, a message that nobody has answered yet."""
    question, answer = (UNANSWERED, None) if waits else THREADS[walk.number % len(THREADS)]
    key = UUID(int=walk.own.getrandbits(128))
    row: Communication = messaging_actions.write(
        by=walk.speaker, patient_id=walk.patient.pk, body=walk.tale.say(question), key=key, now=at
    )
    if answer is not None:
        messaging_actions.write(
            by=walk.nurse, patient_id=walk.patient.pk, body=walk.tale.say(answer), key=UUID(int=key.int ^ 1),
            seen=row.pk, now=at + timedelta(minutes=55),
        )  # fmt: skip
        messaging_actions.mark_read(
            by=walk.speaker, patient_id=walk.patient.pk, upto=row.pk, now=at + timedelta(hours=3)
        )
