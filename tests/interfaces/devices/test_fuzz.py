"""Malformed HL7 in every way that hypothesis can invent: always an answer or a kept fault, never an exception.

SOJOURN_FUZZ_CASES raises the number of cases (the reader gets so many, the socket a twenty-fifth of it).
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sojourn.interfaces.devices.ack import answer
from sojourn.interfaces.devices.dialects import VITALS
from sojourn.interfaces.devices.framing import Deframer, Frame, frame
from sojourn.interfaces.devices.listener import Limits
from sojourn.interfaces.devices.message import read
from sojourn.interfaces.devices.results import Fault, ParsedMessage

from .net import MemoryStore, listening, monitor
from .samples import captured, hr, oru

CASES = int(os.environ.get("SOJOURN_FUZZ_CASES", "5000"))
SOCKET_CASES = max(CASES // 25, 1)
NOW = datetime(2026, 9, 14, 15, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/Denver")
SEEDS = [*captured().values(), oru(hr("72"))]
WORDS = [
    b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\x00", b"\x0b", b"\x1c", b"\xff", b"\xef\xbb\xbf",
    b"\x1b$B",
    b"MSH|", b"OBX|", b"PID|||", b"\\X", b"\\X00\\", b"\\F", b'""', b"-100", b"1e999", b"9" * 40, b"00000000000000",
    b"20261301", b"+9999", b"\xd9\xa7", b"\xed\xa0\x80", b"8859/1",
    b"UNICODE UTF-16", b"KLINGON", b"ORU^R01", b"NA", b"SN",
]  # fmt: skip


def flip(data, draw):
    if not data:
        return data
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]


def cut(data, draw):
    a, b = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
    return draw(st.sampled_from([data[:a], data[a:], data[:a] + data[b:], data[a:b]]))


def insert(data, draw):
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=12))) + data[at:]


def repeat(data, draw):
    a, b = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
    return data[:b] + data[a:b] * draw(st.integers(1, 3)) + data[b:]


def shuffle(data, draw):
    return b"\r".join(draw(st.permutations(data.split(b"\r")[:40])))


def separators(data, draw):
    old = draw(st.sampled_from([b"|", b"^", b"~", b"\\", b"&", b"\r"]))
    return data.replace(old, draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=2))))


def replace_field(data, draw):
    fields = data.split(b"|")
    at = draw(st.integers(0, len(fields) - 1))
    fields[at] = draw(
        st.one_of(
            st.sampled_from(WORDS),
            st.binary(max_size=20),
            st.text(max_size=8).map(lambda t: t.encode("utf-8", "replace")),
        )
    )
    return b"|".join(fields)


def huge_field(data, draw):
    at = draw(st.integers(0, len(data)))
    return (
        data[:at]
        + draw(st.sampled_from([b"x", b"|", b"^", b"9", b"\\", b"&~", b"\r"])) * draw(st.integers(500, 6000))
        + data[at:]
    )


def recode(data, draw):
    codec = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "latin-1"]))
    return data.decode("latin-1").encode(codec, "replace")


def splice(data, draw):
    return data + draw(st.sampled_from(SEEDS))


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


@st.composite
def bent(draw):
    data = draw(st.sampled_from(SEEDS))
    for mutate in draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=6)):
        data = mutate(data, draw)[:30_000]
    return data


bytes_from_nowhere = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda b: b"MSH|^~\\&|" + b),
    st.text(max_size=100).map(lambda t: ("MSH|^~\\&|||||||ORU^R01|1|P|2.5\rOBX|" + t).encode("utf-8", "replace")),
)


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
    # every row of the message left a trace
    rows = len(message.readings) + len(message.not_measured) + message.structure_rows
    rows += sum(u.count for u in message.unmapped)
    assert rows or "no_observations:" in message.warnings


@pytest.mark.slow
def test_the_reader_bears_everything(capsys):
    cases = {"read": 0, "fault": 0}

    @settings(
        max_examples=CASES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.one_of(bent(), bent(), bent(), bytes_from_nowhere))
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
        assert reply.startswith(b"MSH")
        assert read(raw, ZONE) == result  # no state but caches

    bears()
    with capsys.disabled():
        sys.stdout.write(
            f"\nfuzz: {sum(cases.values())} messages to the reader ({cases['read']} read, {cases['fault']} faults)\n"
        )
    assert sum(cases.values()) >= CASES * 0.9
    assert min(cases.values()) > CASES / 20  # both ways out were really tried


@pytest.mark.slow
def test_the_listener_bears_everything(capsys):
    """Bent bytes in bent frames in bent pieces over a real socket; after each the listener answers a sound message."""
    cases = {"streams": 0}
    good = frame(oru(hr("72")))
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
                    line.writer.write(good)
                    assert (await line.code()).startswith("AA")
                assert listener.counters.reader_failures == 0
                assert listener.counters.store_failures == 0
            expected = Deframer(limit=20_000)
            units = expected.feed(stream) + expected.give_up()
            kept = {r.raw for batch in store.batches for r in batch}
            if len([u for u in units if not isinstance(u, Frame)]) < limits.faults_each:
                assert kept >= {u.body for u in units}  # every unit, sound or not, was kept

        @settings(
            max_examples=SOCKET_CASES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(
            st.lists(
                st.one_of(
                    bent().map(frame), bent(), bytes_from_nowhere, st.sampled_from([b"\x0b", b"\x1c", b"\r", good])
                ),
                min_size=1,
                max_size=4,
            ).map(b"".join),
            st.lists(st.integers(0, 3000), max_size=6),
        )
        def bears(stream, cuts):
            cases["streams"] += 1
            runner.run(one(stream, cuts))

        bears()
    with capsys.disabled():
        sys.stdout.write(f"\nfuzz: {cases['streams']} streams over the socket\n")
    assert cases["streams"] >= SOCKET_CASES * 0.9
