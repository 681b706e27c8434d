"""The MLLP listener: many monitors, one writer, and no AA before the store has committed.

Messages that arrive together are stored together (group commit): while one batch is being stored, the next one
gathers. Answers leave each connection in the order of its messages. When the store fails, its messages are
answered AE after bounded retries, the connections stay open, and the next batch is the next try.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Final, Protocol

from . import ack, query
from .batch import messages_of
from .framing import Broken, Deframer, Frame, frame
from .message import read
from .results import AckCode, Answered, Fault, ParsedMessage, Query

log = logging.getLogger(__name__)

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 2575


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came, or the bytes that were none (then `parsed` is a Fault)."""

    raw: bytes
    received_at: datetime
    peer: str  # "address:port"
    parsed: ParsedMessage | Fault
    clinic_id: int | None = None  # whose port it came in by


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    ack: AckCode
    reason: str
    message_id: int | None
    patients: tuple[Answered, ...] | None = None  # to a Query from a line that may ask; None where it may not


NOT_STORED: Final = MessageOutcome("AE", "Not stored; please send again.", None)


class Store(Protocol):
    async def store(self, batch: Sequence[Received]) -> Sequence[MessageOutcome]:
        """Keep the batch durably; one outcome for each, in order. Returns only after commit; raises if it cannot.

        The same bytes again get the outcome that they got the first time.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener bears. The numbers are engineering, not medicine."""

    body_bytes: int = 1 << 20
    kept_bytes: int = 1 << 16  # of bytes that are no message
    idle_s: float = 30.0  # an unfinished message older than this is a fault
    unproven_s: float = 60.0  # a line that has never sent a message ends after so long
    batch: int = 500
    waiting: int = 4_000  # messages not yet stored, all connections; above it, reading pauses
    waiting_each: int = 64  # the same for one connection
    faults_each: int = 100  # framing faults without a good message between, then the connection is closed
    unsent_bytes: int = 1 << 16  # answers that a slow reader has not taken
    store_timeout_s: float = 10.0
    retries: int = 3
    backoff_s: float = 0.1  # doubled at each retry
    connections: int = 5_000


@dataclass(slots=True)
class Counters:
    """For /healthz and for the technician."""

    connections: int = 0
    connections_ever: int = 0
    received: int = 0
    faults: int = 0
    accepted: int = 0  # AA
    errors: int = 0  # AE
    rejected: int = 0  # AR
    batches: int = 0
    largest_batch: int = 0
    store_failures: int = 0
    reader_failures: int = 0
    waiting: int = 0
    paused: bool = False
    last_received_at: datetime | None = None
    last_stored_at: datetime | None = None
    unmapped: dict[str, int] = field(default_factory=dict)  # "system code" -> how often

    def as_dict(self) -> dict[str, object]:
        names = [n for n in self.__slots__ if n != "unmapped"]
        values: dict[str, object] = {n: getattr(self, n) for n in names}
        for name in ("last_received_at", "last_stored_at"):
            at = values[name]
            values[name] = at.isoformat() if isinstance(at, datetime) else None
        values["unmapped"] = dict(self.unmapped)
        return values


class _Turn:
    """One message's place in its connection's order of answers."""

    __slots__ = ("answer", "connection", "done", "received", "wants_answer")

    def __init__(self, connection: _Connection, received: Received, *, wants_answer: bool) -> None:
        self.connection = connection
        self.received = received
        self.wants_answer = wants_answer
        self.answer = b""
        self.done = False


