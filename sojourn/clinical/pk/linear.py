"""Linear compartment systems solved exactly, for many people at once.

``dx/dt = A x + inputs`` has one solution; nothing here steps through time. The matrix is taken apart into
modes once per person, after which a concentration at any instant is a sum of a few exponentials:

1. Compartments that exchange with each other form a block. A tree of exchanges (every mammillary or catenary
   body) is similar to a symmetric matrix, so its roots are real and its modes orthogonal; any other block is
   brought to complex Schur form. Neither fails at any root; where the steps that lead there did not suffice all
   the same, there is no answer (``Refused``, not converged): what is left is never taken for rounding.
2. Blocks feed each other one way (depot, plasma, metabolite). Couplings between modes whose roots differ are
   eliminated by exact similarities. Couplings between roots that are equal, or nearly so, stay: those few
   modes are kept together and answer with ``exp(-kt)`` times a polynomial, which is the limit that a
   division by a vanishing difference would have missed.
3. Time is cut where an input starts or stops; within a piece every output is a constant, plus a ramp where
   a root is zero, plus exponentials times polynomials. That piecewise form is the answer; it can be
   evaluated, integrated and differentiated without further approximation.

Units are the caller's: rates per unit time, amounts, and outputs as rows that weigh amounts.

The file is long, and some of its functions have many branches, on purpose: it is one algorithm whose steps lean on each
other, and its loops are the hot ones of the whole program. Taken apart it would be slower, and harder to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .refusal import N_, ModelRefused, RefusalReason

Floats = NDArray[np.float64]
Anything = NDArray[Any]

# Roots closer than this part of themselves are kept together: first only where they all but coincide, and
# more widely where separating several close roots would cost digits (see _separate).
_NEAR = (1e-3, 0.03, 0.1, 0.3, 0.5)
_WORST_CONDITION = 1e4
# Sweeps of rotations, and steps for one root: a handful suffices, and more than these never came.
_MOST_SWEEPS = 40
_MOST_STEPS = 400
# Beyond this many time constants a mode has faded below anything that a double can add to its neighbours.
_FADED = 45.0
# How far a mode moves before 1 - exp(-x) is safe without expm1.
_EARLY = 1e-3
# An input that lasts no longer than this enters at once: its rate would be no number.
_AT_ONCE = 1e-9
# From this many evenly spaced instants on, products of exponentials replace exponentials.
_GRID = 48
# Values held in cache while a block of people is evaluated.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class DoseInput:
    """An amount that enters a compartment, at once (duration 0, or below 1e-9) or evenly over its duration.

    Amount, start and duration are each one number or one per person.
    """

    compartment: int
    amount: ArrayLike
    start: ArrayLike
    duration: ArrayLike = 0.0


@dataclass(frozen=True, slots=True)
class _Family:
    """Modes that answer together: one root ``rate`` (per person) and the polynomial degree that it needs."""

    members: tuple[int, ...]
    rate: Anything  # (N,) the mean root, negative for decay
    matrix: Anything | None  # (N, m, m) what remains after taking the mean root out; None for one mode
    degree: int


@dataclass(frozen=True, slots=True)
class _Modes:
    rows: NDArray[np.intp]  # which people
    roots: Anything  # (N, n) diagonal of the triangular form
    inward: Anything  # (N, n, n) amounts to modes
    outward: Anything  # (N, o, n) modes to outputs
    families: tuple[_Family, ...]


class Linear:
    """``dx/dt = A x``, ``y = C x`` for N people: ``rates`` (N, n, n) and ``outputs`` (N, o, n)."""

    def __init__(self, rates: ArrayLike, outputs: ArrayLike) -> None:
        self.rates: Floats = np.asarray(rates, dtype=float)
        self.outputs: Floats = np.asarray(outputs, dtype=float)
        if self.rates.ndim != 3 or self.rates.shape[1] != self.rates.shape[2]:
            raise ValueError("rates must be (people, compartments, compartments)")
        if self.outputs.ndim != 3 or self.outputs.shape[::2] != self.rates.shape[::2]:
            raise ValueError("outputs must be (people, outputs, compartments)")
        if not (np.isfinite(self.rates).all() and np.isfinite(self.outputs).all()):
            raise ValueError("rates and outputs must be finite")
        self._groups = tuple(_take_apart(self.rates, self.outputs))

    @property
    def people(self) -> int:
        return int(self.rates.shape[0])

    def respond(self, pours: Sequence[DoseInput]) -> Response:
        """What the inputs do: a piecewise closed form for every person and output."""
        poured = [
            (
                each.compartment,
                np.asarray(each.amount, dtype=float),
                np.asarray(each.start, dtype=float),
                np.asarray(each.duration, dtype=float),
            )
            for each in pours
        ]
        pieces = [_pieces(group, poured) for group in self._groups]
        return Response(self.people, int(self.outputs.shape[1]), pieces)


# --- taking the matrix apart ---


@dataclass(frozen=True, slots=True)
class _Block:
    """Compartments that exchange; ``tree`` walks them as (known, next) pairs, or is None for no tree."""

    members: tuple[int, ...]
    tree: tuple[tuple[int, int], ...] | None


@cache
def _blocks(pattern: bytes, size: int) -> tuple[_Block, ...]:
    """The blocks of a pattern of flows, upstream first. ``pattern[i, j]`` says that j feeds i."""
    feeds = np.frombuffer(pattern, dtype=bool).reshape(size, size)
    reach = feeds | np.eye(size, dtype=bool)
    for _ in range(size):
        reach = reach @ reach
    together = reach & reach.T
    waiting: list[list[int]] = []
    for i in range(size):
        if not any(i in block for block in waiting):
            waiting.append([int(j) for j in np.flatnonzero(together[i])])
    ordered = []
    while waiting:
        block = next(
            block
            for block in waiting
            if not any(reach[np.ix_(block, other)].any() for other in waiting if other is not block)
        )
        waiting.remove(block)
        ordered.append(_Block(tuple(block), _tree(feeds, block)))
    return tuple(ordered)


def _tree(feeds: NDArray[np.bool_], block: list[int]) -> tuple[tuple[int, int], ...] | None:
    inner = feeds[np.ix_(block, block)]
    linked = [(i, j) for i in range(len(block)) for j in range(i) if inner[i, j] or inner[j, i]]
    if len(linked) != len(block) - 1 or not all(inner[i, j] and inner[j, i] for i, j in linked):
        return None
    walk: list[tuple[int, int]] = []
    known = {0}
    while len(known) < len(block):
        for i, j in linked:
            for here, there in ((i, j), (j, i)):
                if here in known and there not in known:
                    walk.append((here, there))
                    known.add(there)
    return tuple(walk)


def _take_apart(rates: Floats, outputs: Floats) -> list[_Modes]:
    people, size, _ = rates.shape
    blocks = _blocks((rates != 0).any(axis=0).tobytes(), size)
    into, back, lone = _block_modes(rates, blocks)
    triangle = into @ rates @ back
    # What arithmetic left above the triangle, and between orthogonal modes of one block, is rounding.
    rounding = np.triu(np.ones((size, size), dtype=bool), 1) | (lone & ~np.eye(size, dtype=bool))
    kept = None
    if rounding.sum() < size * (size - 1):
        triangle[:, rounding] = 0.0
        kept = _separate(triangle, into, back)
    roots = triangle.diagonal(axis1=1, axis2=2).copy()
    outward = outputs @ back
    if kept is None or not kept.any():
        alone = tuple(_Family((k,), roots[:, k], None, 0) for k in range(size))
        return [_Modes(np.arange(people), roots, into, outward, alone)]
    kinds, which = np.unique(kept.reshape(people, -1), axis=0, return_inverse=True)
    which = which.reshape(-1)
    found = []
    for k, kind in enumerate(kinds):
        rows = np.flatnonzero(which == k)
        pick: Any = slice(None) if len(rows) == people else rows
        families = tuple(_families(kind.reshape(size, size), roots[pick], triangle[pick]))
        found.append(_Modes(rows, roots[pick], into[pick], outward[pick], families))
    return found


def _separate(triangle: Anything, into: Anything, back: Anything) -> NDArray[np.bool_]:
    """Separate modes in place, keeping together no more than precision asks for; says what stayed coupled.

    A mode's condition (its length times its dual's) says how many digits separation costs. Whoever loses
    too many is done again with more modes kept together.
    """
    kept = np.zeros(triangle.shape, dtype=bool)
    todo = np.arange(len(triangle))
    for near in _NEAR:
        parts = [each[todo] for each in (triangle, into, back)]
        stayed = _eliminate(parts[0], parts[1], parts[2], near)
        condition = (np.abs(parts[2]).max(axis=1) * np.abs(parts[1]).max(axis=2)).max(axis=1)
        good = (condition <= _WORST_CONDITION) | (near == _NEAR[-1])
        done = todo[good]
        for whole, part in zip((triangle, into, back), parts, strict=True):
            whole[done] = part[good]
        kept[done] = stayed[good]
        todo = todo[~good]
        if not len(todo):
            break
    return kept


def _block_modes(rates: Floats, blocks: tuple[_Block, ...]) -> tuple[Anything, Anything, NDArray[np.bool_]]:
    """Amounts to modes, modes to amounts, and which pairs of modes share a block without coupling."""
    people, size, _ = rates.shape
    parts: list[tuple[Anything, Anything] | None] = []
    lone = np.zeros((size, size), dtype=bool)
    at = 0
    for block in blocks:
        span = slice(at, at + len(block.members))
        at += len(block.members)
        if len(block.members) == 1:
            parts.append(None)
            continue
        inner = rates[:, block.members][:, :, block.members]
        orthogonal = None if block.tree is None else _symmetric_modes(inner, block.tree)
        lone[span, span] = orthogonal is not None
        parts.append(_schur_modes(inner) if orthogonal is None else orthogonal)
    kind = complex if any(part is not None and np.iscomplexobj(part[0]) for part in parts) else float
    into = np.zeros((people, size, size), dtype=kind)
    back = np.zeros((people, size, size), dtype=kind)
    at = 0
    for block, part in zip(blocks, parts, strict=True):
        span = slice(at, at + len(block.members))
        into[:, span, block.members] = 1.0 if part is None else part[0]
        back[:, block.members, span] = 1.0 if part is None else part[1]
        at += len(block.members)
    return into, back, lone


def _symmetric_modes(inner: Floats, tree: tuple[tuple[int, int], ...]) -> tuple[Anything, Anything] | None:
    """Orthogonal modes of a tree of two-way exchanges, or None where some exchange is not two-way."""
    people, size, _ = inner.shape
    scale = np.ones((people, size))
    symmetric = np.zeros_like(inner)
    for i in range(size):
        symmetric[:, i, i] = inner[:, i, i]
    for here, there in tree:
        out, home = inner[:, there, here], inner[:, here, there]
        both = out * home
        if (both <= 0).any():
            return None
        scale[:, there] = scale[:, here] * np.sqrt(out / home)
        symmetric[:, there, here] = symmetric[:, here, there] = np.copysign(np.sqrt(both), out)
    if len(inner) < 48:
        _, vectors = np.linalg.eigh(symmetric)
    else:
        vectors = _rotate(symmetric)
    turned = np.swapaxes(vectors, 1, 2)
    return turned / scale[:, None, :], scale[:, :, None] * vectors


def _rotate(symmetric: Floats) -> Floats:
    """Eigenvectors by Jacobi's rotations, every person in step: far quicker than one LAPACK call each."""
    _, size, _ = symmetric.shape
    # (entry, entry, people), so that each entry is one contiguous run
    a = np.ascontiguousarray(np.moveaxis(symmetric, 0, -1))
    v = np.zeros_like(a)
    for i in range(size):
        v[i, i] = 1.0
    for _ in range(_MOST_SWEEPS):
        off = sum(np.abs(a[i, j]) for i in range(size) for j in range(i))
        whole = sum(np.abs(a[i, i]) for i in range(size))
        if (off <= 1e-17 * whole).all():
            break
        for p in range(size - 1):
            for q in range(p + 1, size):
                apq = a[p, q]
                still = apq == 0
                safe = np.where(still, 1.0, apq)
                theta = (a[q, q] - a[p, p]) / (2.0 * safe)
                t = np.where(theta >= 0, 1.0, -1.0) / (np.abs(theta) + np.sqrt(theta * theta + 1.0))
                t = np.where(still, 0.0, t)
                c = 1.0 / np.sqrt(t * t + 1.0)
                s = t * c
                shift = t * apq
                for k in range(size):
                    if k not in (p, q):
                        akp, akq = a[k, p].copy(), a[k, q].copy()
                        a[k, p] = a[p, k] = c * akp - s * akq
                        a[k, q] = a[q, k] = s * akp + c * akq
                    vkp = v[k, p].copy()
                    v[k, p] = c * vkp - s * v[k, q]
                    v[k, q] = s * vkp + c * v[k, q]
                a[p, p] = a[p, p] - shift
                a[q, q] = a[q, q] + shift
                a[p, q] = 0.0
                a[q, p] = 0.0
    else:
        raise _not_converged()
    return np.ascontiguousarray(np.moveaxis(v, -1, 0))


