"""A carrier that carries nothing: every text message becomes a file. For trying the house out, and for its tests.

``SOJOURN_SMS_CARRIER=sojourn.foundation.mail.sms_file.FileCarrier``; the files lie under SOJOURN_HOME/sms, or under the
setting SMS_FOLDER.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from django.conf import settings

from sojourn.foundation.mail.sms import Receipt, refuse_what_nobody_carries


class FileCarrier:
    def send(self, to: str, text: str, key: str) -> Receipt:
        """Write one message; the same ``key`` again writes nothing. Raises Rejected."""
        refuse_what_nobody_carries(to, text)
        folder = Path(getattr(settings, "SMS_FOLDER", settings.ENV.home / "sms"))
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()
        path = folder / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps({"to": to, "text": text, "key": key}, ensure_ascii=False), encoding="utf-8")
        return Receipt(f"file-{name}")
