"""D3: whoever witnesses a waste after the record was signed stands beside what was signed, and changes none of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sojourn.care.chart.content import content_hash, stands, verify_signature
from sojourn.care.chart.record import SessionRecord
from sojourn.care.chart.rows import Signature, Wasted
from sojourn.interfaces.console.record import given as record_given
from sojourn.interfaces.console.record.presenters import RecordView
from tests.care.test_record_content import NURSE, PRESCRIBER, given_whole, minutes, old_session


def signed_with_waste() -> SessionRecord:
    """A session with a waste that nobody had witnessed when it was signed, at 150 minutes."""
    waste = Wasted(141, Decimal("2.00"), "", minutes(58), NURSE, None, None)
    plain = replace(old_session(), wasted=(waste,), signatures=())
    (given,) = given_whole(plain)
    assert given.balance is not None
    plain = replace(plain, given=(replace(given, balance=replace(given.balance, complete=False)),))
    return replace(plain, signatures=(Signature(131, content_hash(plain), minutes(150), PRESCRIBER, in_audit=True),))


def witnessed(record: SessionRecord, at: float) -> SessionRecord:
    """The same record once the prescriber has witnessed the waste: the line is complete then."""
    (waste,), (given,) = record.wasted, record.given
    assert given.balance is not None
    return replace(
        record, wasted=(replace(waste, witness=PRESCRIBER, witnessed_at=minutes(at)),),
        given=(replace(given, balance=replace(given.balance, complete=True)),),
    )  # fmt: skip


def test_a_witness_after_the_signature_leaves_it_standing():
    """D3: signed at 150 minutes, witnessed at 160: unchanged since, and it is said who came after the signature."""
    record = witnessed(signed_with_waste(), 160)
    verified = verify_signature(record)
    assert verified.standing == "unchanged"
    assert stands(record, record.signatures[0])
    assert verified.named == record.signatures[0].content_hash
    (row,) = record_given.given_rows(record)
    assert "witnessed after the signature by Ada Moreno" in row.waste[0]
    assert RecordView(record, verified).standing_title == "Signed"


def test_a_witness_before_the_signature_is_signed_with_it():
    """D3: a witness whose time is before the signature and who was not signed is a change, and shows as one."""
    assert verify_signature(signed_with_waste()).standing == "unchanged"
    assert verify_signature(witnessed(signed_with_waste(), 149)).standing == "changed"


def test_anything_else_beside_a_later_witness_still_shows():
    """D3: the amount of the waste is signed; a later witness does not cover for another amount."""
    record = witnessed(signed_with_waste(), 160)
    other = replace(record, wasted=(replace(record.wasted[0], mg=Decimal("3.00")),))
    assert verify_signature(other).standing == "changed"