def _not_converged() -> ModelRefused:
    return ModelRefused(
        RefusalReason.NOT_CONVERGED, N_("the rates of this model could not be taken apart exactly enough")
    )


def _schur_modes(inner: Floats) -> tuple[Anything, Anything]:
    """Complex Schur form by shifted QR with deflation, reversed so that the triangle lies below: only the turns. Raises
    Refused where a root does not come out within _MOST_STEPS."""
    _, size, _ = inner.shape
    t = inner.astype(complex)
    q = np.broadcast_to(np.eye(size, dtype=complex), t.shape).copy()
    scale = np.abs(t).sum(axis=(1, 2))
    m = size
    tries = 0
    while m > 1:
        left = np.abs(t[:, m - 1, : m - 1]).sum(axis=1)
        if (left <= 1e-16 * scale).all():
            m -= 1
            tries = 0
            continue
        tries += 1
        if tries > _MOST_STEPS:
            raise _not_converged()
        a, b = t[:, m - 2, m - 2], t[:, m - 2, m - 1]
        c, d = t[:, m - 1, m - 2], t[:, m - 1, m - 1]
        mean, half = (a + d) / 2, np.sqrt(((a - d) / 2) ** 2 + b * c)
        one, two = mean + half, mean - half
        shift = np.where(np.abs(one - d) <= np.abs(two - d), one, two)
        if tries % 11 == 10:  # an exceptional shift breaks a rare cycle
            shift = shift + left * (0.75 + 0.4j)
        shift = np.where(left <= 1e-16 * scale, 0.0, shift)
        eye = np.eye(m, dtype=complex)
        unitary, upper = np.linalg.qr(t[:, :m, :m] - shift[:, None, None] * eye)
        done = (left <= 1e-16 * scale)[:, None, None]
        unitary = np.where(done, eye, unitary)
        new = np.where(done, t[:, :m, :m], upper @ unitary + shift[:, None, None] * eye)
        t[:, :m, :m] = new
        q[:, :, :m] = q[:, :, :m] @ unitary
    q = q[:, :, ::-1]
    return np.swapaxes(q.conj(), 1, 2), q


