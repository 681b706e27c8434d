"""Linear compartment systems solved exactly, for many people at once.

``dx/dt = A x + inputs`` has one solution; nothing here steps through time. The matrix is taken apart into
modes once per person, after which a concentration at any instant is a sum of a few exponentials:

1. Compartments that exchange with each other form a block. A tree of exchanges (every mammillary or catenary
   body) is similar to a symmetric matrix, so its roots are real and its modes orthogonal; any other block is
   brought to complex Schur form. Neither can fail, whatever the roots.
2. Blocks feed each other one way (depot, plasma, metabolite). Couplings between modes whose roots differ are
   eliminated by exact similarities. Couplings between roots that are equal, or nearly so, stay: those few
   modes are kept together and answer with ``exp(-kt)`` times a polynomial, which is the limit that a
   division by a vanishing difference would have missed.
3. Time is cut where an input starts or stops; within a piece every output is a constant, plus a ramp where
   a root is zero, plus exponentials times polynomials. That piecewise form is the answer; it can be
   evaluated, integrated and differentiated without further approximation.

Units are the caller's: rates per unit time, amounts, and outputs as rows that weigh amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Anything = NDArray[Any]

# Roots closer than this (relative) are kept together. Apart, elimination loses at most its square root of
# digits for three such roots; together, the polynomial converges fast enough. See tests/clinical/pk.
_NEAR = 3e-2
# Beyond this many time constants a mode has faded below anything that a double can add to its neighbours.
_FADED = 60.0
# How far a mode moves before 1 - exp(-x) is safe without expm1.
_EARLY = 1e-3
# From this many evenly spaced instants on, products of exponentials replace exponentials.
_GRID = 48
# Values held in cache while a block of people is evaluated.
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class Pour:
    """An amount that enters a compartment, at once (duration 0) or evenly over its duration.

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
    triangle: Anything  # (N, n, n) lower triangular: roots and the couplings that stayed
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

    def respond(self, pours: Sequence[Pour]) -> Response:
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


def _take_apart(rates: Floats, outputs: Floats) -> list[_Modes]:
    people, size, _ = rates.shape
    pattern = (rates != 0).any(axis=0)
    blocks = _blocks(pattern)
    into, back, lone = _block_modes(rates, blocks)
    triangle = into @ rates @ back
    couplings = _eliminate(triangle, into, back, lone)
    roots = np.einsum("pii->pi", triangle).copy()
    outward = outputs @ back
    if not couplings.any():
        groups = [(np.arange(people), np.zeros((size, size), dtype=bool))]
    else:
        kinds, which = np.unique(couplings.reshape(people, -1), axis=0, return_inverse=True)
        which = which.reshape(-1)
        groups = [(np.flatnonzero(which == k), kinds[k].reshape(size, size)) for k in range(len(kinds))]
    found = []
    for rows, kept in groups:
        everyone = len(rows) == people
        pick: Any = slice(None) if everyone else rows
        part = _Modes(
            rows=rows,
            roots=roots[pick],
            inward=into[pick],
            outward=outward[pick],
            triangle=triangle[pick],
            families=tuple(_families(kept, roots[pick], triangle[pick])),
        )
        found.append(part)
    return found


def _blocks(pattern: NDArray[np.bool_]) -> list[list[int]]:
    """Compartments that exchange, upstream first. ``pattern[i, j]`` says that j feeds i."""
    size = len(pattern)
    reach = pattern | np.eye(size, dtype=bool)
    for _ in range(max(1, ceil(log(size + 1, 2)))):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    together = reach & reach.T
    blocks: list[list[int]] = []
    seen: set[int] = set()
    for i in range(size):
        if i not in seen:
            block = [int(j) for j in np.flatnonzero(together[i])]
            seen.update(block)
            blocks.append(block)
    # upstream blocks reach more; ties keep their order
    ordered: list[list[int]] = []
    waiting = blocks[:]
    while waiting:
        for block in waiting:
            fed = any(reach[block[0], other[0]] for other in waiting if other is not block)
            if not fed:
                ordered.append(block)
                waiting.remove(block)
                break
    return ordered


