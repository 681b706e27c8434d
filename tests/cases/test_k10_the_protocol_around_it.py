"""K10: the protocol around the values: which answers a sender wants, batches, broken frames, what it can match."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from sojourn.interfaces.devices.framing import frame
from sojourn.interfaces.devices.listener import Limits
from tests.interfaces.devices.net import MemoryStore, Monitor, listening, monitor

HEAD = r"MSH|^~\&|MON|WARD|||20260914093005||ORU^R01^ORU_R01|{}|P|{}|||{}|{}"
ROW = "OBX|1|NM|{}||{}|{}|||||F"


def message(
    number: str = "7", *, accept: str = "", application: str = "", version: str = "2.6",
    row: str = ROW.format("8867-4^Heart rate^LN", 72, "/min"),
) -> bytes:  # fmt: skip
    return "\r".join([HEAD.format(number, version, accept, application), "PV1||I|^^B1", row, ""]).encode()


def spoken(talk: Callable[[Monitor, MemoryStore], Awaitable[None]], limits: Limits | None = None) -> None:
    """A monitor's talk with the listener over a socket."""

    async def session() -> None:
        store = MemoryStore()
        async with listening(store, limits) as (port, _), monitor(port) as line:
            await talk(line, store)

    with ThreadPoolExecutor(1) as thread:  # a browser of other cases may have a loop of its own in this one
        thread.submit(asyncio.run, asyncio.wait_for(session(), 30)).result()


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [
        ("", "", ["AA 7"]),
        ("AL", "NE", ["CA 7"]),
        ("NE", "NE", []),
        ("NE", "AL", ["AA 7"]),
        ("AL", "AL", ["CA 7", "AA 7"]),
        ("ER", "AL", ["AA 7"]),
        ("SU", "NE", ["CA 7"]),
        ("ER", "ER", []),
    ],
)
def test_a_sender_gets_the_answers_that_it_asks_for(accept: str, application: str, expected: list[str]):
    async def talk(line: Monitor, store: MemoryStore) -> None:
        line.writer.write(frame(message(accept=accept, application=application)) + frame(message("8")))
        assert [await line.code() for _ in range(len(expected) + 1)] == [*expected, "AA 8"]
        assert len(store.kept) == 2  # what is wanted of an answer changes nothing of what is kept

    spoken(talk)


def test_a_pause_inside_a_frame_loses_nothing_and_a_longer_one_is_answered():
    async def paused(line: Monitor, store: MemoryStore) -> None:
        whole = frame(message())
        line.writer.write(whole[:50])
        await line.writer.drain()
        await asyncio.sleep(0.2)
        line.writer.write(whole[50:])
        assert await line.code() == "AA 7"

    async def broken(line: Monitor, store: MemoryStore) -> None:
        line.writer.write(frame(message())[:-20])
        assert await line.code() == "AE 7"  # sent again, it is taken
        assert await line.send(message()) == "AA 7"

    spoken(paused, Limits(idle_s=2))
    spoken(broken, Limits(idle_s=0.1))
    assert Limits().idle_s > 6.5


def test_a_batch_is_taken_and_answered_message_by_message():
    async def talk(line: Monitor, store: MemoryStore) -> None:
        line.writer.write(frame(b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + message("1") + message("2") + b"BTS|2\rFTS|1\r"))
        assert [await line.code(), await line.code()] == ["AA 1", "AA 2"]
        assert await line.send(b"BHS|^~\\&|A|B|||||||B-7|\rBTS|0\r") == "AR B-7"

    spoken(talk)


def test_a_message_without_a_number_is_answered_in_words():
    async def talk(line: Monitor, store: MemoryStore) -> None:
        line.writer.write(frame(message("")))
        assert b"MSA|AA||MSH-10 is empty; this answers the message of MSH-7 20260914093005" in await line.answer()

    spoken(talk)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_two_byte_characters_are_answered_so_that_the_sender_reads_it(codec: str):
    async def talk(line: Monitor, store: MemoryStore) -> None:
        line.writer.write(frame(message().decode().encode(codec)))
        assert "\rMSA|AA|7\r" in (await line.answer()).decode(codec)

    spoken(talk)


def test_a_question_for_the_patient_is_answered_to_no_line_that_is_not_bound():
    async def talk(line: Monitor, store: MemoryStore) -> None:
        query = b"MSH|^~\\&|MON|W|||20260914||QRY^A19|12|P|2.4\rQRD|20260914|R|I|Q1|||1^RD|CA-7|DEM\r"
        line.writer.write(frame(query))
        answer = await line.answer()
        assert b"MSA|AR|12|This line may not ask for patients" in answer
        assert b"\rPID" not in answer

    spoken(talk)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        *((c, u) for c in ("8867-4^^LN",) for u in ("beats per minute", "b/min", "min-1", "per min", "BPM", "1/min")),
        *((c, u) for c in ("9279-1^^LN",) for u in ("br/min", "resp per minute", "breaths/min", "rpm")),
        *((c, u) for c in ("59408-5^^LN",) for u in ("% O2", "pct", "percent")),
        *((c, u) for c in ("8480-6^^LN",) for u in ("hPa", "mm Hg", "MMHG", "mm(Hg)", "KPA")),
        *((c, u) for c in ("8310-5^^LN",) for u in ("ºC", "°C", "deg C", "degF", "℃")),
    ],
)
def test_common_unit_words_are_understood(code: str, unit: str):
    async def talk(line: Monitor, store: MemoryStore) -> None:
        assert await line.send(message(row=ROW.format(code, 36, unit))) == "AA 7"
        ((received,),) = store.batches
        assert len(received.parsed.readings) == 1  # type: ignore[union-attr]

    spoken(talk)