def _eliminate(triangle: Anything, into: Anything, back: Anything, within: float) -> NDArray[np.bool_]:
    """Remove couplings between modes whose roots differ by more than a part, in place; says which stayed."""
    people, size, _ = triangle.shape
    kept = np.zeros((people, size, size), dtype=bool)
    for apart in range(1, size):
        for j in range(size - apart):
            i = j + apart
            coupling = triangle[:, i, j].copy()
            if not coupling.any():
                continue
            here, there = triangle[:, i, i], triangle[:, j, j]
            gap = there - here
            near = np.abs(gap) <= within * np.maximum(np.abs(here), np.abs(there))
            stays = near & coupling.astype(bool)
            kept[:, i, j] = stays
            x = np.where(near, 0.0, coupling / np.where(near, 1.0, gap))
            triangle[:, :, j] += x[:, None] * triangle[:, :, i]
            triangle[:, i, :] -= x[:, None] * triangle[:, j, :]
            triangle[:, i, j] = np.where(stays, coupling, 0.0)
            back[:, :, j] += x[:, None] * back[:, :, i]
            into[:, i, :] -= x[:, None] * into[:, j, :]
    return kept


def _families(kept: NDArray[np.bool_], roots: Anything, triangle: Anything) -> list[_Family]:
    size = len(kept)
    linked = kept | kept.T
    families = []
    seen: set[int] = set()
    for first in range(size):
        if first in seen:
            continue
        members = {first}
        grown = True
        while grown:
            more = {int(j) for i in members for j in np.flatnonzero(linked[i])} - members
            members |= more
            grown = bool(more)
        seen |= members
        ordered = tuple(sorted(members))
        if len(ordered) == 1:
            families.append(_Family(ordered, roots[:, first], None, 0))
            continue
        own = roots[:, ordered]
        rate = own.mean(axis=1)
        matrix = triangle[:, ordered][:, :, ordered].copy()
        for k in range(len(ordered)):
            matrix[:, k, k] = own[:, k] - rate
        # how many further terms exp((M)t) needs until its mode has faded
        width = float(np.max(np.abs(own - rate[:, None]) / np.maximum(np.abs(rate), 1e-300)[:, None]))
        extra = 0
        term = 1.0
        while width > 1e-15 and term > 1e-15:
            extra += 1
            term *= width * _FADED / extra
        families.append(_Family(ordered, rate, matrix, len(ordered) - 1 + extra))
    return families