def _block_modes(rates: Floats, blocks: list[list[int]]) -> tuple[Anything, Anything, NDArray[np.bool_]]:
    """Amounts to modes, modes to amounts, and which pairs of modes share a block without coupling."""
    people, size, _ = rates.shape
    parts: list[tuple[Anything, Anything]] = []
    lone = np.zeros((size, size), dtype=bool)
    at = 0
    for block in blocks:
        span = slice(at, at + len(block))
        at += len(block)
        if len(block) == 1:
            one = np.ones((people, 1, 1))
            parts.append((one, one))
            continue
        inner = rates[:, block][:, :, block]
        orthogonal = _symmetric_modes(inner)
        lone[span, span] = orthogonal is not None
        parts.append(_schur_modes(inner) if orthogonal is None else orthogonal)
    kind = complex if any(np.iscomplexobj(part[0]) for part in parts) else float
    into = np.zeros((people, size, size), dtype=kind)
    back = np.zeros((people, size, size), dtype=kind)
    at = 0
    for block, (inward, outward) in zip(blocks, parts, strict=True):
        span = slice(at, at + len(block))
        into[:, span, block] = inward
        back[:, block, span] = outward
        at += len(block)
    return into, back, lone


def _symmetric_modes(inner: Floats) -> tuple[Anything, Anything] | None:
    """Orthogonal modes of a tree of two-way exchanges, or None where the block is no such tree."""
    size = inner.shape[1]
    pairs = [(i, j) for i in range(size) for j in range(i) if (inner[:, i, j] != 0).any()]
    both = all((inner[:, i, j] * inner[:, j, i] > 0).all() for i, j in pairs)
    links = sum(1 for i in range(size) for j in range(i) if (inner[:, [i, j], [j, i]] != 0).any())
    if not both or len(pairs) != size - 1 or links != size - 1:
        return None
    scale = np.ones(inner.shape[:2])
    known = {0}
    while len(known) < size:
        for i, j in pairs:
            for here, there in ((i, j), (j, i)):
                if here in known and there not in known:
                    ratio = np.sqrt(inner[:, there, here] / inner[:, here, there])
                    scale[:, there] = scale[:, here] * ratio
                    known.add(there)
    symmetric = np.zeros_like(inner)
    for i in range(size):
        symmetric[:, i, i] = inner[:, i, i]
    for i, j in pairs:
        root = np.sign(inner[:, i, j]) * np.sqrt(inner[:, i, j] * inner[:, j, i])
        symmetric[:, i, j] = root
        symmetric[:, j, i] = root
    if len(inner) < 48:
        _, vectors = np.linalg.eigh(symmetric)
    else:
        vectors = _rotate(symmetric)
    turned = np.swapaxes(vectors, 1, 2)
    return turned / scale[:, None, :], scale[:, :, None] * vectors


def _rotate(symmetric: Floats) -> Floats:
    """Eigenvectors by Jacobi's rotations, every person in step: far quicker than one LAPACK call each."""
    size = symmetric.shape[1]
    # (entry, entry, people), so that each entry is one contiguous run
    a = np.ascontiguousarray(np.moveaxis(symmetric, 0, -1))
    v = np.zeros_like(a)
    for i in range(size):
        v[i, i] = 1.0
    for _ in range(40):
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
    return np.ascontiguousarray(np.moveaxis(v, -1, 0))


