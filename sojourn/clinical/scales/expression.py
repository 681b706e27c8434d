"""A small closed language for scoring: sums, means, extremes, counts and arithmetic over numbered items.

``4 * sum[1..5]`` · ``max[1..4] + sum[5] + max[6..9]`` · ``sum[1, 2, -3, 4..10]`` (-3: item 3 reversed) ·
``count[1..5 >= 2] >= 1 and count[6, 7 >= 2] >= 1``. Square brackets hold link ids, quoted where they are not plain
words; ``a..b`` runs in the order of the questionnaire. Nothing is ever evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, NoReturn, TypeVar, get_args

LONGEST: Final = 2000
DEEPEST: Final = 20
MOST_STEPS: Final = 200  # sums and products in one expression: each is a step deeper for whoever reads the tree

Fold = Literal["sum", "mean", "max", "min", "count", "any", "all"]
Compare = Literal[">=", "<=", ">", "<", "="]
Bounds = Mapping[str, tuple[int, int]]
W = TypeVar("W", bound=str)

_FOLDS: Final[tuple[Fold, ...]] = get_args(Fold)
_COUNTING: Final = ("count", "any", "all")
_COMPARE: Final[Mapping[Compare, Callable[[Fraction, Fraction], bool]]] = MappingProxyType(
    {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}
)
_ARITHMETIC: Final[Mapping[str, Callable[[Fraction, Fraction], Fraction]]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
)
_SUMS: Final[tuple[Literal["+", "-"], ...]] = ("+", "-")
_PRODUCTS: Final[tuple[Literal["*", "/"], ...]] = ("*", "/")
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w]))|(?P<word>\w+)|"(?P<quoted>[^"\n]*)"|(?P<sign>\.\.|>=|<=|[-+*/(),<>=\[\]]))"""
)