# --- pieces of time ---


@dataclass(frozen=True, slots=True)
class _Wave:
    """One family's part in every piece: ``exp(rate * dt) * sum(weights[..., q] * dt**q)``."""

    rate: Anything  # (N,)
    weights: Anything  # (N, S, o, degree + 1)
    forced: Anything  # (N, S, o) what the running input adds, as weight of (1 - exp(rate dt)); one mode only
    speaks: tuple[bool, ...]  # which outputs it reaches


@dataclass(frozen=True, slots=True)
class _Pieces:
    rows: NDArray[np.intp]
    starts: Floats  # (N or 1, S)
    steady: Floats  # (N, S, o)
    ramp: Floats | None  # (N, S, o)
    waves: tuple[_Wave, ...]
    fastest: float  # the largest root
    plain: bool  # nothing but real exponentials and levels


def _pieces(modes: _Modes, poured: list[tuple[int, Floats, Floats, Floats]]) -> _Pieces:
    people = len(modes.rows)

    def own(value: Floats) -> Floats:
        return value[modes.rows] if value.ndim else value

    pours = [(k, own(a), own(s), own(d)) for k, a, s, d in poured]
    starts = _starts(people, pours)
    flow, jump = _inputs(modes, starts, pours)
    lone = [k for f in modes.families if f.matrix is None for k in f.members]
    state, roots = _states(modes, starts, flow, jump)
    # modes that stand alone, all pieces and outputs in one go: (N, S, o, k)
    still = roots == 0
    moving = np.where(still, 1.0, roots)
    push = flow[:, :, lone]
    level = np.where(still[:, None], 0.0, -push / moving[:, None])
    toward = modes.outward[:, None, :, :][..., lone]
    forced = toward * level[:, :, None, :]
    weights = toward * (state[:, :, lone] - level)[:, :, None, :]
    steady = forced.sum(axis=3)
    ramp = (toward * np.where(still[:, None], push, 0.0)[:, :, None, :]).sum(axis=3) if still.any() else None
    waves = [_wave(roots[:, k], weights[..., k, None], forced[..., k]) for k in range(len(lone))]
    for family in modes.families:
        if family.matrix is not None:
            held, wave = _together(modes, family, state, flow)
            steady = steady + held
            waves.append(wave)
    return _Pieces(
        rows=modes.rows,
        starts=starts,
        steady=np.real(steady),
        ramp=None if ramp is None else np.real(ramp),
        waves=tuple(waves),
        fastest=float(np.abs(modes.roots).max()) if modes.roots.size else 0.0,
        plain=ramp is None and modes.inward.dtype.kind == "f" and len(lone) == len(modes.families),
    )


def _wave(rate: Anything, weights: Anything, forced: Anything) -> _Wave:
    reached: Any = weights.any(axis=(0, 1, 3)) | forced.any(axis=(0, 1))
    return _Wave(rate=rate, weights=weights, forced=forced, speaks=tuple(bool(each) for each in reached))


def _inputs(
    modes: _Modes, starts: Floats, pours: list[tuple[int, Floats, Floats, Floats]]
) -> tuple[Anything, Anything]:
    """What flows into every mode during each piece, and what jumps in as it begins: (N, S, n) twice."""
    shape = (len(modes.rows), starts.shape[1], modes.roots.shape[1])
    flow = np.zeros(shape, dtype=modes.inward.dtype)
    jump = np.zeros(shape, dtype=modes.inward.dtype)
    for compartment, amount, start, duration in pours:
        direction = modes.inward[:, None, :, compartment]
        infused = duration > _AT_ONCE
        begin = start[:, None] if start.ndim else start
        if infused.any():
            rate = np.where(infused, amount / np.where(infused, duration, 1.0), 0.0)
            end = start + duration
            running = (starts >= begin) & (starts < (end[:, None] if end.ndim else end))
            flow += ((rate[:, None] if rate.ndim else rate) * running)[:, :, None] * direction
        if not infused.all():
            at_once = np.where(infused, 0.0, amount)
            hit = starts == begin
            first = hit & (np.cumsum(hit, axis=1) == 1)
            jump += ((at_once[:, None] if at_once.ndim else at_once) * first)[:, :, None] * direction
    return flow, jump