def _schur_modes(inner: Floats) -> tuple[Anything, Anything]:
    """Complex Schur form by shifted QR with deflation, reversed so that the triangle lies below."""
    people, size, _ = inner.shape
    t = inner.astype(complex)
    q = np.broadcast_to(np.eye(size, dtype=complex), t.shape).copy()
    scale = np.abs(t).sum(axis=(1, 2))
    m = size
    tries = 0
    while m > 1:
        left = np.abs(t[:, m - 1, : m - 1]).sum(axis=1)
        if (left <= 1e-16 * scale).all() or tries > 400:
            m -= 1
            tries = 0
            continue
        tries += 1
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
        t[:, :m, m:] = np.swapaxes(unitary.conj(), 1, 2) @ t[:, :m, m:]
        t[:, :m, :m] = new
        q[:, :, :m] = q[:, :, :m] @ unitary
    q = q[:, :, ::-1]
    return np.swapaxes(q.conj(), 1, 2), q


def _eliminate(
    triangle: Anything, into: Anything, back: Anything, lone: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Remove couplings between modes with different roots, in place; says which couplings stayed."""
    people, size, _ = triangle.shape
    # What arithmetic left above the triangle, and between orthogonal modes of one block, is rounding.
    for i in range(size):
        for j in range(size):
            if i < j or (i > j and lone[i, j]):
                triangle[:, i, j] = 0.0
    kept = np.zeros((people, size, size), dtype=bool)
    for apart in range(1, size):
        for j in range(size - apart):
            i = j + apart
            coupling = triangle[:, i, j]
            if not coupling.any():
                continue
            here, there = triangle[:, i, i], triangle[:, j, j]
            gap = there - here
            near = np.abs(gap) <= _NEAR * np.maximum(np.abs(here), np.abs(there))
            stays = near & (coupling != 0)
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
    spans = starts.shape[1]
    size = modes.roots.shape[1]
    kind = modes.inward.dtype
    flow = np.zeros((people, spans, size), dtype=kind)
    jump = np.zeros((people, spans, size), dtype=kind)
    for compartment, amount, start, duration in pours:
        direction = modes.inward[:, :, compartment]
        infused = duration > 0
        rate = np.where(infused, amount / np.where(infused, duration, 1.0), 0.0)
        if np.any(infused):
            running = (starts >= np.atleast_1d(start)[:, None]) & (
                starts < np.atleast_1d(start + duration)[:, None]
            )
            strength = np.atleast_1d(rate)[:, None] * running
            flow += strength[:, :, None] * direction[:, None, :]
        if not np.all(infused):
            at_once = np.where(infused, 0.0, amount)
            hit = starts == np.atleast_1d(start)[:, None]
            first = hit & (np.cumsum(hit, axis=1) == 1)
            jump += (np.atleast_1d(at_once)[:, None] * first)[:, :, None] * direction[:, None, :]
    state = np.zeros((people, size), dtype=kind)
    outputs = modes.outward.shape[1]
    steady = np.zeros((people, spans, outputs), dtype=kind)
    ramp = np.zeros((people, spans, outputs), dtype=kind)
    weights = [np.zeros((people, spans, outputs, f.degree + 1), dtype=kind) for f in modes.families]
    forced = [np.zeros((people, spans, outputs), dtype=kind) for f in modes.families]
    for s in range(spans):
        state = state + jump[:, s]
        length = starts[:, s + 1] - starts[:, s] if s + 1 < spans else None
        moved = np.zeros_like(state)
        for number, family in enumerate(modes.families):
            members = list(family.members)
            z = state[:, members]
            f = flow[:, s, members]
            toward = modes.outward[:, :, members]
            if family.matrix is None:
                root = family.rate
                still = root == 0
                level = np.where(still, 0.0, -f[:, 0] / np.where(still, 1.0, root))
                steady[:, s] += toward[:, :, 0] * level[:, None]
                forced[number][:, s] = toward[:, :, 0] * level[:, None]
                ramp[:, s] += toward[:, :, 0] * np.where(still, f[:, 0], 0.0)[:, None]
                weights[number][:, s, :, 0] = toward[:, :, 0] * (z[:, 0] - level)[:, None]
                if length is not None:
                    moved[:, members[0]] = z[:, 0] * np.exp(root * length) + f[:, 0] * _filled(root, length)
            else:
                full = family.matrix + family.rate[:, None, None] * np.eye(len(members))
                level = -np.linalg.solve(full, f[:, :, None])[:, :, 0] if f.any() else np.zeros_like(f)
                steady[:, s] += (toward @ level[:, :, None])[:, :, 0]
                term = z - level
                grown = np.zeros_like(term)
                for q in range(family.degree + 1):
                    weights[number][:, s, :, q] = (toward @ term[:, :, None])[:, :, 0]
                    if length is not None:
                        grown = grown + term * (length**q)[:, None]
                    term = (family.matrix @ term[:, :, None])[:, :, 0] / (q + 1)
                if length is not None:
                    moved[:, members] = level + np.exp(family.rate * length)[:, None] * grown
        state = moved
    waves = tuple(
        _Wave(
            rate=family.rate,
            weights=weights[number],
            forced=forced[number],
            speaks=tuple(
                bool(weights[number][:, :, o].any() or forced[number][:, :, o].any()) for o in range(outputs)
            ),
        )
        for number, family in enumerate(modes.families)
    )
    return _Pieces(
        rows=modes.rows,
        starts=starts,
        steady=np.real(steady),
        ramp=np.real(ramp) if ramp.any() else None,
        waves=waves,
        fastest=float(np.max(np.abs(modes.roots), initial=0.0)),
        plain=not ramp.any() and kind.kind == "f" and all(f.degree == 0 for f in modes.families),
    )


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
        if np.any(duration > 0):
            edges.append(np.asarray(start + duration))
    if all(edge.ndim == 0 or (edge == edge[:1]).all() for edge in edges):
        return np.unique([float(edge.reshape(-1)[0]) for edge in edges])[None, :]
    return np.sort(np.stack([np.broadcast_to(edge, (people,)) for edge in edges], axis=1), axis=1)


class Response:
    """What went in, as closed-form curves: ``at`` instants, ``area`` between two, ``slope``."""

    def __init__(self, people: int, outputs: int, pieces: list[_Pieces]) -> None:
        self.people = people
        self.outputs = outputs
        self._pieces = pieces

    @property
    def edges(self) -> Floats:
        """Instants at which some input starts or stops, over all people, in order."""
        return np.unique(np.concatenate([part.starts.reshape(-1) for part in self._pieces]))

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
                    terms[k + 1][1][part.rows] = wave.weights[:, s, output, 0]
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
        return cast(Floats, both[:, :, 1] - both[:, :, 0])

    def area_in_all(self, outputs: Sequence[int] | None = None) -> Floats:
        """Area from the beginning to the end of all time; infinite where a curve never returns to 0."""
        chosen = list(range(self.outputs)) if outputs is None else list(outputs)
        whole = np.zeros((self.people, len(chosen)))
        for part in self._pieces:
            last = part.starts[:, -1]
            before = _piece_values(part, np.broadcast_to(last[:, None], (len(part.rows), 1)), chosen, "area")
            rest = np.zeros((len(part.rows), len(chosen)))
            forever = np.abs(part.steady[:, -1][:, chosen]) > 0
            for wave in part.waves:
                for column, o in enumerate(chosen):
                    if not wave.speaks[o]:
                        continue
                    w = wave.weights[:, -1, o]
                    steady = wave.rate == 0
                    safe = np.where(steady, 1.0, -wave.rate)
                    total = np.zeros(len(part.rows), dtype=w.dtype)
                    factorial = 1.0
                    for q in range(w.shape[1]):
                        factorial *= max(q, 1)
                        total = total + w[:, q] * factorial / safe ** (q + 1)
                    rest[:, column] += np.where(steady, 0.0, total).real
                    forever[:, column] |= steady & (np.abs(w[:, 0]) > 0)
            if part.ramp is not None:
                forever |= np.abs(part.ramp[:, -1][:, chosen]) > 0
            whole[part.rows] = np.where(forever, np.inf, before[:, :, 0] + rest)
        return whole

    def _evaluate(self, times: Floats, outputs: Sequence[int] | None, what: str) -> Floats:
        chosen = list(range(self.outputs)) if outputs is None else list(outputs)
        if times.ndim == 0:
            times = times[None]
        if times.ndim == 1:
            order = np.argsort(times, kind="stable") if (np.diff(times) < 0).any() else None
            ordered = times if order is None else times[order]
            result = np.empty((self.people, len(chosen), len(times)))
            for part in self._pieces:
                whole = len(part.rows) == self.people
                target = result if whole else np.empty((len(part.rows), len(chosen), len(times)))
                if part.starts.shape[0] == 1:
                    _shared(part, ordered, chosen, what, target)
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


def _shared(part: _Pieces, times: Floats, chosen: list[int], what: str, target: Floats) -> None:
    """Everyone's inputs start and stop together: each piece is one contiguous run of times."""
    starts = part.starts[0]
    people = len(part.rows)
    cuts = np.searchsorted(times, starts, side="left")
    target[:, :, : cuts[0]] = 0.0
    edges = [*cuts.tolist(), len(times)]
    if what == "area":
        base = _areas_at_starts(part, chosen)
    early = _EARLY / part.fastest if part.fastest > 0 else 0.0
    step = max(1, _BLOCK // max(1, len(times)))
    for first in range(0, people, step):
        some = slice(first, min(first + step, people))
        for s, start in enumerate(starts):
            low, high = edges[s], edges[s + 1]
            if low == high:
                continue
            dt = times[low:high] - start
            out = target[some, :, low:high]
            if what == "value":
                near = int(np.searchsorted(dt, early)) if _running(part, some, s, chosen) else 0
                if near:
                    out[:, :, :near] = _early_values(part, some, s, chosen, dt[:near])
                if near < len(dt):
                    _values(part, some, s, chosen, dt[near:], out[:, :, near:])
            elif what == "slope":
                out[...] = _slopes(part, some, s, chosen, dt)
            else:
                out[...] = base[some, s, :, None] + _areas(part, some, s, chosen, dt)


def _running(part: _Pieces, some: slice, s: int, chosen: list[int]) -> bool:
    return bool(part.steady[some, s][:, chosen].any())


def _values(part: _Pieces, some: slice, s: int, chosen: list[int], dt: Floats, out: Floats) -> None:
    """The inner loop: one exponential per person, instant and mode, and nothing dearer."""
    people = out.shape[0]
    step = _even_step(dt) if len(dt) >= _GRID and part.plain else None
    if step is not None:
        _grid_values(part, some, s, chosen, (float(dt[0]), step), out)
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
    ideal = dt[0] + step * np.arange(len(dt))
    return step if bool(np.abs(dt - ideal).max() <= 1e-14 * abs(float(dt[-1])) + 1e-300) else None


def _grid_values(
    part: _Pieces, some: slice, s: int, chosen: list[int], grid: tuple[float, float], out: Floats
) -> None:
    """On an even grid exp(k(a + b)) = exp(ka) exp(kb): a few coarse and fine exponentials, then products."""
    people, _, count = out.shape
    fine = max(1, round(count**0.5))
    coarse = -(-count // fine)
    first, step = grid
    for column, o in enumerate(chosen):
        waves = [wave for wave in part.waves if wave.speaks[o]]
        rates = np.zeros((people, len(waves) + 1))
        weights = np.empty((people, len(waves) + 1))
        weights[:, 0] = part.steady[some, s, o]
        for k, wave in enumerate(waves):
            rates[:, k + 1] = wave.rate[some]
            weights[:, k + 1] = wave.weights[some, s, o, 0]
        left = np.exp(rates[:, None, :] * (first + step * fine * np.arange(coarse))[:, None])
        left *= weights[:, None, :]
        right = np.exp(rates[:, :, None] * (step * np.arange(fine)))
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
                value = (weights[:, :1] + forced[:, None]) * np.exp(rate * dt) - forced[:, None] * np.expm1(
                    rate * dt
                )
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
    return cast(Floats, (total * swing).real)


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
    return cast(Floats, total.real)


def _areas_at_starts(part: _Pieces, chosen: list[int]) -> Floats:
    """Area gathered before each piece begins: (N, S, o)."""
    people, spans = part.steady.shape[:2]
    base = np.zeros((people, spans, len(chosen)))
    everyone = slice(None)
    for s in range(spans - 1):
        length = np.broadcast_to((part.starts[:, s + 1] - part.starts[:, s])[:, None], (people, 1))
        base[:, s + 1] = base[:, s] + _areas(part, everyone, s, chosen, length)[:, :, 0]
    return base


def _scattered(part: _Pieces, times: Floats, chosen: list[int], what: str, target: Floats) -> None:
    people = len(part.rows)
    step = max(1, _BLOCK // max(1, len(times)))
    for first in range(0, people, step):
        last = min(first + step, people)
        wide = np.broadcast_to(times, (last - first, len(times)))
        target[first:last] = _piece_values(part, wide, chosen, what, slice(first, last))


def _piece_values(
    part: _Pieces, times: Floats, chosen: list[int], what: str, some: slice | None = None
) -> Floats:
    """Each person with own instants: find the piece for every instant, then gather its weights."""
    rows = slice(0, len(part.rows)) if some is None else some
    people = times.shape[0]
    starts = np.broadcast_to(part.starts, (len(part.rows), part.starts.shape[1]))[rows]
    piece = np.zeros(times.shape, dtype=np.intp)
    for s in range(1, starts.shape[1]):
        piece += times >= starts[:, s : s + 1]
    before = times < starts[:, :1]
    dt = np.maximum(times - np.take_along_axis(starts, piece, axis=1), 0.0)
    line = np.arange(people)[:, None]
    early = dt * part.fastest < _EARLY
    alone = all(wave.weights.shape[3] == 1 for wave in part.waves)
    base = _areas_at_starts(part, chosen)[rows] if what == "area" else None
    out = np.zeros((people, len(chosen), times.shape[1]))
    for column, o in enumerate(chosen):
        here = out[:, column]
        soon = np.zeros(times.shape) if what == "value" and early.any() else None
        if what != "slope":
            steady = part.steady[rows, :, o][line, piece]
            if base is not None:
                here += base[:, :, column][line, piece] + steady * dt
            else:
                here += steady
            if soon is not None and not alone:
                soon += steady
        if part.ramp is not None:
            ramp = part.ramp[rows, :, o][line, piece]
            here += {"value": ramp * dt, "slope": ramp, "area": ramp * dt * dt / 2}[what]
            if soon is not None:
                soon += ramp * dt
        for wave in part.waves:
            if not wave.speaks[o]:
                continue
            rate = wave.rate[rows, None]
            weights = wave.weights[rows, :, o]
            if weights.shape[2] == 1:
                weight = weights[:, :, 0][line, piece]
                if what == "value":
                    swing = np.exp(rate * dt)
                    here += (weight * swing).real
                    if soon is not None:
                        forced = wave.forced[rows, :, o][line, piece]
                        if not alone:
                            soon -= forced.real
                        soon += ((weight + forced) * swing - forced * np.expm1(rate * dt)).real
                elif what == "slope":
                    here += (rate * weight * np.exp(rate * dt)).real
                else:
                    here += (weight * _filled(rate, dt)).real
                continue
            for s in range(weights.shape[1]):
                inside = piece == s
                if not inside.any():
                    continue
                own = weights[:, s]
                if what == "value":
                    value = (_polynomial(own, dt) * np.exp(rate * dt)).real
                elif what == "slope":
                    value = _slope(rate[:, 0], own, dt)
                else:
                    value = _wave_area(rate[:, 0], own, dt)
                here += np.where(inside, value, 0.0)
                if soon is not None:
                    soon += np.where(inside, value, 0.0)
        if soon is not None:
            here[...] = np.where(early, soon, here)
        here[before] = 0.0
        if what == "value":
            np.maximum(here, 0.0, out=here)
    return out