class Listener:
    """Takes messages from connections, hands them to the store in batches, sends the answers."""

    def __init__(
        self,
        store: Store,
        zone_for: Callable[[int | None], tzinfo],
        *,
        limits: Limits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self.zone_for = zone_for
        self.limits = limits or Limits()
        self.now = now
        self.counters = Counters()
        self.connections: set[_Connection] = set()
        self.ports: list[int] = []
        self._queue: deque[_Turn] = deque()
        self._arrived = asyncio.Event()
        self.stopping = False

    def connect(self, clinic_id: int | None = None) -> _Connection:
        """A line that came in by a port of this clinic, or of no clinic."""
        return _Connection(self, clinic_id)

    def take(self, turn: _Turn) -> None:
        counters = self.counters
        counters.received += 1
        counters.last_received_at = turn.received.received_at
        parsed = turn.received.parsed
        if isinstance(parsed, Fault):
            counters.faults += 1
        elif parsed.unmapped:
            for item in parsed.unmapped:
                name = f"{item.system} {item.code}"
                if name in counters.unmapped or len(counters.unmapped) < 1_000:
                    counters.unmapped[name] = counters.unmapped.get(name, 0) + item.count
        self._queue.append(turn)
        counters.waiting += 1
        self._arrived.set()
        if counters.waiting >= self.limits.waiting and not counters.paused:
            counters.paused = True
            for connection in self.connections:
                connection.balance()

    def parse(self, raw: bytes, peer: str, clinic_id: int | None = None) -> ParsedMessage | Fault:
        try:
            return read(raw, self.zone_for(clinic_id))
        except Exception:  # our own mistake must cost neither the bytes nor the other monitors
            log.exception("The reader failed on a message from %s", peer)
            self.counters.reader_failures += 1
            return Fault("reader_failed", "Our reader failed; the message was kept.", "AE")

    async def write(self) -> None:
        """The one writer: stores what has gathered, answers it, until told to stop and nothing waits."""
        while True:
            if not self._queue:
                if self.stopping:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self.limits.batch))]
            outcomes = await self._keep([turn.received for turn in batch])
            self._answer(batch, outcomes)

    def stop(self) -> None:
        """Read no more; the writer ends when what was received is stored and answered."""
        self.stopping = True
        self._arrived.set()
        for connection in self.connections:
            connection.balance()

    async def _keep(self, batch: list[Received]) -> list[MessageOutcome]:
        self.counters.batches += 1
        self.counters.largest_batch = max(self.counters.largest_batch, len(batch))
        for attempt in range(self.limits.retries + 1):
            outcomes = await self._once(batch)
            if outcomes is not None:
                return outcomes
            if attempt < self.limits.retries and not self.stopping:
                await asyncio.sleep(self.limits.backoff_s * 2**attempt)
        # One message may be what the store cannot bear: try them singly, but not long if nothing works.
        result: list[MessageOutcome] = []
        failed = 0
        for received in batch:
            single = await self._once([received]) if len(batch) > 1 and failed < 3 else None
            failed = 0 if single else failed + 1
            result += single or [NOT_STORED]
        return result

    async def _once(self, batch: list[Received]) -> list[MessageOutcome] | None:
        try:
            async with asyncio.timeout(self.limits.store_timeout_s):
                outcomes = list(await self.store.store(batch))
            if len(outcomes) != len(batch):
                raise RuntimeError(f"The store gave {len(outcomes)} outcomes for {len(batch)} messages")
        except Exception:  # whatever it is: what is not surely stored is not acknowledged
            self.counters.store_failures += 1
            log.warning("The store failed on %d messages", len(batch), exc_info=True)
            return None
        self.counters.last_stored_at = self.now()
        return outcomes

    def _answer(self, batch: list[_Turn], outcomes: list[MessageOutcome]) -> None:
        counters = self.counters
        now = self.now()
        touched: dict[_Connection, None] = {}
        for turn, outcome in zip(batch, outcomes, strict=True):
            if outcome.ack == "AA":
                counters.accepted += 1
            elif outcome.ack == "AE":
                counters.errors += 1
            else:
                counters.rejected += 1
            if turn.wants_answer:
                turn.answer = b"".join(map(frame, _bodies(turn.received, outcome, now)))
            turn.done = True
            touched[turn.connection] = None
        counters.waiting -= len(batch)
        for connection in touched:
            connection.flush()
        if counters.paused and counters.waiting <= self.limits.waiting // 2:
            counters.paused = False
            for connection in self.connections:
                connection.balance()

    async def sweep(self, every_s: float) -> None:
        """Unfinished messages of silent senders become faults; lines that never sent a message end."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every_s)
            oldest, unproven = loop.time() - self.limits.idle_s, loop.time() - self.limits.unproven_s
            for connection in list(self.connections):
                if not connection.proven and connection.made_at < unproven:
                    connection.hang_up()
                    continue
                if connection.last_data < oldest and connection.deframer.waiting:
                    connection.take(connection.deframer.give_up())


def _bodies(received: Received, outcome: MessageOutcome, now: datetime) -> list[bytes]:
    """What its sender is told: acknowledgements as it wants them, or the patients that it may ask for."""
    raw, parsed = received.raw, received.parsed
    if isinstance(parsed, Query) and outcome.patients is not None:
        return [query.reply(raw, parsed, outcome.patients, now=now)]
    kind = parsed.kind if isinstance(parsed, Fault) else ""
    return ack.answers(raw, outcome.ack, outcome.reason, now=now, kind=kind, stored=outcome is not NOT_STORED)


class _Connection(asyncio.Protocol):
    """One monitor's line."""

    def __init__(self, listener: Listener, clinic_id: int | None = None) -> None:
        self.listener = listener
        self.clinic_id = clinic_id
        self.proven = False  # whether it ever sent a message that could be read
        self.made_at = 0.0
        self.deframer = Deframer(limit=listener.limits.body_bytes, keep=listener.limits.kept_bytes)
        self.turns: deque[_Turn] = deque()
        self.peer = ""
        self.last_data = 0.0
        self.faults = 0
        self.transport: asyncio.Transport | None = None
        self._slow = False
        self._reading = True
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        line = transport.get_extra_info("socket")
        if line is not None:  # a monitor that was switched off says no farewell: its line must not stay for ever
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        peer = transport.get_extra_info("peername")
        self.peer = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "local"
        counters = self.listener.counters
        if len(self.listener.connections) >= self.listener.limits.connections:
            log.warning("Too many connections; %s was turned away", self.peer)
            transport.abort()
            return
        counters.connections += 1
        counters.connections_ever += 1
        self.listener.connections.add(self)
        self.last_data = self.made_at = asyncio.get_running_loop().time()
        transport.set_write_buffer_limits(high=self.listener.limits.unsent_bytes)
        self.balance()

    def data_received(self, data: bytes) -> None:
        self.last_data = asyncio.get_running_loop().time()
        self.take(self.deframer.feed(data))

    def eof_received(self) -> bool:
        self.take(self.deframer.give_up())
        self._ended = True
        return bool(self.turns)  # answers that are still due go out first; flush closes after the last

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.listener.connections:
            self.listener.connections.discard(self)
            self.listener.counters.connections -= 1
            self.take(self.deframer.give_up())
        self.transport = None

    def take(self, units: list[Frame | Broken]) -> None:
        listener, now = self.listener, self.listener.now()
        for unit in units:
            if isinstance(unit, Frame):
                self.faults = 0
                for body in messages_of(unit.body) or [unit.body]:
                    parsed = listener.parse(body, self.peer, self.clinic_id)
                    self.proven = self.proven or not isinstance(parsed, Fault)
                    self.turn(Received(body, now, self.peer, parsed, self.clinic_id), wants_answer=True)
                continue
            self.faults += 1
            if self.faults > listener.limits.faults_each:
                self.hang_up()
                return
            # what has no end may be whole at the second try; what is no message will not
            fault = Fault(unit.kind, unit.reason, "AE" if unit.kind == "truncated" else "AR")
            self.turn(Received(unit.body, now, self.peer, fault, self.clinic_id), wants_answer=unit.answer)
        if self.deframer.dropped > 4 * listener.limits.body_bytes:
            self.hang_up()
            return
        self.balance()

    def turn(self, received: Received, *, wants_answer: bool) -> None:
        turn = _Turn(self, received, wants_answer=wants_answer)
        self.turns.append(turn)
        self.listener.take(turn)

    def flush(self) -> None:
        """Send the answers that are next in order."""
        turns, ready = self.turns, []
        while turns and turns[0].done:
            ready.append(turns.popleft().answer)
        transport = self.transport
        if transport is not None:
            if ready and not transport.is_closing():
                transport.write(b"".join(ready))
            if self._ended and not turns:
                transport.close()
            self.balance()

    def balance(self) -> None:
        """Read only while there is room: in the queue, in this line's own turns, at the reader of our answers."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        room = (
            not (self._slow or self._ended or self.listener.stopping or self.listener.counters.paused)
            and len(self.turns) < self.listener.limits.waiting_each
        )
        if room and not self._reading:
            transport.resume_reading()
        elif not room and self._reading:
            transport.pause_reading()
        self._reading = room

    def pause_writing(self) -> None:
        self._slow = True
        self.balance()

    def resume_writing(self) -> None:
        self._slow = False
        self.balance()

    def hang_up(self) -> None:
        """End a line on which no HL7 comes."""
        log.warning("%s sends no HL7; its connection was closed", self.peer)
        if self.transport is not None:
            self.transport.close()


async def serve(
    store: Store,
    host: str,
    ports: int | Sequence[tuple[int, int | None]],
    zone_for: Callable[[int | None], tzinfo],
    stop_event: asyncio.Event,
    *,
    limits: Limits | None = None,
    ready: Callable[[int, Listener], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Listen until `stop_event` on one port, or on several, each with the clinic that it belongs to (or None).
    `zone_for(clinic_id)` gives the zone of times that name none.

    `ready(port, listener)` is called when the port is open; the listener's counters are for /healthz. On the way
    out, what was received is still stored and answered.
    """
    listener = Listener(store, zone_for, limits=limits, now=now)
    loop = asyncio.get_running_loop()
    # TLS with client certificates will be an `ssl` of create_server: a line is then known by its certificate as well.
    wanted = [(ports, None)] if isinstance(ports, int) else ports
    servers = [
        await loop.create_server(partial(listener.connect, clinic_id), host, port, backlog=1024, reuse_port=True)
        for port, clinic_id in wanted
    ]
    listener.ports = [each.sockets[0].getsockname()[1] for each in servers]
    if ready is not None:
        ready(servers[0].sockets[0].getsockname()[1], listener)
    writer = asyncio.create_task(listener.write(), name="mllp-writer")
    sweeper = asyncio.create_task(listener.sweep(min(1.0, listener.limits.idle_s / 4)), name="mllp-sweeper")
    stopping = asyncio.create_task(stop_event.wait())
    try:
        done, _ = await asyncio.wait({writer, sweeper, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()  # neither may end by itself: let the supervisor see why
    finally:
        for server in servers:
            server.close()
        sweeper.cancel()
        stopping.cancel()
        listener.stop()
        if not writer.done():
            await writer
        await _hang_up(listener)
        await asyncio.gather(sweeper, stopping, return_exceptions=True)
        for server in servers:
            await server.wait_closed()


def address() -> tuple[str, int]:
    """Where to listen: SOJOURN_MLLP_HOST and SOJOURN_MLLP_PORT, else this machine only, port 2575."""
    host = os.environ.get("SOJOURN_MLLP_HOST") or DEFAULT_HOST
    return host, int(os.environ.get("SOJOURN_MLLP_PORT") or DEFAULT_PORT)


async def _hang_up(listener: Listener) -> None:
    """Close every line, after a second in which slow readers take their last answers."""
    for connection in list(listener.connections):
        if connection.transport is not None:
            connection.transport.close()
    for _ in range(20):
        if listener.connections:
            await asyncio.sleep(0.05)
    for connection in list(listener.connections):
        if connection.transport is not None:
            connection.transport.abort()
    await asyncio.sleep(0)