def _states(modes: _Modes, starts: Floats, flow: Anything, jump: Anything) -> tuple[Anything, Anything]:
    """The modes as each piece begins (N, S, n), and the roots of those that stand alone (N, k)."""
    lone = [k for f in modes.families if f.matrix is None for k in f.members]
    roots = modes.roots[:, lone]
    lengths = starts[:, 1:] - starts[:, :-1]
    state = np.empty_like(jump)
    state[:, 0] = jump[:, 0]
    for s in range(starts.shape[1] - 1):
        length = lengths[:, s, None]
        after = np.empty_like(state[:, s])
        after[:, lone] = state[:, s][:, lone] * np.exp(roots * length)
        if flow[:, s].any():
            after[:, lone] += flow[:, s][:, lone] * _filled(roots, length)
        for family in modes.families:
            if family.matrix is None:
                continue
            members = list(family.members)
            level = _level(family, flow[:, s, members])
            term = state[:, s, members] - level
            grown = np.zeros_like(term)
            for q in range(family.degree + 1):
                grown = grown + term * length**q
                term = _applied(family.matrix, term) / (q + 1)
            after[:, members] = level + np.exp(family.rate[:, None] * length) * grown
        state[:, s + 1] = after + jump[:, s + 1]
    return state, roots


def _applied(matrix: Anything, vectors: Anything) -> Anything:
    """Everyone's matrix times everyone's vector: (N, m)."""
    return (matrix @ vectors[..., None]).squeeze(axis=-1)


def _level(family: _Family, push: Anything) -> Anything:
    """Where a family of modes would settle under a lasting input."""
    if not push.any() or family.matrix is None:
        return np.zeros_like(push)
    full = family.matrix + family.rate[:, None, None] * np.eye(len(family.members))
    return -np.linalg.solve(full, push[..., None]).squeeze(axis=-1)


def _together(modes: _Modes, family: _Family, state: Anything, flow: Anything) -> tuple[Anything, _Wave]:
    """A family's steady part (N, S, o) and its wave."""
    members = list(family.members)
    people, spans, _ = state.shape
    toward = modes.outward[:, :, members]
    _, outputs, _ = toward.shape
    steady = np.zeros((people, spans, outputs), dtype=state.dtype)
    weights = np.zeros((people, spans, outputs, family.degree + 1), dtype=state.dtype)
    assert family.matrix is not None
    for s in range(spans):
        level = _level(family, flow[:, s, members])
        steady[:, s] = _applied(toward, level)
        term = state[:, s, members] - level
        for q in range(family.degree + 1):
            weights[:, s, :, q] = _applied(toward, term)
            term = _applied(family.matrix, term) / (q + 1)
    return steady, _wave(family.rate, weights, np.zeros_like(steady))


def _filled(root: Anything, length: Anything) -> Anything:
    """The integral of exp(root * t) over a piece, right for vanishing roots."""
    still = root == 0
    return np.where(still, length, np.expm1(root * length) / np.where(still, 1.0, root))


def _starts(people: int, pours: list[tuple[int, Floats, Floats, Floats]]) -> Floats:
    if not pours:
        return np.zeros((1, 1))
    edges = []
    for _, _, start, duration in pours:
        edges.append(start)
        if np.any(duration > _AT_ONCE):
            edges.append(np.asarray(start + duration))
    if all(edge.min() == edge.max() for edge in edges):
        return np.unique([float(edge.min()) for edge in edges])[None, :]
    return np.sort(np.stack([np.broadcast_to(edge, (people,)) for edge in edges], axis=1), axis=1)


