"""Malformed HL7 in every way that hypothesis can invent: always an answer or a kept fault, never an exception.

SOJOURN_FUZZ_CASES raises the number of cases (the reader gets so many, the socket a twenty-fifth of it). Hypothesis
draws what a message is bent by as one number, and says it where one fails, with the bytes; a draw for each single
change took twenty times as long as the reading that it tried.
"""

import asyncio
import random
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from sojourn.interfaces.devices.ack import answer, answers
from sojourn.interfaces.devices.batch import messages_of
from sojourn.interfaces.devices.dialects import VITALS
from sojourn.interfaces.devices.framing import Deframer, Frame, frame
from sojourn.interfaces.devices.listener import Limits
from sojourn.interfaces.devices.message import read
from sojourn.interfaces.devices.quality import DOUBTS
from sojourn.interfaces.devices.results import Fault, ParsedMessage
from tests.environment import RunSettings

from .net import MemoryStore, listening, monitor
from .samples import captured, hr, oru

CASES = RunSettings.read().fuzz_cases
SOCKET_CASES = max(CASES // 25, 1)
NOW = datetime(2026, 9, 14, 15, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/Denver")
SEEDS = [*captured().values(), oru(hr("72"))]
GOOD = frame(oru(hr("72")))
WORDS = [
    b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\x00", b"\x0b", b"\x1c", b"\xff", b"\xef\xbb\xbf",
    b"\x1b$B",
    b"MSH|", b"OBX|", b"PID|||", b"FHS|^~\\&|\r", b"BHS|^~\\&|\r", b"BTS|1\r",
    b"\\X", b"\\X00\\", b"\\F", b'""', b"-100", b"1e999", b"9" * 40, b"00000000000000",
    b"20261301", b"+9999", b"\xd9\xa7", b"\xed\xa0\x80", b"8859/1",
    b"UNICODE UTF-16", b"KLINGON", b"ORU^R01", b"NA", b"SN",
]  # fmt: skip


class Chance(random.Random):
    """Draws that like the borders: both ends of a range, nothing at all, the strange corners of Unicode."""

    def within(self, low: int, high: int) -> int:
        return self.choice((low, high)) if self.random() < 0.1 else self.randint(low, high)

    def some_bytes(self, most: int) -> bytes:
        size = self.within(0, self.choice((most, min(most, 4))))
        return (
            bytes(self.choice(b"|^~\\&\r\n\x00\x0b\x1c09AZ\x7f\x80\xff") for _ in range(size))
            if self.random() < 0.3
            else self.randbytes(size)
        )

    def some_text(self, most: int) -> str:
        spans = ((0, 0x1F), (0x20, 0x7E), (0x20, 0x7E), (0x7F, 0x2FF), (0x300, 0xD7FF), (0xD800, 0xDFFF),
                 (0xE000, 0xFFFF), (0x10000, 0x10FFFF))  # fmt: skip
        return "".join(chr(self.within(*self.choice(spans))) for _ in range(self.within(0, most)))

    def span(self, data: bytes) -> tuple[int, int]:
        one, other = self.within(0, len(data)), self.within(0, len(data))
        return min(one, other), max(one, other)


def flip(data, chance):
    if not data:
        return data
    at = chance.within(0, len(data) - 1)
    return data[:at] + bytes([chance.within(0, 255)]) + data[at + 1 :]


def cut(data, chance):
    a, b = chance.span(data)
    return chance.choice([data[:a], data[a:], data[:a] + data[b:], data[a:b]])


def insert(data, chance):
    at = chance.within(0, len(data))
    return data[:at] + chance.choice([chance.choice(WORDS), chance.some_bytes(12)]) + data[at:]


def repeat(data, chance):
    a, b = chance.span(data)
    return data[:b] + data[a:b] * chance.randint(1, 3) + data[b:]


def shuffle(data, chance):
    rows = data.split(b"\r")[:40]
    chance.shuffle(rows)
    return b"\r".join(rows)


def separators(data, chance):
    old = chance.choice([b"|", b"^", b"~", b"\\", b"&", b"\r"])
    return data.replace(old, chance.choice([chance.choice(WORDS), chance.some_bytes(2)]))


def replace_field(data, chance):
    fields = data.split(b"|")
    fields[chance.within(0, len(fields) - 1)] = chance.choice(
        [chance.choice(WORDS), chance.some_bytes(20), chance.some_text(8).encode("utf-8", "replace")]
    )
    return b"|".join(fields)


def huge_field(data, chance):
    at = chance.within(0, len(data))
    return (
        data[:at] + chance.choice([b"x", b"|", b"^", b"9", b"\\", b"&~", b"\r"]) * chance.within(500, 6000) + data[at:]
    )


def recode(data, chance):
    codec = chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "latin-1"])
    return data.decode("latin-1").encode(codec, "replace")


def splice(data, chance):
    return data + chance.choice(SEEDS)


MUTATIONS = [
    flip,
    flip,
    cut,
    insert,
    insert,
    repeat,
    shuffle,
    separators,
    replace_field,
    replace_field,
    huge_field,
    recode,
    splice,
]


def bent(chance):
    data = chance.choice(SEEDS)
    for mutate in chance.choices(MUTATIONS, k=chance.randint(1, 6)):
        data = mutate(data, chance)[:30_000]
    return data