class ExpressionWrong(ValueError):
    """A scoring expression cannot be read; the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class Member:
    """One item in a pair of brackets; ``reversed`` counts it from the other end of its range."""

    link_id: str
    reversed: bool


@dataclass(frozen=True, slots=True)
class Take:
    """A fold over items. ``compare`` and ``limit`` only where it counts."""

    fold: Fold
    members: tuple[Member, ...]
    compare: Compare | None = None
    limit: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    sign: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Extreme:
    """The highest or lowest of some expressions."""

    which: Literal["max", "min"]
    among: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    compare: Compare
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Joined:
    how: Literal["and", "or"]
    parts: tuple[Condition, ...]


Node = Number | Take | Arithmetic | Extreme
Condition = Comparison | Joined


def read(text: str, link_ids: Sequence[str]) -> Node:
    """The expression in ``text`` over items in their order; raises ExpressionWrong."""
    reader = _Reader(text, link_ids)
    node = reader.expression()
    reader.end()
    return node


def read_condition(text: str, link_ids: Sequence[str]) -> Condition:
    """A condition ("count[1..5 >= 2] >= 1 and ..."); raises ExpressionWrong."""
    reader = _Reader(text, link_ids)
    node = reader.condition()
    reader.end()
    return node


def value(node: Node, given: Mapping[str, int], bounds: Bounds, skipped: frozenset[str] = frozenset()) -> Fraction:
    """What the expression comes to. ``skipped`` items were not asked; others without an answer are prorated in a
    sum and left out of everything else."""
    match node:
        case Number(number):
            return number
        case Take():
            return _take(node, given, bounds, skipped)
        case Arithmetic(sign, left, right):
            one, two = value(left, given, bounds, skipped), value(right, given, bounds, skipped)
            return _ARITHMETIC[sign](one, two)
        case Extreme(which, among):
            return (max if which == "max" else min)(value(each, given, bounds, skipped) for each in among)


def holds(node: Condition, given: Mapping[str, int], bounds: Bounds, skipped: frozenset[str] = frozenset()) -> bool:
    """Whether the condition is met. Items without an answer count as not reaching anything."""
    if isinstance(node, Joined):
        each = (holds(part, given, bounds, skipped) for part in node.parts)
        return all(each) if node.how == "and" else any(each)
    left, right = value(node.left, given, bounds, skipped), value(node.right, given, bounds, skipped)
    return _COMPARE[node.compare](left, right)


def extent(node: Node, bounds: Bounds, optional: frozenset[str] = frozenset()) -> tuple[Fraction, Fraction]:
    """The lowest and highest that the expression can come to. ``optional`` items may not be asked at all."""
    match node:
        case Number(number):
            return number, number
        case Take():
            return _take_extent(node, bounds, optional)
        case Arithmetic(sign, left, right):
            return _corners(_ARITHMETIC[sign], extent(left, bounds, optional), extent(right, bounds, optional))
        case Extreme(which, among):
            ends = [extent(each, bounds, optional) for each in among]
            pick = max if which == "max" else min
            return pick(low for low, _ in ends), pick(high for _, high in ends)


def used(node: Node | Condition) -> frozenset[str]:
    """The link ids that the expression reads."""
    match node:
        case Number():
            return frozenset()
        case Take(members=members):
            return frozenset(each.link_id for each in members)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return used(left) | used(right)
        case Extreme(among=among):
            return frozenset().union(*(used(each) for each in among))
        case Joined(parts=parts):
            return frozenset().union(*(used(each) for each in parts))


def prorates(node: Node) -> bool:
    """Whether missing items can be prorated: only in a sum or a mean, times or divided by a number."""
    match node:
        case Take(fold=fold):
            return fold in ("sum", "mean")
        case Arithmetic(sign="*", left=left, right=right):
            return (isinstance(left, Number) and prorates(right)) or (isinstance(right, Number) and prorates(left))
        case Arithmetic(sign="/", left=left, right=Number()):
            return prorates(left)
        case _:
            return False


def _counted(member: Member, given: Mapping[str, int], bounds: Bounds) -> int:
    number = given[member.link_id]
    low, high = bounds[member.link_id]
    return low + high - number if member.reversed else number


def _take(node: Take, given: Mapping[str, int], bounds: Bounds, skipped: frozenset[str]) -> Fraction:
    asked = [each for each in node.members if each.link_id not in skipped]
    values = [Fraction(_counted(each, given, bounds)) for each in asked if each.link_id in given]
    if node.compare is not None:
        reached = sum(_COMPARE[node.compare](each, node.limit) for each in values)
        return _count(node.fold, reached, len(asked))
    return _of_answers(node.fold, values, len(asked)) if values else Fraction(0)


def _of_answers(fold: Fold, values: Sequence[Fraction], asked: int) -> Fraction:
    match fold:
        case "max":
            return max(values)
        case "min":
            return min(values)
        case "mean":
            return Fraction(sum(values), len(values))
        case _:  # a sum is prorated
            return Fraction(sum(values) * asked, len(values))


def _count(fold: Fold, reached: int, asked: int) -> Fraction:
    if fold == "count":
        return Fraction(reached)
    return Fraction(bool(reached) and (fold == "any" or reached == asked))


def _corners(
    work: Callable[[Fraction, Fraction], Fraction], left: tuple[Fraction, Fraction], right: tuple[Fraction, Fraction]
) -> tuple[Fraction, Fraction]:
    """The lowest and highest of a sum, difference, product or quotient lie where both sides are at an end."""
    corners = [work(one, other) for one in left for other in right]
    return min(corners), max(corners)


def _take_extent(node: Take, bounds: Bounds, optional: frozenset[str]) -> tuple[Fraction, Fraction]:
    many = len(node.members)
    if node.compare is not None:
        return Fraction(0), Fraction(many if node.fold == "count" else 1)
    ends = [(*bounds[each.link_id], *((0,) if each.link_id in optional else ())) for each in node.members]
    lows, highs = [Fraction(min(each)) for each in ends], [Fraction(max(each)) for each in ends]
    return _of_answers(node.fold, lows, many), _of_answers(node.fold, highs, many)


class _Reader:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str, link_ids: Sequence[str]) -> None:
        if len(text) > LONGEST:
            raise ExpressionWrong(f"longer than {LONGEST} signs")
        self.text = text
        self.link_ids = list(link_ids)
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.depth = 0
        self.steps = 0
        where = 0
        while text[where:].strip():
            found = _TOKEN.match(text, where)
            if found is None:
                raise ExpressionWrong(f"“{text[where:].strip()[0]}” is not a part of this language (sign {where + 1})")
            kind = found.lastgroup or "sign"
            self.tokens.append((kind, found[kind], found.start(kind)))
            where = found.end()

    def next(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("end", "")

    def ahead(self, known: Iterable[W]) -> W | None:
        """What comes next, where it is one of these."""
        what = self.next()[1]
        return next((each for each in known if each == what), None)

    def wrong(self, wanted: str) -> NoReturn:
        kind, what, where = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "", len(self.text))
        found = "the end" if kind == "end" else f"“{what}”"
        raise ExpressionWrong(f"expected {wanted}, found {found} (sign {where + 1})")

    def takes(self, sign: str) -> bool:
        found = self.next() in (("sign", sign), ("word", sign))
        self.at += found
        return found

    def must(self, sign: str) -> None:
        if not self.takes(sign):
            self.wrong(f"“{sign}”")

    def end(self) -> None:
        if self.at < len(self.tokens):
            self.wrong("the end")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionWrong(f"more than {DEEPEST} brackets within each other")

    def step(self) -> None:
        self.at += 1
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ExpressionWrong(f"more than {MOST_STEPS} sums and products")

    def condition(self) -> Condition:
        first, more = self.both(), list[Condition]()
        while self.takes("or"):
            more.append(self.both())
        return Joined("or", (first, *more)) if more else first

    def both(self) -> Condition:
        first, more = self.comparison(), list[Condition]()
        while self.takes("and"):
            more.append(self.comparison())
        return Joined("and", (first, *more)) if more else first

    def comparison(self) -> Condition:
        start, depth = self.at, self.depth
        if self.takes("("):  # a bracketed condition, or arithmetic that begins with a bracket
            self.deeper()
            try:
                inner = self.condition()
                self.must(")")
                if self.ahead((*_COMPARE, *_ARITHMETIC)) is None:
                    self.depth = depth
                    return inner
            except ExpressionWrong:
                pass
            self.at, self.depth = start, depth
        left = self.expression()
        sign = self.ahead(_COMPARE)
        if sign is None:
            if isinstance(left, Take) and left.fold in ("any", "all"):
                return Comparison(">=", left, Number(Fraction(1)))
            self.wrong("a comparison")
        self.at += 1
        return Comparison(sign, left, self.expression())

    def expression(self) -> Node:
        node = self.term()
        while self.next()[0] == "sign" and (sign := self.ahead(_SUMS)) is not None:
            self.step()
            node = Arithmetic(sign, node, self.term())
        return node

    def term(self) -> Node:
        node = self.factor()
        while self.next()[0] == "sign" and (sign := self.ahead(_PRODUCTS)) is not None:
            self.step()
            right = self.factor()
            if sign == "/" and not (isinstance(right, Number) and right.value != 0):
                raise ExpressionWrong("divide only by a number that is not 0")
            node = Arithmetic(sign, node, right)
        return node

    def factor(self) -> Node:
        kind, what = self.next()
        if kind == "number":
            self.at += 1
            return Number(Fraction(what))
        if self.takes("("):
            self.deeper()
            node = self.expression()
            self.must(")")
            self.depth -= 1
            return node
        fold = self.ahead(_FOLDS)
        if kind != "word" or fold is None:
            self.wrong(f"a number, a bracket or one of {', '.join(_FOLDS)}")
        self.at += 1
        if fold not in ("max", "min") or not self.takes("("):
            return self.take(fold)
        self.deeper()
        among = [self.expression()]
        while self.takes(","):
            among.append(self.expression())
        self.must(")")
        self.depth -= 1
        return Extreme("max" if fold == "max" else "min", tuple(among))

    def take(self, fold: Fold) -> Take:
        self.must("[")
        members = self.members()
        while self.takes(","):
            members += self.members()
        times = Counter(each.link_id for each in members)
        if twice := [name for name in times if times[name] > 1]:
            raise ExpressionWrong(f"item {twice[0]} stands twice in {fold}[…]")
        compare, limit = self.counted(fold) if fold in _COUNTING else (None, Fraction(0))
        self.must("]")
        return Take(fold, tuple(members), compare, limit)

    def members(self) -> list[Member]:
        """One item, or a run of them, perhaps reversed."""
        back = self.takes("-")
        first = self.link_id()
        last = self.link_id() if self.takes("..") else first
        one, two = self.link_ids.index(first), self.link_ids.index(last)
        if two < one:
            raise ExpressionWrong(f"{first}..{last} runs backwards")
        return [Member(name, back) for name in self.link_ids[one : two + 1]]

    def counted(self, fold: Fold) -> tuple[Compare, Fraction]:
        """What is counted: a comparison and its number."""
        compare = self.ahead(_COMPARE)
        if compare is None:
            self.wrong(f"what to {fold}, such as “>= 2”")
        self.at += 1
        if self.next()[0] != "number":
            self.wrong("a number")
        limit = Fraction(self.next()[1])
        self.at += 1
        return compare, limit

    def link_id(self) -> str:
        kind, what = self.next()
        if kind not in ("number", "word", "quoted"):
            self.wrong("the link id of an item")
        if what not in self.link_ids:
            raise ExpressionWrong(f"there is no item {what}")
        self.at += 1
        return what