class Response:
    """What went in, as closed-form curves: ``at`` instants, ``area`` between two, ``slope``."""

    def __init__(self, people: int, outputs: int, pieces: list[_Pieces]) -> None:
        self.people = people
        self.outputs = outputs
        self._pieces = pieces

    @property
    def fastest(self) -> float:
        """The largest root of anyone: one over the shortest time in which anything happens."""
        return max(part.fastest for part in self._pieces)

    @property
    def slowest(self) -> float:
        """The smallest root that is not zero: one over the longest time that anything takes."""
        small = [np.abs(wave.rate.real) for part in self._pieces for wave in part.waves]
        some = np.concatenate([each[each > 0] for each in small]) if small else np.zeros(0)
        return float(some.min()) if some.size else 0.0

    def exponentials(self, output: int) -> list[tuple[float, list[tuple[Floats, Floats]]]]:
        """One output as it stands: per piece its start and (rate (N,), weight (N,)) of every exponential.

        Only where everyone's inputs start together and no roots coincide; raises ValueError otherwise.
        """
        found = []
        if any(part.starts.shape[0] > 1 or not part.plain for part in self._pieces):
            raise ValueError("this response is more than a sum of exponentials shared by all")
        for s, start in enumerate(self._pieces[0].starts[0]):
            count = len(self._pieces[0].waves) + 1
            terms = [(np.zeros(self.people), np.zeros(self.people)) for _ in range(count)]
            for part in self._pieces:
                terms[0][1][part.rows] = part.steady[:, s, output]
                for k, wave in enumerate(part.waves):
                    terms[k + 1][0][part.rows] = wave.rate
                    terms[k + 1][1][part.rows] = wave.weights[:, s, output].squeeze(axis=-1)
            found.append((float(start), terms))
        return found

    def at(self, times: ArrayLike, outputs: Sequence[int] | None = None) -> Floats:
        """Outputs at ``times``: (T,) shared, or (N, T) one row per person. Gives (N, o, T), never below 0."""
        return self._evaluate(np.asarray(times, dtype=float), outputs, "value")

    def slope(self, times: ArrayLike, outputs: Sequence[int] | None = None) -> Floats:
        """Rate of change just after each instant: (N, o, T)."""
        return self._evaluate(np.asarray(times, dtype=float), outputs, "slope")

    def area_until(self, times: ArrayLike, outputs: Sequence[int] | None = None) -> Floats:
        """Area under each curve from the beginning until ``times``: (N, o, T)."""
        return self._evaluate(np.asarray(times, dtype=float), outputs, "area")

    def area(self, start: float, end: float, outputs: Sequence[int] | None = None) -> Floats:
        """Area under each curve between two instants: (N, o)."""
        both = self.area_until(np.array([start, end]), outputs)
        return both[:, :, 1] - both[:, :, 0]

    def _evaluate(self, times: Floats, outputs: Sequence[int] | None, what: str) -> Floats:
        chosen = list(range(self.outputs)) if outputs is None else list(outputs)
        if times.ndim == 0:
            times = times[None]
        if times.ndim == 1:
            grid = _even_step(times) if len(times) >= _GRID else None
            rising = (grid is not None and grid > 0) or not (times[1:] < times[:-1]).any()
            order = None if rising else np.argsort(times, kind="stable")
            ordered = times if order is None else times[order]
            result = np.empty((self.people, len(chosen), len(times)))
            for part in self._pieces:
                whole = len(part.rows) == self.people
                target = result if whole else np.empty((len(part.rows), len(chosen), len(times)))
                if part.starts.shape[0] == 1:
                    _shared(part, ordered, chosen, what, target, grid if rising else None)
                else:
                    _scattered(part, ordered, chosen, what, target)
                if not whole:
                    result[part.rows] = target
            if order is not None:
                unordered = np.empty_like(result)
                unordered[:, :, order] = result
                return unordered
            return result
        result = np.empty((self.people, len(chosen), times.shape[1]))
        for part in self._pieces:
            result[part.rows] = _piece_values(part, times[part.rows], chosen, what)
        return result


