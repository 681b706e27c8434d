"""The listener over a real socket: order, group commit, failure and recovery, slow readers, resends."""

import asyncio
import socket
import struct
from dataclasses import replace
from functools import wraps

import pytest

from sojourn.interfaces.devices.framing import frame
from sojourn.interfaces.devices.listener import Limits, MessageOutcome, address
from sojourn.interfaces.devices.results import Answered, Fault, ParsedMessage

from .net import MemoryStore, listening, monitor
from .samples import captured, hr, oru


def aio(test):
    @wraps(test)
    def run(*args, **kwargs):
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 30))

    return run


def numbered(n: int) -> bytes:
    return oru(hr("72"), msh=rf"MSH|^~\&|MON|WARD|||20260914093005||ORU^R01|{n}|P|2.5")


async def until(condition, timeout: float = 5) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("name", sorted(captured()))
@aio
async def test_each_monitor_gets_its_answer(name):
    raw, store = captured()[name], MemoryStore()
    async with listening(store) as (port, _), monitor(port) as line:
        assert (await line.send(raw)).startswith(("AA ", "CA "))  # as its MSH-15 and MSH-16 ask
    ((received,),) = store.batches
    assert received.raw == raw
    assert isinstance(received.parsed, ParsedMessage)
    assert received.peer.startswith("127.0.0.1:")
    assert received.received_at.tzinfo is not None


@aio
async def test_byte_by_byte():
    store = MemoryStore()
    async with listening(store) as (port, _), monitor(port) as line:
        for i in frame(numbered(1)):
            line.writer.write(bytes([i]))
            await line.writer.drain()
            await asyncio.sleep(0)
        assert await line.code() == "AA 1"


@aio
async def test_pipelined_messages_are_answered_in_order():
    store = MemoryStore()
    async with listening(store) as (port, listener), monitor(port) as line:
        bad = b"MSH|^~\\&|||||||ADT^A01|13|P|2.5"
        line.writer.write(b"".join(frame(bad if n == 13 else numbered(n)) for n in range(40)))
        got = [await line.code() for _ in range(40)]
        assert got == [f"{'AR' if n == 13 else 'AA'} {n}" for n in range(40)]
        counters = listener.counters
        assert (counters.received, counters.accepted, counters.rejected) == (40, 39, 1)
        assert counters.waiting == 0


@aio
async def test_messages_that_arrive_together_are_stored_together():
    store = MemoryStore()
    store.gate.clear()
    async with listening(store) as (port, listener), monitor(port) as a, monitor(port) as b, monitor(port) as c:
        for n, line in enumerate((a, b, c)):
            line.writer.write(frame(numbered(n)))
        await until(lambda: listener.counters.received == 3)
        store.gate.set()
        assert [await line.code() for line in (a, b, c)] == ["AA 0", "AA 1", "AA 2"]
    assert len(store.batches) <= 2
    assert max(len(b) for b in store.batches) >= 2


@aio
async def test_no_answer_before_commit():
    store = MemoryStore()
    store.gate.clear()
    async with listening(store) as (port, _), monitor(port) as line:
        line.writer.write(frame(numbered(1)))
        with pytest.raises(TimeoutError):
            await line.code(timeout=0.15)
        store.gate.set()
        assert await line.code() == "AA 1"


@aio
async def test_a_resend_gets_the_same_answer():
    store = MemoryStore()
    async with listening(store) as (port, _):
        async with monitor(port) as line:
            assert [await line.send(numbered(7)), await line.send(numbered(7))] == ["AA 7", "AA 7"]
            assert [await line.send(b"MSH|^~\\&|x|y")] * 2 == [await line.send(b"MSH|^~\\&|x|y")] * 2
        async with monitor(port) as line:
            assert await line.send(numbered(7)) == "AA 7"
    assert len(store.kept) == 2


@aio
async def test_a_store_that_fails_and_recovers():
    """A short failure is bridged by retries; a long one is answered AE; afterwards all is well again."""
    store = MemoryStore()
    async with listening(store) as (port, listener), monitor(port) as line:
        store.fail = 2
        assert await line.send(numbered(1)) == "AA 1"
        store.fail = 1000
        assert await line.send(numbered(2)) == "AE 2"
        store.fail = 0
        assert await line.send(numbered(2)) == "AA 2"
        assert listener.counters.store_failures >= 3
        assert listener.counters.errors == 1
    assert len(store.kept) == 2


@aio
async def test_one_message_that_cannot_be_stored_does_not_hold_up_the_rest():
    store = MemoryStore()
    store.poison = b"|13|P|"
    store.gate.clear()
    async with listening(store) as (port, listener), monitor(port) as line:
        line.writer.write(b"".join(frame(numbered(n)) for n in (11, 12, 13, 14)))
        await until(lambda: listener.counters.received == 4)
        store.gate.set()
        assert [await line.code() for _ in range(4)] == ["AA 11", "AA 12", "AE 13", "AA 14"]


