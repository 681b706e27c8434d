"""The demo's post box: an SMTP server that keeps every e-mail under SOJOURN_HOME/outbox and sends none."""

from __future__ import annotations

import asyncio
import email
import email.policy
import signal
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sojourn.config.environment import environment


def folder() -> Path:
    return environment().home / "outbox"


class _Keeper:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{time.time_ns()}.eml").write_bytes(envelope.content)
        return "250 kept"


def run() -> None:
    """Take mail until told to stop."""
    from aiosmtpd.smtp import SMTP

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(_Keeper()), "127.0.0.1", environment().mail_port)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await stop.wait()
        server.close()

    asyncio.run(serve())


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    date: str
    text: str
    links: tuple[str, ...]


def letters(limit: int = 50) -> list[Letter]:
    """The newest e-mails in the post box."""
    found = []
    for path in sorted(folder().glob("*.eml"), reverse=True)[:limit]:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        links = tuple(word.rstrip(".,") for word in text.split() if word.startswith(("http://", "https://")))
        found.append(Letter(str(message["To"]), str(message["Subject"]), str(message["Date"] or ""), text, links))
    return found