def _shared(part: _Pieces, times: Floats, chosen: list[int], what: str, target: Floats, grid: float | None) -> None:
    """Everyone's inputs start and stop together: each piece is one contiguous run of times."""
    starts = part.starts[0]
    people = len(part.rows)
    cuts = np.searchsorted(times, starts, side="left")
    target[:, :, : cuts[0]] = 0.0
    edges = [*cuts.tolist(), len(times)]
    if what == "area":
        base = _areas_at_starts(part, chosen)
    early = _EARLY / part.fastest if part.fastest > 0 else 0.0
    everyone = slice(None)
    step = max(1, _BLOCK // max(1, len(times)))
    for s, start in enumerate(starts):
        low, high = edges[s], edges[s + 1]
        if low == high:
            continue
        dt = times[low:high] - start
        out = target[:, :, low:high]
        if what == "slope":
            out[...] = _slopes(part, everyone, s, chosen, dt)
        elif what == "area":
            out[...] = base[:, s, :, None] + _areas(part, everyone, s, chosen, dt)
        else:
            near = int(np.searchsorted(dt, early)) if _running(part, everyone, s, chosen) else 0
            if near:
                out[:, :, :near] = _early_values(part, everyone, s, chosen, dt[:near])
            if near < len(dt):
                for first in range(0, people, step):
                    some = slice(first, min(first + step, people))
                    _values(part, some, s, chosen, dt[near:], out[some, :, near:], grid)


def _running(part: _Pieces, some: slice, s: int, chosen: list[int]) -> bool:
    return bool(part.steady[some, s][:, chosen].any())


def _values(part: _Pieces, some: slice, s: int, chosen: list[int], dt: Floats, out: Floats, grid: float | None) -> None:
    """The inner loop: one exponential per person, instant and mode, and nothing dearer."""
    people = out.shape[0]
    if grid is not None and part.plain and len(dt) >= _GRID:
        _grid_values(part, some, s, chosen, (float(dt[0]), grid), out)
        return
    for column, o in enumerate(chosen):
        here = out[:, column]
        if part.ramp is None:
            here[...] = part.steady[some, s, o, None]
        else:
            np.multiply(part.ramp[some, s, o, None], dt, out=here)
            here += part.steady[some, s, o, None]
    buffer = np.empty((people, len(dt)))
    for wave in part.waves:
        reached = [(column, o) for column, o in enumerate(chosen) if wave.speaks[o]]
        if not reached:
            continue
        rate = wave.rate[some]
        if np.iscomplexobj(rate):
            swing = np.exp(rate[:, None] * dt)
            for column, o in reached:
                out[:, column] += (_polynomial(wave.weights[some, s, o], dt) * swing).real
            continue
        np.multiply(rate[:, None], dt, out=buffer)
        np.exp(buffer, out=buffer)
        for number, (column, o) in enumerate(reached):
            weights = wave.weights[some, s, o]
            if weights.shape[1] > 1:
                out[:, column] += _polynomial(weights, dt) * buffer
            elif number + 1 < len(reached):
                out[:, column] += weights * buffer
            else:
                np.multiply(buffer, weights, out=buffer)
                out[:, column] += buffer
    np.maximum(out, 0.0, out=out)  # an amount that rounding took below nothing is nothing


def _even_step(dt: Floats) -> float | None:
    """The spacing of an even grid, or None where the instants are not evenly spaced to the last digits."""
    step = float(dt[-1] - dt[0]) / (len(dt) - 1)
    ideal = step * np.arange(len(dt))
    ideal += dt[0]
    ideal -= dt
    return step if bool(np.abs(ideal, out=ideal).max() <= 1e-14 * max(abs(float(dt[0])), abs(float(dt[-1])))) else None


def _grid_values(part: _Pieces, some: slice, s: int, chosen: list[int], grid: tuple[float, float], out: Floats) -> None:
    """On an even grid exp(k(a + b)) = exp(ka) exp(kb): a few coarse and fine exponentials, then products."""
    people, _, count = out.shape
    fine = max(1, round(count**0.5))
    coarse = -(-count // fine)
    first, step = grid
    for column, o in enumerate(chosen):
        waves = [wave for wave in part.waves if wave.speaks[o]]
        rates = np.empty((people, len(waves)))
        weights = np.empty((people, len(waves)))
        for k, wave in enumerate(waves):
            rates[:, k] = wave.rate[some]
            weights[:, k] = wave.weights[some, s, o].squeeze(axis=-1)
        left = np.empty((people, coarse, len(waves) + 1))
        left[:, :, 0] = part.steady[some, s, o, None]
        np.multiply(rates[:, None, :], (first + step * fine * np.arange(coarse))[:, None], out=left[:, :, 1:])
        np.exp(left[:, :, 1:], out=left[:, :, 1:])
        left[:, :, 1:] *= weights[:, None, :]
        right = np.empty((people, len(waves) + 1, fine))
        right[:, 0] = 1.0
        np.multiply(rates[:, :, None], step * np.arange(fine), out=right[:, 1:])
        np.exp(right[:, 1:], out=right[:, 1:])
        product = (left @ right).reshape(people, coarse * fine)
        np.maximum(product[:, :count], 0.0, out=out[:, column])


def _polynomial(weights: Anything, dt: Floats) -> Anything:
    """(N, degree + 1) weights at (T,) or (N, T) distances, by Horner."""
    total = np.broadcast_to(weights[:, -1:], (len(weights), dt.shape[-1])).copy()
    for q in range(weights.shape[1] - 2, -1, -1):
        total *= dt
        total += weights[:, q : q + 1]
    return total


def _early_values(part: _Pieces, some: slice, s: int, chosen: list[int], dt: Floats) -> Floats:
    """Just after an input began, where a steady level and its exponentials nearly cancel.

    What every lone mode is pushed towards is taken out of the steady level and written with expm1.
    """
    people = part.steady[some].shape[0]
    out = np.zeros((people, len(chosen), len(dt)))
    for column, o in enumerate(chosen):
        if part.ramp is not None:
            out[:, column] += part.ramp[some, s, o, None] * dt
        kept = part.steady[some, s, o].copy()
        for wave in part.waves:
            weights = wave.weights[some, s, o]
            rate = wave.rate[some, None]
            if weights.shape[1] == 1:
                forced = wave.forced[some, s, o]
                kept = kept - forced.real
                value = (weights[:, :1] + forced[:, None]) * np.exp(rate * dt) - forced[:, None] * np.expm1(rate * dt)
            else:
                value = _polynomial(weights, dt) * np.exp(rate * dt)
            out[:, column] += value.real
        if any(wave.weights.shape[3] > 1 for wave in part.waves):  # else nothing but rounding is left
            out[:, column] += kept[:, None]
    return np.maximum(out, 0.0)


def _slopes(part: _Pieces, some: slice, s: int, chosen: list[int], dt: Floats) -> Floats:
    people = part.steady[some].shape[0]
    out = np.zeros((people, len(chosen), len(dt)))
    for column, o in enumerate(chosen):
        if part.ramp is not None:
            out[:, column] += part.ramp[some, s, o, None]
        for wave in part.waves:
            if wave.speaks[o]:
                out[:, column] += _slope(wave.rate[some], wave.weights[some, s, o], dt)
    return out


def _slope(rate: Anything, weights: Anything, dt: Floats) -> Floats:
    swing = np.exp(rate[:, None] * dt)
    total = rate[:, None] * _polynomial(weights, dt)
    if weights.shape[1] > 1:
        powers = np.arange(1, weights.shape[1])
        total = total + _polynomial(weights[:, 1:] * powers, dt)
    slope: Floats = (total * swing).real
    return slope


def _areas(part: _Pieces, some: slice, s: int, chosen: list[int], dt: Floats) -> Floats:
    people = part.steady[some].shape[0]
    out = np.zeros((people, len(chosen), dt.shape[-1]))
    for column, o in enumerate(chosen):
        out[:, column] += part.steady[some, s, o, None] * dt
        if part.ramp is not None:
            out[:, column] += part.ramp[some, s, o, None] * dt * dt / 2
        for wave in part.waves:
            if wave.speaks[o]:
                out[:, column] += _wave_area(wave.rate[some], wave.weights[some, s, o], dt)
    return out


def _wave_area(rate: Anything, weights: Anything, dt: Floats) -> Floats:
    """The integral of exp(rate t) * polynomial from 0 to dt, by parts."""
    root = rate[:, None]
    whole = np.broadcast_to(_filled(root, dt), (len(rate), dt.shape[-1])).copy()
    total = weights[:, :1] * whole
    swing = np.exp(root * dt)
    power: Anything = np.ones_like(dt)
    safe = np.where(root == 0, 1.0, root)
    for q in range(1, weights.shape[1]):
        power = power * dt
        whole = np.where(root == 0, power * dt / (q + 1), (power * swing - q * whole) / safe)
        total = total + weights[:, q : q + 1] * whole
    area: Floats = total.real
    return area


def _areas_at_starts(part: _Pieces, chosen: list[int]) -> Floats:
    """Area gathered before each piece begins: (N, S, o)."""
    people, spans = part.steady.shape[:2]
    base = np.zeros((people, spans, len(chosen)))
    everyone = slice(None)
    for s in range(spans - 1):
        length = np.broadcast_to((part.starts[:, s + 1] - part.starts[:, s])[:, None], (people, 1))
        base[:, s + 1] = base[:, s] + _areas(part, everyone, s, chosen, length).squeeze(axis=-1)
    return base


def _scattered(part: _Pieces, times: Floats, chosen: list[int], what: str, target: Floats) -> None:
    people = len(part.rows)
    step = max(1, _BLOCK // max(1, len(times)))
    for first in range(0, people, step):
        last = min(first + step, people)
        wide = np.broadcast_to(times, (last - first, len(times)))
        target[first:last] = _piece_values(part, wide, chosen, what, slice(first, last))


def _piece_values(part: _Pieces, times: Floats, chosen: list[int], what: str, some: slice | None = None) -> Floats:
    """Each person with own instants: find the piece for every instant, then gather its weights."""
    rows = slice(0, len(part.rows)) if some is None else some
    people = times.shape[0]
    starts = np.broadcast_to(part.starts, (len(part.rows), part.starts.shape[1]))[rows]
    piece = np.zeros(times.shape, dtype=np.intp)
    for s in range(1, starts.shape[1]):
        piece += times >= starts[:, s : s + 1]
    dt = np.maximum(times - np.take_along_axis(starts, piece, axis=1), 0.0)
    where = _Where(rows, np.arange(people)[:, None], piece, dt, times < starts[:, :1])
    base = _areas_at_starts(part, chosen)[rows] if what == "area" else None
    out = np.zeros((people, len(chosen), times.shape[1]))
    for column, o in enumerate(chosen):
        here = out[:, column]
        if what == "value":
            here += _gathered_values(part, where, o)
            np.maximum(here, 0.0, out=here)
        else:
            here += _gathered(part, where, o, what)
            if base is not None:
                here += base[:, :, column][where.line, piece]
        here[where.before] = 0.0
    return out


@dataclass(frozen=True, slots=True)
class _Where:
    """Which people, and for each of their instants the piece it lies in and how far into it."""

    rows: slice
    line: NDArray[np.intp]
    piece: NDArray[np.intp]
    dt: Floats
    before: NDArray[np.bool_]


def _gathered_values(part: _Pieces, where: _Where, o: int) -> Floats:
    """Values at scattered instants; just after an input began, with expm1 as in ``_early_values``."""
    late = _gathered(part, where, o, "value")
    early = where.dt * part.fastest < _EARLY
    if not early.any():
        return late
    dt, line, piece = where.dt, where.line, where.piece
    alone = all(wave.weights.shape[3] == 1 for wave in part.waves)
    soon = np.zeros_like(dt) if alone else part.steady[where.rows, :, o][line, piece]
    if part.ramp is not None:
        soon = soon + part.ramp[where.rows, :, o][line, piece] * dt
    for wave in part.waves:
        if not wave.speaks[o]:
            continue
        rate = wave.rate[where.rows, None]
        weights = wave.weights[where.rows, :, o]
        if weights.shape[2] > 1:
            soon = soon + _in_pieces(weights, wave.rate[where.rows], where, "value")
            continue
        forced = wave.forced[where.rows, :, o][line, piece]
        value = (weights.squeeze(axis=-1)[line, piece] + forced) * np.exp(rate * dt) - forced * np.expm1(rate * dt)
        soon = soon + (value if alone else value - forced).real
    return np.where(early, soon, late)


def _gathered(part: _Pieces, where: _Where, o: int, what: str) -> Floats:
    """Values, slopes, or areas within the piece, at scattered instants."""
    dt, line, piece = where.dt, where.line, where.piece
    here = np.zeros_like(dt)
    if what != "slope":
        here += part.steady[where.rows, :, o][line, piece] * (dt if what == "area" else 1.0)
    if part.ramp is not None:
        ramp = part.ramp[where.rows, :, o][line, piece]
        here += {"value": ramp * dt, "slope": ramp, "area": ramp * dt * dt / 2}[what]
    for wave in part.waves:
        if not wave.speaks[o]:
            continue
        rate = wave.rate[where.rows, None]
        weights = wave.weights[where.rows, :, o]
        if weights.shape[2] > 1:
            here += _in_pieces(weights, wave.rate[where.rows], where, what)
            continue
        weight = weights.squeeze(axis=-1)[line, piece]
        if what == "area":
            here += (weight * _filled(rate, dt)).real
        else:
            here += (weight * (1.0 if what == "value" else rate) * np.exp(rate * dt)).real
    return here


def _in_pieces(weights: Anything, rate: Anything, where: _Where, what: str) -> Floats:
    """A family of modes at scattered instants, piece by piece."""
    total = np.zeros_like(where.dt)
    for s in range(weights.shape[1]):
        inside = where.piece == s
        if not inside.any():
            continue
        if what == "value":
            value = (_polynomial(weights[:, s], where.dt) * np.exp(rate[:, None] * where.dt)).real
        elif what == "slope":
            value = _slope(rate, weights[:, s], where.dt)
        else:
            value = _wave_area(rate, weights[:, s], where.dt)
        total += np.where(inside, value, 0.0)
    return total