@aio
async def test_a_store_with_too_few_outcomes_is_not_believed():
    class Short(MemoryStore):
        async def store(self, batch):
            return []

    async with listening(Short()) as (port, _), monitor(port) as line:
        assert await line.send(numbered(1)) == "AE 1"


@aio
async def test_a_store_that_hangs_is_given_up():
    store = MemoryStore()
    store.gate.clear()
    limits = Limits(backoff_s=0.001, store_timeout_s=0.02, retries=1)
    async with listening(store, limits) as (port, _), monitor(port) as line:
        assert await line.send(numbered(1)) == "AE 1"
        store.gate.set()
        assert await line.send(numbered(1)) == "AA 1"


@aio
async def test_nothing_is_read_while_too_much_waits():
    store = MemoryStore()
    store.gate.clear()
    async with listening(store, Limits(waiting=50, waiting_each=20)) as (port, listener), monitor(port) as line:
        total = 5_000
        line.writer.write(b"".join(frame(numbered(n)) for n in range(total)))
        await until(lambda: listener.counters.paused)
        await asyncio.sleep(0.1)
        stuck = listener.counters.received
        await asyncio.sleep(0.1)
        assert listener.counters.received == stuck < total
        store.gate.set()
        assert [await line.code() for _ in range(total)] == [f"AA {n}" for n in range(total)]
        assert not listener.counters.paused


@aio
async def test_a_monitor_that_never_takes_its_answers_hurts_nobody_else():
    store = MemoryStore()
    limits = Limits(unsent_bytes=1024, waiting_each=20)
    async with listening(store, limits) as (port, listener), monitor(port) as slow, monitor(port) as other:
        slow.reader._transport.pause_reading()

        async def pour():
            for n in range(200_000):
                slow.writer.write(frame(numbered(n)))
                await slow.writer.drain()

        task = asyncio.create_task(pour())
        seen = -1
        while seen != listener.counters.received:  # until its line stands still
            seen = listener.counters.received
            await asyncio.sleep(0.25)
        assert not task.done()
        assert await other.send(numbered(1)) == "AA 1"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        slow.writer.transport.abort()


@aio
async def test_an_unframed_message_is_kept_and_answered_after_silence():
    store = MemoryStore()
    async with listening(store) as (port, _), monitor(port) as line:
        line.writer.write(numbered(5))
        assert await line.code() == "AR 5"
        assert await line.send(numbered(6)) == "AA 6"
    faults = [r for batch in store.batches for r in batch if isinstance(r.parsed, Fault)]
    assert [(f.parsed.kind, f.raw) for f in faults] == [("unframed", numbered(5))]


@aio
async def test_garbage_is_kept_without_answer():
    store = MemoryStore()
    async with listening(store) as (port, _), monitor(port) as line:
        line.writer.write(b"GET / HTTP/1.1\r\n\r\n" + frame(numbered(1)))
        assert await line.code() == "AA 1"
    assert [r.raw for b in store.batches for r in b] == [b"GET / HTTP/1.1", numbered(1)]


@aio
async def test_a_broken_line_keeps_the_half_message():
    store = MemoryStore()
    async with listening(store) as (port, listener):
        async with monitor(port) as line:
            line.writer.write(frame(numbered(1))[:40])
            await line.writer.drain()
            await until(lambda: any(c.deframer.waiting for c in listener.connections))
            broken = struct.pack("ii", 1, 0)  # it is reset, and nobody says that it ends
            line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, broken)
            line.writer.transport.abort()
        await until(lambda: store.batches)
    ((received,),) = store.batches
    assert isinstance(received.parsed, Fault)
    assert received.parsed.kind == "truncated"


def enhanced(n: int, accept: str, application: str) -> bytes:
    """A message that says which answers it wants (MSH-15, MSH-16)."""
    head, rest = numbered(n).split(b"\r", 1)
    return head + f"|||{accept}|{application}\r".encode() + rest


@aio
async def test_each_sender_gets_the_answers_that_it_wants():
    async with listening(MemoryStore()) as (port, _), monitor(port) as line:
        wanted = [("AL", "NE"), ("NE", "NE"), ("NE", "AL"), ("AL", "AL"), ("ER", "SU")]
        for n, (accept, application) in enumerate(wanted):
            line.writer.write(frame(enhanced(n, accept, application)))
        line.writer.write(frame(numbered(9)))
        answers = ["CA 0", "AA 2", "CA 3", "AA 3", "AA 4", "AA 9"]  # in the order of the messages; of 1 none
        assert [await line.code() for _ in answers] == answers


