"""Every dialect has one example, and what we read from it is what a person reads from it."""

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sojourn.clinical.units import convert
from sojourn.clinical.vitals import VITALS
from sojourn.interfaces.devices import dialects as dialects_module
from sojourn.interfaces.devices.dialects import Dialects, shipped
from sojourn.interfaces.devices.message import ParsedMessage, ParsedReading, read

EXAMPLES = Path(__file__).parent / "monitors"
FILES = sorted(EXAMPLES.glob("*.toml"))


ENDS = {"cr": ("\r", "\r"), "lf": ("\n", "\n"), "none": ("\r", "")}  # between lines, after the last


def example(path: Path) -> tuple[dict, bytes]:
    data = tomllib.loads(path.read_text("utf-8"))
    between, last = ENDS[data.get("ends", "cr")]
    text = data["message"].strip("\n").replace("\n", between) + last
    return data, text.encode(data.get("encoding", "utf-8"))


def moment(at) -> str:
    return at.isoformat() if at else "-"


def told(reading: ParsedReading) -> str:
    return f"{reading.code} {reading.value:g} {reading.unit} {reading.method} {moment(reading.measured_at)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_example_is_read_as_a_person_reads_it(path):
    data, raw = example(path)
    message = read(raw, ZoneInfo(data["zone"]))
    assert isinstance(message, ParsedMessage), message
    assert message.dialect == data["dialect"]
    assert message.control_id == data["control_id"]
    assert list(message.patient_identifiers) == data["patient_identifiers"]
    assert message.bed == data["bed"]
    assert [told(r) for r in message.readings] == data["readings"]
    assert [f"{n.code} {n.reason} {n.value}" for n in message.not_measured] == data.get("not_measured", [])
    unmapped = [f"{u.code} {u.reason}" + (f" x{u.count}" if u.count > 1 else "") for u in message.unmapped]
    assert unmapped == data.get("unmapped", [])
    assert message.structure_rows == data.get("structure_rows", 0)
    assert [f"{r.code} {r.doubt}" for r in message.readings if r.doubt] == data.get("doubts", [])
    withdrawn = [
        f"{w.code} {w.reason} {'-' if w.value is None else f'{w.value:g}'} {moment(w.measured_at)}"
        for w in message.withdrawn
    ]
    assert withdrawn == data.get("withdrawn", [])
    assert message.training == data.get("training", False)
    if "device_keys" in data:
        assert list(message.device_keys) == data["device_keys"]
        assert all(r.device_key == data["device_keys"][0] for r in message.readings)
    if "warnings" in data:
        assert list(message.warnings) == data["warnings"]
    if "assumed" in data:
        assert [f"{a.code} {a.unit} x{a.count}" for a in message.assumed] == data["assumed"]
    if "tells_time" in data:
        assert message.tells_time == data["tells_time"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_pressures_are_paired_as_they_were_measured(path):
    data, raw = example(path)
    message = read(raw, ZoneInfo(data["zone"]))
    pairs: dict[str, list[str]] = {}
    for reading in message.readings:
        if reading.measurement:
            pairs.setdefault(reading.measurement, []).append(reading.code)
    together = [codes for codes in pairs.values() if len(codes) > 1]
    if "pairs" in data or together:
        assert together == data.get("pairs", [])


def test_every_dialect_has_an_example():
    shown = {example(path)[0]["dialect"] for path in FILES}
    assert {d.name for d in (shipped().standard, *shipped().makers)} - shown == {"loinc", "mdc"}  # coding systems


def test_shapes_are_numbered_and_say_where_they_were_read():
    """At least forty shapes of makers, each of its own; what was constructed for a test says so and does not count."""
    data = [example(path)[0] for path in FILES]
    numbers = [each["number"] for each in data]
    assert len(set(numbers)) == len(numbers)
    assert len({(each["maker"], each["peculiar"]) for each in data}) == len(data)
    for each in data:
        assert each["maker"]
        assert each["version"]
        assert len(each["peculiar"]) > 10
        assert bool(each.get("read_in")) != each.get("constructed", False), each["number"]
    read = [each for each in data if not each.get("constructed")]
    # of whom nobody says who made it (a hospital's own program, a broker) is no maker's shape
    named = [each for each in read if not each["maker"].startswith(("a ", "an ", "not ", "nobody"))]
    assert len(named) >= 40


def test_dialects_load_and_agree():
    loaded = shipped()
    assert isinstance(loaded, Dialects)
    assert loaded.standard.name == "standard"
    folder = Path(dialects_module.__file__).parent / "dialects"
    assert len({d.name for d in loaded.makers}) == len(loaded.makers) == len(list(folder.glob("*.toml"))) - 1


def test_our_vitals_and_units_are_those_of_the_clinical_floor():
    for code, units in dialects_module.VITALS.items():
        for unit in units:
            convert(1, unit, VITALS[code].unit.code)  # raises where it cannot be converted
        loinc, mdc = VITALS[code].loinc, VITALS[code].mdc
        assert loinc is None or shipped().by_system[loinc, "LN"].code == code
        assert mdc is None or shipped().by_system[str(mdc), "MDC"].code == code


def test_philips_codes_are_the_mdc_numbers_in_hexadecimal():
    """0002-4182 is partition 2, code 0x4182: wherever both tables know a number, they must mean the same."""
    loaded = shipped()
    both = 0
    for (code, system), vital in loaded.by_system.items():
        if system != "MDIL":
            continue
        partition, number = (int(part, 16) for part in code.split("-"))
        mdc = loaded.by_system.get((str(partition * 65536 + number), "MDC"))
        if mdc is not None:
            both += 1
            assert mdc.code == vital.code, code
    assert both >= 8
    philips = loaded.by_name("philips_mdil").units
    for code, unit in philips.items():
        partition, number = (int(part, 16) for part in code.split("-"))
        assert loaded.units[str(partition * 65536 + number)] == unit, code


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (
            "name = 'x'\ntitle = 'x'\nsource = 's'\n[codes.MDC]\n1 = { vital = 'pulse', mark = 'V' }",
            "no vital of ours",
        ),
        ("name = 'x'\ntitle = 'x'\nsource = 's'\n[codes.MDC]\n1 = { vital = 'hr' }", "how it is known"),
        ("name = 'x'\ntitle = 'x'\n[codes.MDC]\n1 = { vital = 'hr', mark = 'V' }", "where this was read"),
        ("name = 'x'\ntitle = 'x'\nsource = 's'\n[unit]\na = 'b'", "unknown words"),
        ("name = 'x'\ntitle = 'x'\nsource = 's'\n[identity]\nbed = ['PV1.3']", "is no place"),
        ("name = 'x'\ntitle = 'x'\nsource = 's'\n[units]\nstone = '[stone_av]'", "no vital uses"),
        ("name = ", "x.toml"),
    ],
)
def test_a_dialect_file_with_a_mistake_says_so(broken, why):
    standard = "name = 'standard'\ntitle = 's'\nsource = 's'"
    with pytest.raises(dialects_module.DialectError, match=why):
        dialects_module.load({"standard.toml": standard, "x.toml": broken})


def test_two_files_may_not_give_one_code_two_meanings():
    head = "name = '{0}'\ntitle = '{0}'\nsource = 's'\n[codes.MDC]\n7 = {{ vital = '{1}', mark = 'V' }}"
    with pytest.raises(dialects_module.DialectError, match="two meanings"):
        dialects_module.load({"a.toml": head.format("standard", "hr"), "b.toml": head.format("b", "pr")})