def from_nowhere(chance):
    return chance.choice(
        [
            chance.some_bytes(200),
            b"MSH|^~\\&|" + chance.some_bytes(200),
            ("MSH|^~\\&|||||||ORU^R01|1|P|2.5\rOBX|" + chance.some_text(100)).encode("utf-8", "replace"),
        ]
    )


def pieces(chance):
    """A stream of frames, whole and broken, and where it is cut on its way."""
    stream = b"".join(
        chance.choice(
            [
                frame(bent(chance)),
                bent(chance),
                from_nowhere(chance),
                frame(b"BHS|^~\\&|\r" + bent(chance)),
                b"\x0b",
                b"\x1c",
                b"\r",
                GOOD,
            ]
        )
        for _ in range(chance.randint(1, 4))
    )
    return stream, [chance.within(0, 3000) for _ in range(chance.randint(0, 6))]


def _parts(unit):
    return messages_of(unit.body) if isinstance(unit, Frame) else []


chances = st.integers(0, 2**64 - 1).map(Chance)


def tries(cases):
    return settings(
        max_examples=cases, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        database=None,
    )  # fmt: skip


def sound(message: ParsedMessage) -> None:
    """What every result must be, whatever came in."""
    for reading in message.readings:
        assert reading.unit in VITALS[reading.code]
        assert abs(reading.value) < 1e16
        assert reading.measured_at is None or reading.measured_at.tzinfo is UTC
    texts = [message.control_id, message.bed, *message.device_keys, *message.patient_identifiers, *message.warnings]
    texts += [r.sub_id for r in message.readings] + [n.value for n in message.not_measured]
    texts += [part for u in message.unmapped for part in (u.code, u.name, u.system)]
    for text in texts:
        assert "\x00" not in text
        text.encode()  # a database takes no half characters
        assert len(text) <= 200
    for reading in message.readings:
        assert reading.doubt in ("", *DOUBTS)
        assert reading.identifier
    # every row of the message left a trace
    rows = len(message.readings) + len(message.not_measured) + len(message.withdrawn) + message.structure_rows
    rows += sum(u.count for u in message.unmapped)
    assert rows or "no_observations:" in message.warnings


@pytest.mark.slow
def test_the_reader_bears_everything(capsys):
    cases = {"read": 0, "fault": 0}

    def bears(raw):
        result = read(raw, ZONE)
        if isinstance(result, Fault):
            cases["fault"] += 1
            assert result.ack_code in ("AE", "AR")
            assert result.kind
            assert result.reason
            code = result.ack_code
        else:
            cases["read"] += 1
            sound(result)
            code = "AA"
        reply = answer(raw, code, "reason", now=NOW)
        assert reply.replace(b"\x00", b"").startswith(b"MSH")  # a sender of two-byte characters is answered in them
        for each in answers(raw, code, "reason", now=NOW):
            assert each.replace(b"\x00", b"").startswith(b"MSH")
        assert read(raw, ZONE) == result  # no state but caches

    @tries(CASES)
    @given(chances)
    def each(chance):
        raw = bent(chance) if chance.random() < 0.75 else from_nowhere(chance)
        note(f"the message: {raw!r}")
        bears(raw)

    each()
    with capsys.disabled():
        sys.stdout.write(
            f"\nfuzz: {sum(cases.values())} messages to the reader ({cases['read']} read, {cases['fault']} faults)\n"
        )
    assert sum(cases.values()) == CASES
    assert min(cases.values()) > CASES / 20  # both ways out were really tried


@pytest.mark.slow
def test_the_listener_bears_everything(capsys):
    """Bent bytes in bent frames in bent pieces over a real socket; after each the listener answers a sound message."""
    cases = {"streams": 0}
    with asyncio.Runner() as runner:

        async def one(stream: bytes, cuts: list[int]) -> None:
            store = MemoryStore()
            limits = Limits(idle_s=0.02, backoff_s=0.001, body_bytes=20_000)
            async with listening(store, limits) as (port, listener):
                async with monitor(port) as line:
                    last = 0
                    try:
                        for at in [*sorted(min(c, len(stream)) for c in cuts), len(stream)]:
                            line.writer.write(stream[last:at])
                            await line.writer.drain()
                            last = max(last, at)
                        line.writer.write_eof()
                        async with asyncio.timeout(5):
                            while await line.reader.read(65536):
                                pass
                    except ConnectionError:
                        pass  # a babbling line may be closed
                async with monitor(port) as line:
                    line.writer.write(GOOD)
                    assert (await line.code()).startswith("AA")
                assert listener.counters.reader_failures == 0
                assert listener.counters.store_failures == 0
            expected = Deframer(limit=20_000)
            units = expected.feed(stream) + expected.give_up()
            kept = {r.raw for batch in store.batches for r in batch}
            if len([u for u in units if not isinstance(u, Frame)]) < limits.faults_each:
                # every unit, sound or not, was kept; of a batch each of its messages
                assert kept >= {one for u in units for one in (_parts(u) or [u.body])}

        @tries(SOCKET_CASES)
        @given(chances)
        def each(chance):
            stream, cuts = pieces(chance)
            cases["streams"] += 1
            note(f"the stream: {stream!r}, cut at {cuts}")
            runner.run(one(stream, cuts))

        each()
    with capsys.disabled():
        sys.stdout.write(f"\nfuzz: {cases['streams']} streams over the socket\n")
    assert cases["streams"] == SOCKET_CASES