@aio
async def test_what_cannot_be_stored_is_not_committed():
    store = MemoryStore()
    store.poison = b"|13|P|"
    async with listening(store) as (port, _), monitor(port) as line:
        line.writer.write(frame(enhanced(13, "AL", "AL")) + frame(enhanced(14, "AL", "AL")))
        assert [await line.code() for _ in range(3)] == ["CE 13", "CA 14", "AA 14"]


@aio
async def test_a_batch_is_answered_message_by_message():
    store = MemoryStore()
    async with listening(store) as (port, _), monitor(port) as line:
        line.writer.write(frame(b"FHS|^~\\&|A|B\rBHS|^~\\&|A|B\r" + numbered(1) + numbered(2) + b"BTS|2\rFTS|1\r"))
        assert [await line.code(), await line.code()] == ["AA 1", "AA 2"]
        assert await line.send(b"BHS|^~\\&|A|B|||||||B-7|\rBTS|0\r") == "AR B-7"
    assert [r.raw for b in store.batches for r in b][:2] == [numbered(1), numbered(2)]


@aio
async def test_an_acknowledgement_is_not_answered():
    async with listening(MemoryStore()) as (port, _), monitor(port) as line:
        line.writer.write(frame(b"MSH|^~\\&|A|B|||2026||ACK^R01|5|P|2.5\rMSA|AA|4\r"))
        assert await line.send(numbered(1)) == "AA 1"


@aio
async def test_a_message_without_an_end_is_asked_for_again():
    """A pause inside a frame, longer than is waited for: AE with the message's number, so that it is sent again."""
    store = MemoryStore()
    async with listening(store, Limits(idle_s=0.1)) as (port, _), monitor(port) as line:
        line.writer.write(frame(numbered(7))[:-30])
        assert await line.code() == "AE 7"
        assert await line.send(numbered(7)) == "AA 7"


@aio
async def test_a_new_message_in_the_middle_of_another_answers_both():
    async with listening(MemoryStore()) as (port, _), monitor(port) as line:
        line.writer.write(frame(numbered(7))[:-30] + frame(numbered(8)))
        assert [await line.code(), await line.code()] == ["AE 7", "AA 8"]


@aio
async def test_a_shorter_pause_loses_nothing():
    async with listening(MemoryStore(), Limits(idle_s=5)) as (port, _), monitor(port) as line:
        whole = frame(numbered(7))
        for part in (whole[:40], whole[40:90], whole[90:]):
            line.writer.write(part)
            await line.writer.drain()
            await asyncio.sleep(0.05)
        assert await line.code() == "AA 7"
    assert Limits().idle_s > 6.5  # so long a monitor once paused


QUERY = b"MSH|^~\\&|MON|W|||20260914093000||QRY^A19|12|P|2.4\rQRD|20260914093000|R|I|Q1|||1^RD|CA-7|DEM\r"


@aio
async def test_a_query_is_refused_in_words_on_a_line_that_may_not_ask():
    async with listening(MemoryStore()) as (port, _), monitor(port) as line:
        line.writer.write(frame(QUERY))
        answer = await line.answer()
    assert b"\rMSA|AR|12|This line may not ask for patients" in answer
    assert b"PID" not in answer


@aio
async def test_a_query_is_answered_where_the_store_says_who_may_be_told():
    class Bound(MemoryStore):
        async def store(self, batch):
            return [replace(each, patients=(Answered("CA-7", "Rivera", "Ana"),)) for each in await super().store(batch)]

    async with listening(Bound()) as (port, _), monitor(port) as line:
        line.writer.write(frame(QUERY))
        answer = await line.answer()
        assert b"|ADR^A19|" in answer
        assert b"\rPID|||CA-7||Rivera^Ana" in answer
        assert await line.send(numbered(1)) == "AA 1"  # a message of values is answered as ever


@pytest.mark.parametrize(("sent", "code"), [(frame(numbered(1)), "AA 1"), (numbered(1), "AR 1")])
@aio
async def test_a_sender_that_closes_its_side_still_gets_its_answer(sent: bytes, code: str):
    store = MemoryStore()
    async with listening(store) as (port, listener), monitor(port) as line:
        line.writer.write(sent)
        line.writer.write_eof()
        assert await line.code() == code
        with pytest.raises(EOFError):
            await line.code()
        await until(lambda: listener.counters.connections == 0)


@aio
async def test_a_babbling_line_is_closed_and_others_go_on():
    store, limits = MemoryStore(), Limits(faults_each=10)
    async with listening(store, limits) as (port, _), monitor(port) as line, monitor(port) as other:
        line.writer.write(b"\x0bx" * 5000)
        with pytest.raises((EOFError, ConnectionError)):
            await line.code()
        assert await other.send(numbered(1)) == "AA 1"
    assert len(store.kept) <= 12


