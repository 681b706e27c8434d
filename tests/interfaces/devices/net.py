"""A listener on a real socket, a store in memory, and a monitor that waits for its answers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from sojourn.interfaces.devices.framing import Deframer, Frame, frame
from sojourn.interfaces.devices.listener import Limits, Listener, MessageOutcome, Received, serve
from sojourn.interfaces.devices.results import Fault

ZONE = ZoneInfo("America/Denver")


class MemoryStore:
    """Keeps what a real store keeps: bytes once, and the first outcome for every resend."""

    def __init__(self) -> None:
        self.kept: dict[bytes, MessageOutcome] = {}
        self.batches: list[list[Received]] = []
        self.fail = 0  # so many calls to come raise
        self.poison = b""  # a batch with these bytes raises
        self.gate = asyncio.Event()
        self.gate.set()

    async def store(self, batch: Sequence[Received]) -> Sequence[MessageOutcome]:
        await self.gate.wait()
        if self.fail:
            self.fail -= 1
            raise ConnectionError("the database is down")
        if self.poison and any(self.poison in r.raw for r in batch):
            raise ValueError("cannot bear it")
        self.batches.append(list(batch))
        outcomes = []
        for received in batch:
            if received.raw not in self.kept:
                parsed, number = received.parsed, len(self.kept) + 1
                self.kept[received.raw] = (
                    MessageOutcome(parsed.ack_code, parsed.reason, number)
                    if isinstance(parsed, Fault)
                    else MessageOutcome("AA", "", number)
                )
            outcomes.append(self.kept[received.raw])
        return outcomes


@asynccontextmanager
async def listening(store: MemoryStore, limits: Limits | None = None) -> AsyncIterator[tuple[int, Listener]]:
    stop, opened = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            store,
            "127.0.0.1",
            0,
            lambda peer: ZONE,
            stop,
            limits=limits or Limits(backoff_s=0.001, idle_s=0.2),
            ready=lambda port, listener: opened.set_result((port, listener)),
        )
    )
    try:
        yield await opened
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


class Monitor:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.deframer = Deframer()
        self.waiting: list[bytes] = []

    async def answer(self, timeout: float = 5) -> bytes:
        async with asyncio.timeout(timeout):
            while not self.waiting:
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError
                self.waiting += [u.body for u in self.deframer.feed(data) if isinstance(u, Frame)]
        return self.waiting.pop(0)

    async def code(self, timeout: float = 5) -> str:
        """The next answer as "AA 42"."""
        body = await self.answer(timeout)
        msa = body.split(b"\r")[1].split(body[3:4])
        return b" ".join(msa[1:3]).decode("latin-1").strip()

    async def send(self, body: bytes) -> str:
        self.writer.write(frame(body))
        return await self.code()


@asynccontextmanager
async def monitor(port: int) -> AsyncIterator[Monitor]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Monitor(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
