"""Messages to test with: our own bytes, in the shapes of the contract examples."""

import tomllib
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "contracts" / "monitors"


def captured() -> dict[str, bytes]:
    """Every contract example, by name, as its monitor sends it."""
    found = {}
    for path in sorted(EXAMPLES.glob("*.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        text = data["message"].strip("\n").replace("\n", "\r") + "\r"  # its own line ends: tests/contracts
        found[path.stem] = text.encode(data.get("encoding", "utf-8"))
    return found


def oru(*obx: str, msh: str = "", obr: str = "OBR|1|||VITAL|||20260914093000", pid: str = "PID|||P1") -> bytes:
    """A small message around the given OBX lines."""
    msh = msh or r"MSH|^~\&|MON|WARD|||20260914093005||ORU^R01^ORU_R01|42|P|2.5"
    return "\r".join(line for line in (msh, pid, obr, *obx, "") if line or line == "").encode()


def hr(value: str, kind: str = "NM", unit: str = "/min", rest: str = "|||||F") -> str:
    return f"OBX|1|{kind}|8867-4^Heart rate^LN|1|{value}|{unit}{rest}"