@aio
async def test_an_oversize_message_is_refused_and_the_line_survives():
    store = MemoryStore()
    async with listening(store, Limits(body_bytes=2000, kept_bytes=500)) as (port, _), monitor(port) as line:
        big = numbered(9) + b"NTE|1||" + b"x" * 5000 + b"\r"
        assert await line.send(big) == "AR 9"
        assert await line.send(numbered(10)) == "AA 10"
    assert [len(r.raw) for b in store.batches for r in b] == [500, len(numbered(10))]


@aio
async def test_what_was_received_is_stored_before_the_listener_ends():
    store = MemoryStore()
    store.gate.clear()
    async with listening(store) as (port, listener), monitor(port) as line:
        line.writer.write(frame(numbered(1)))
        await until(lambda: listener.counters.received == 1)
        asyncio.get_running_loop().call_later(0.05, store.gate.set)
    assert len(store.kept) == 1


@aio
async def test_a_mistake_in_the_reader_costs_neither_bytes_nor_line(monkeypatch):
    def broken(raw, zone):
        raise RuntimeError("bug")

    monkeypatch.setattr("sojourn.interfaces.devices.listener.read", broken)
    store = MemoryStore()
    async with listening(store) as (port, listener), monitor(port) as line:
        assert await line.send(numbered(1)) == "AE 1"
        assert listener.counters.reader_failures == 1
    assert list(store.kept) == [numbered(1)]


@aio
async def test_counters_speak_of_what_was_not_mapped():
    store = MemoryStore()
    async with listening(store) as (port, listener), monitor(port) as line:
        await line.send(oru("OBX|1|NM|77^Odd^99X||1|u|||||F", "OBX|2|NM|77^Odd^99X||1|u|||||F"))
        told = listener.counters.as_dict()
    assert told["unmapped"] == {"99X 77": 2}
    assert told["connections"] == 1
    assert told["last_stored_at"]


@aio
async def test_what_happened_is_counted():
    store = MemoryStore()
    store.poison = b"|13|P|"
    limits = Limits(retries=1, backoff_s=0.001, connections=2)
    async with listening(store, limits) as (port, listener), monitor(port) as line, monitor(port) as other:
        for n, code in ((1, "AA"), (2, "AA"), (13, "AE")):
            assert await line.send(numbered(n)) == f"{code} {n}"
        assert await other.send(numbered(3).replace(b"ORU^R01", b"ADT^A08")) == "AR 3"
        async with monitor(port) as one_too_many:
            with pytest.raises((EOFError, ConnectionError)):
                await one_too_many.send(numbered(4))
        told = listener.counters.as_dict()
        store.gate.clear()
        line.writer.write(frame(numbered(5)) + frame(numbered(6)) + frame(numbered(7)))
        await until(lambda: listener.counters.waiting == 3)
        store.gate.set()
        assert [await line.code() for _ in range(3)] == ["AA 5", "AA 6", "AA 7"]
        assert (listener.counters.waiting, listener.counters.largest_batch > 1) == (0, True)
    assert {name: each for name, each in told.items() if not name.startswith("last")} == {
        "connections": 2, "connections_ever": 2, "received": 4, "faults": 1, "accepted": 2, "errors": 1, "rejected": 1,
        "batches": 4, "largest_batch": 1, "store_failures": 2, "reader_failures": 0, "waiting": 0, "paused": False,
        "unmapped": {},
    }  # fmt: skip
    assert told["last_received_at"] <= told["last_stored_at"]
    assert listener.counters.connections == 0


@aio
async def test_a_line_that_never_says_anything_ends():
    limits = Limits(idle_s=0.2, unproven_s=0.5)
    async with listening(MemoryStore(), limits) as (port, _), monitor(port) as silent, monitor(port) as proven:
        assert await proven.send(numbered(1)) == "AA 1"
        with pytest.raises((EOFError, ConnectionError)):
            await silent.answer()
        assert await proven.send(numbered(2)) == "AA 2"


def test_the_address(monkeypatch):
    monkeypatch.delenv("SOJOURN_MLLP_HOST", raising=False)
    monkeypatch.delenv("SOJOURN_MLLP_PORT", raising=False)
    assert address() == ("127.0.0.1", 2575)
    monkeypatch.setenv("SOJOURN_MLLP_HOST", "0.0.0.0")
    monkeypatch.setenv("SOJOURN_MLLP_PORT", "6000")
    assert address() == ("0.0.0.0", 6000)


def test_outcomes_are_values():
    assert MessageOutcome("AA", "", 1) == MessageOutcome("AA", "", 1)
