"""The frame: where the network cut the bytes changes nothing, and nothing is lost in silence."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.interfaces.devices.framing import Broken, Deframer, Frame, frame

BODY = b"MSH|^~\\&|A\rPID|1\r"


def all_units(data, cuts=(), **options):
    deframer = Deframer(**options)
    units, last = [], 0
    for cut in [*sorted(cuts), len(data)]:
        units += deframer.feed(data[last:cut])
        last = max(last, cut)
    return units, deframer.give_up()


# a stream made of everything that a stream may hold, weighted towards the bytes that matter
pieces = st.sampled_from(
    [
        b"\x0b",
        b"\x1c",
        b"\x1c\x0d",
        b"\x0d",
        b"\x0a",
        b"MSH|^~\\&|A\r",
        b"PID|||1\r",
        b"x",
        b"\x00",
        b"\xef\xbb\xbf",
    ]
)
streams = st.lists(st.one_of(pieces, st.binary(max_size=8)), max_size=40).map(b"".join)


@given(streams, st.lists(st.integers(0, 300), max_size=30), st.integers(1, 60))
@settings(max_examples=400)
def test_fragmentation_changes_nothing(stream, cuts, limit):
    cuts = [min(c, len(stream)) for c in cuts]
    assert all_units(stream, cuts, limit=limit, keep=limit) == all_units(stream, limit=limit, keep=limit)


@given(st.lists(st.binary(max_size=60).filter(lambda b: not set(b) & {0x0B, 0x1C}), max_size=8), st.data())
def test_whole_frames_come_out_whole_and_in_order(bodies, data):
    stream = b"".join(map(frame, bodies))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    units, rest = all_units(stream, cuts)
    assert units == [Frame(body) for body in bodies]
    assert rest == []


@given(streams, st.lists(st.integers(0, 300), max_size=10))
def test_no_byte_is_lost_in_silence(stream, cuts):
    """Every byte that is neither framing nor blank is in some unit."""
    units, rest = all_units(stream, [min(c, len(stream)) for c in cuts])
    blank = b" \t\r\n\x00\x0b\x1c"
    kept = b"".join(u.body for u in units + rest)
    assert kept.translate(None, blank) == stream.translate(None, blank)


def test_byte_by_byte():
    stream = frame(BODY) * 3
    assert all_units(stream, range(len(stream)))[0] == [Frame(BODY)] * 3


@pytest.mark.parametrize(
    ("stream", "kinds"),
    [
        (b"\x0b" + BODY + b"\x1c", ["frame"]),  # no CR after FS: answered at once, not at the next message
        (b"\x0b" + BODY + b"\x1c" + frame(BODY), ["frame", "frame"]),
        (BODY + b"\x1c\r", ["frame missing_start"]),
        (b"junk" + frame(BODY), ["garbage", "frame"]),
        (frame(BODY) + b"\r\n\x00" + frame(BODY), ["frame", "frame"]),  # blanks between frames are no fault
        (b"\x0bMSH|half" + frame(BODY), ["truncated", "frame"]),
        (b"\x0b\x1c\r", ["frame"]),  # an empty message is still answered
        (BODY + frame(BODY), ["unframed", "frame"]),
        (b"\x1c\r\x1c\r", []),
    ],
)
def test_bent_frames(stream, kinds):
    units = Deframer().feed(stream)
    said = [" ".join(("frame", *u.defects)) if isinstance(u, Frame) else u.kind for u in units]
    assert said == kinds


def test_what_is_broken_is_kept_and_counted():
    deframer = Deframer(limit=10, keep=4)
    (garbage,) = deframer.feed(b" junk\r\x0b")
    assert garbage == Broken(b"junk", "garbage", "Bytes stood between two messages.", answer=False)
    assert deframer.dropped == 4
    (half,) = deframer.feed(b"MSH|x\x0b")
    assert (half.kind, half.body, half.answer, deframer.dropped) == ("truncated", b"MSH|", True, 9)
    assert deframer.feed(b"0123456789") == []  # as long as may be
    (oversize,) = deframer.feed(b"0")
    assert (oversize.kind, oversize.body, oversize.answer, deframer.dropped) == ("oversize", b"0123", True, 20)
    assert deframer.feed(b"00\x0bPID\x0b")[0].answer is False  # no beginning of a message: no answer helps
    assert deframer.dropped == 25
    assert deframer.feed(b"\x1c") == [Frame(b"")]
    assert deframer.dropped == 0
    assert deframer.feed(b"12345678901")[0].answer is False
    deframer.give_up()
    deframer = Deframer(limit=10)
    (oversize,) = deframer.feed(b"\x0b01234567890\x0b")  # all of it in one piece
    assert (oversize.kind, deframer.dropped) == ("oversize", 11)


@pytest.mark.parametrize(
    ("data", "waits"), [(b"", False), (b" \r", False), (b"x", True), (b"\x0b", True), (b"x" * 11, False)]
)
def test_what_waits_for_its_end(data, waits):
    deframer = Deframer(limit=10)
    deframer.feed(data)
    assert deframer.waiting == waits


def test_a_message_without_any_frame_is_a_fault_after_silence():
    deframer = Deframer()
    assert deframer.feed(BODY) == []
    assert deframer.waiting
    (unit,) = deframer.give_up()
    assert isinstance(unit, Broken)
    assert (unit.kind, unit.body, unit.answer) == ("unframed", BODY, True)
    assert not deframer.waiting
    assert deframer.feed(frame(BODY)) == [Frame(BODY)]


def test_silence_in_the_middle_of_a_message():
    deframer = Deframer()
    deframer.feed(b"\x0bMSH|^~")
    assert [(u.kind, u.body) for u in deframer.give_up()] == [("truncated", b"MSH|^~")]


def test_a_message_that_is_too_long_is_a_fault_and_the_next_is_read():
    deframer = Deframer(limit=1000, keep=100)
    units = []
    for _ in range(50):
        units += deframer.feed((b"\x0b" if not units and not deframer.waiting else b"") + b"MSH" + b"x" * 97)
    units += deframer.feed(b"\x1c\r" + frame(BODY))
    assert [u.kind for u in units[:-1]] == ["oversize"]
    assert len(units[0].body) == 100
    assert units[-1] == Frame(BODY)
    assert deframer.dropped == 0


def test_dropped_counts_what_a_babbling_sender_wastes():
    deframer = Deframer(limit=100)
    for _ in range(10):
        deframer.feed(b"z" * 100)
    assert deframer.dropped >= 800


@pytest.mark.parametrize("stream", [b"\x0b" * 200_000, b"\x1c" * 200_000, b"\x0bx" * 100_000, b"y" * 200_000])
def test_no_quadratic_search(stream):
    """200 kB of the worst bytes, in one piece and in small pieces: the search stays linear."""
    begun = time.process_time()
    Deframer(limit=1 << 20).feed(stream)
    deframer = Deframer(limit=1 << 20)
    for i in range(0, len(stream), 64):
        deframer.feed(stream[i : i + 64])
    assert time.process_time() - begun < 3
