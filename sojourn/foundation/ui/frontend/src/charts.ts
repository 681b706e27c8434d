// The one chart wrapper, over uPlot. A chart reads its JSON (json_script) named by data-chart and draws:
// series labelled at their ends, units on the axis, light reference bands, doses as marks on the time axis,
// uncertainty as a band. Arrow keys read the values out; the table behind it is the server's.
import uPlot from "uplot";

import { word } from "./islands/words";

/** [x, y] or [x, y, low, high]. x in seconds since 1970 (kind "time") or in the axis' unit; a null y is a gap. */
export type Point = [number, number | null, (number | null)?, (number | null)?];
export interface Series {
  label: string;
  unit?: string;
  points: Point[];
  style?: "line" | "dots" | "steps";
  /** Seconds (or x units) without a point after which the line breaks. */
  gap?: number | null;
}
export interface Band { low: number | null; high: number | null; label: string }
export interface Mark { at: number; label: string; kind?: "dose" | "event" | "alarm" }
export interface Spec {
  kind: "time" | "number";
  zone?: string;
  x_label?: string;
  unit: string;
  y_min?: number | null;
  y_max?: number | null;
  x_min?: number | null;
  x_max?: number | null;
  decimals?: number;
  series: Series[];
  bands?: Band[];
  marks?: Mark[];
}

const FONT = '"Sojourn", "Sojourn fallback", sans-serif';
const DASHES = [[], [7, 4], [2, 4], [10, 3, 2, 3]];
const ratio = () => devicePixelRatio || 1;

function colours(at: Element) {
  const style = getComputedStyle(at);
  const get = (name: string) => style.getPropertyValue(`--color-${name}`).trim();
  return {
    ink: get("base-content"), soft: get("soft"), line: get("line"), edge: get("edge"),
    band: get("base-300"), ground: get("base-100"), series: [1, 2, 3, 4].map((n) => get(`chart-${n}`)),
  };
}
type Colours = ReturnType<typeof colours>;

function zoned(zone?: string): ((ts: number) => Date) | undefined {
  return zone ? (ts) => uPlot.tzDate(new Date(ts * 1e3), zone) : undefined;
}

function clock(x: number, spec: { kind: string; zone?: string; x_label?: string }, span: number): string {
  if (spec.kind !== "time") return `${x} ${spec.x_label ?? ""}`.trim();
  const parts: Intl.DateTimeFormatOptions = span > 2 * 86400
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (spec.zone) parts.timeZone = spec.zone;
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", parts).format(x * 1000);
}

function figure(value: number, decimals = 1): string {
  return new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: decimals }).format(value);
}

/** All series on one x axis. Missing alignments are undefined (the line goes on), gaps are null (it breaks). */
export function aligned(spec: Spec): { data: uPlot.AlignedData; banded: boolean[] } {
  const columns: Map<number, (number | null)[]>[] = [];
  const banded = spec.series.map((s) => s.points.some((p) => p[2] != null && p[3] != null));
  for (const [i, series] of spec.series.entries()) {
    const column = new Map<number, (number | null)[]>();
    let before: number | null = null;
    for (const [x, y, low, high] of series.points) {
      if (series.gap && before !== null && x - before > series.gap) column.set((before + x) / 2, [null, null, null]);
      column.set(x, [y, low ?? null, high ?? null]);
      before = x;
    }
    columns[i] = column;
  }
  const xs = [...new Set(columns.flatMap((c) => [...c.keys()]))].sort((a, b) => a - b);
  const data: (number | null | undefined)[][] = [xs];
  for (const [i, column] of columns.entries()) {
    data.push(xs.map((x) => column.get(x)?.[0]));
    if (banded[i]) {
      data.push(xs.map((x) => column.get(x)?.[2]));
      data.push(xs.map((x) => column.get(x)?.[1]));
    }
  }
  return { data: data as uPlot.AlignedData, banded };
}

function yRange(spec: Spec): [number, number] {
  const values = spec.series.flatMap((s) => s.points.flatMap((p) => [p[1], p[2], p[3]]))
    .filter((v): v is number => v != null);
  for (const band of spec.bands ?? []) for (const v of [band.low, band.high]) if (v != null) values.push(v);
  let low = spec.y_min ?? Math.min(...values);
  let high = spec.y_max ?? Math.max(...values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  const room = (high - low || 1) * 0.06;
  return [spec.y_min ?? low - room, spec.y_max ?? high + room];
}

function drawBands(u: uPlot, spec: Spec, c: Colours): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [i, band] of (spec.bands ?? []).entries()) {
    const top = band.high == null ? bbox.top : u.valToPos(band.high, "y", true);
    const bottom = band.low == null ? bbox.top + bbox.height : u.valToPos(band.low, "y", true);
    ctx.globalAlpha = i % 2 ? 0.28 : 0.55;
    ctx.fillStyle = c.band;
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  }
  ctx.restore();
}

/** Text with a rim of the ground colour, so that a line behind it does not cut it. */
function write(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string, c: Colours): void {
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * ratio();
  ctx.strokeStyle = c.ground;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

function drawBandLabels(u: uPlot, spec: Spec, c: Colours): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${12 * ratio()}px ${FONT}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  for (const band of spec.bands ?? []) {
    const top = band.high == null ? bbox.top : Math.max(bbox.top, u.valToPos(band.high, "y", true));
    const bottom = band.low == null ? bbox.top + bbox.height : u.valToPos(band.low, "y", true);
    if (band.label && bottom - top > 13 * ratio()) write(ctx, band.label, bbox.left + 6 * ratio(), top + 2 * ratio(), c.soft, c);
  }
  ctx.restore();
}

function drawMarks(u: uPlot, spec: Spec, c: Colours): void {
  const { ctx, bbox } = u;
  let free = -Infinity;
  let raised = false;
  ctx.save();
  ctx.font = `${12.5 * ratio()}px ${FONT}`;
  for (const mark of spec.marks ?? []) {
    const x = u.valToPos(mark.at, "x", true);
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    const size = 5 * ratio();
    ctx.strokeStyle = ctx.fillStyle = mark.kind === "dose" ? c.ink : c.soft;
    ctx.lineWidth = (mark.kind === "dose" ? 1.5 : 1) * ratio();
    ctx.setLineDash(mark.kind === "dose" ? [] : [3 * ratio(), 3 * ratio()]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    if (!mark.label) continue;
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top + bbox.height);
    ctx.lineTo(x + size, bbox.top + bbox.height);
    ctx.lineTo(x, bbox.top + bbox.height - size * 1.6);
    ctx.fill();
    const width = ctx.measureText(mark.label).width;
    const start = Math.min(x + 4 * ratio(), bbox.left + bbox.width - width);
    raised = start < free && !raised;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.fillStyle = c.ink;
    ctx.fillText(mark.label, start, bbox.top - (raised ? 18 : 3) * ratio());
    free = start + width + 8 * ratio();
  }
  ctx.restore();
}

function drawLabels(u: uPlot, spec: Spec, c: Colours, index: number[], inside: boolean): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${13 * ratio()}px ${FONT}`;
  const labels = spec.series.flatMap((series, i) => {
    const column = u.data[index[i]!]!;
    let last = column.length - 1;
    while (last >= 0 && column[last] == null) last--;
    return last < 0 ? [] : [{ i, text: series.label, y: u.valToPos(column[last]!, "y", true), x: u.valToPos(u.data[0][last]!, "x", true) }];
  }).sort((a, b) => a.y - b.y);
  const height = 16 * ratio();
  for (let k = 1; k < labels.length; k++) {
    const above = labels[k - 1]!;
    if (labels[k]!.y - above.y < height) labels[k]!.y = above.y + height;
  }
  for (const { i, text, x, y } of labels) {
    ctx.textBaseline = inside ? "bottom" : "middle";
    ctx.textAlign = inside ? "right" : "left";
    const edge = Math.min(x, bbox.left + bbox.width);
    write(ctx, text, inside ? edge : edge + 8 * ratio(), inside ? y - 6 * ratio() : y, c.series[i % 4]!, c);
  }
  ctx.fillStyle = c.soft;
  ctx.font = `${12.5 * ratio()}px ${FONT}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  const rows = spec.marks?.length ? 34 : 6;
  ctx.fillText(spec.unit, 2 * ratio(), bbox.top - rows * ratio());
  ctx.restore();
}

function labelWidth(spec: Spec): number {
  const ctx = document.createElement("canvas").getContext("2d");
  if (!ctx) return 80;
  ctx.font = `13px ${FONT}`;
  return Math.ceil(Math.max(0, ...spec.series.map((s) => ctx.measureText(s.label).width))) + 14;
}

function draw(host: HTMLElement, spec: Spec, read: HTMLElement | null, width: number): uPlot {
  const c = colours(host);
  const { data, banded } = aligned(spec);
  const inside = width < 420;
  const series: uPlot.Series[] = [{}];
  const index: number[] = [];
  const bands: uPlot.Band[] = [];
  for (const [i, s] of spec.series.entries()) {
    const stroke = c.series[i % 4]!;
    index.push(series.length);
    const count = s.points.length;
    series.push({
      label: s.label, stroke, width: 2, dash: DASHES[i % 4],
      paths: s.style === "dots" ? () => null : s.style === "steps" ? uPlot.paths.stepped!({ align: 1 }) : undefined,
      points: { show: s.style === "dots" || (count <= 30 && !banded[i]), size: s.style === "dots" ? 8 : 5, fill: stroke, stroke, width: 1 },
    });
    if (banded[i]) {
      const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
      bands.push({ series: [series.length, series.length + 1], fill: `color-mix(in oklab, ${stroke} 20%, transparent)` });
      series.push(edge, { ...edge });
    }
  }
  const xs = data[0];
  const span = ((spec.x_max ?? xs[xs.length - 1]) || 0) - ((spec.x_min ?? xs[0]) || 0);
  const axis: uPlot.Axis = {
    stroke: c.soft, font: `12.5px ${FONT}`, grid: { stroke: c.line, width: 1 }, ticks: { stroke: c.line, width: 1, size: 5 },
  };
  const [low, high] = yRange(spec);
  const marksTop = spec.marks?.length ? 56 : 26;
  const options: uPlot.Options = {
    width, height: Math.max(host.clientHeight, 180), series, bands, legend: { show: false },
    padding: [marksTop, inside ? 12 : labelWidth(spec), 0, 0],
    tzDate: zoned(spec.zone),
    scales: {
      x: { time: spec.kind === "time", range: (_u, lo, hi) => {
        const from = spec.x_min ?? lo, to = spec.x_max ?? hi;
        return from === to ? [from - 1, to + 1] : [from, to];
      } },
      y: { range: [low, high] },
    },
    axes: [
      {
        ...axis, space: 64, size: 30, label: spec.kind === "number" ? spec.x_label : undefined, labelFont: `12.5px ${FONT}`, labelSize: 22,
        values: (_u, ticks) => ticks.map((x) => spec.kind === "time" ? clock(x, spec, span) : figure(x)),
      },
      { ...axis, size: 46, values: (_u, ticks) => ticks.map((y) => figure(y, 2)) },
    ],
    cursor: { drag: { x: false, y: false }, points: { size: 9 }, y: false },
    hooks: {
      drawClear: [(u) => drawBands(u, spec, c)],
      draw: [(u) => { drawBandLabels(u, spec, c); drawMarks(u, spec, c); drawLabels(u, spec, c, index, inside); }],
      setCursor: [(u) => {
        if (!read) return;
        const at = u.cursor.idx;
        if (at == null) { read.textContent = ""; return; }
        const values = spec.series.flatMap((s, i) => {
          const v = u.data[index[i]!]![at];
          return v == null ? [] : [`${s.label} ${figure(v, spec.decimals ?? 1)} ${s.unit ?? spec.unit}`];
        });
        read.textContent = `${clock(u.data[0][at]!, spec, span)}: ${values.join(", ") || word("gap", "no reading")}`;
      }],
    },
  };
  return new uPlot(options, data, host);
}

function keys(host: HTMLElement, read: HTMLElement | null, plot: () => uPlot): void {
  host.tabIndex = 0;
  host.addEventListener("focus", () => read?.setAttribute("aria-live", "polite"));
  host.addEventListener("blur", () => read?.removeAttribute("aria-live"));
  host.addEventListener("keydown", (event) => {
    const u = plot();
    const last = u.data[0].length - 1;
    const at = u.cursor.idx;
    const next = { ArrowRight: at == null ? 0 : Math.min(last, at + 1), ArrowLeft: at == null ? last : Math.max(0, at - 1), Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    u.setCursor({ left: u.valToPos(u.data[0][next]!, "x"), top: 10 });
  });
}

function one(host: HTMLElement): void {
  const source = document.getElementById(host.dataset.chart ?? "");
  if (!source?.textContent) return;
  const spec = JSON.parse(source.textContent) as Spec;
  const read = host.parentElement?.querySelector<HTMLElement>("[data-chart-read]") ?? null;
  let width = host.clientWidth || 320;
  let plot = draw(host, spec, read, width);
  const again = (to = host.clientWidth) => {
    if (!host.isConnected || !to) return;
    width = to;
    plot.destroy();
    plot = draw(host, spec, read, width);
  };
  keys(host, read, () => plot);
  new ResizeObserver(() => {
    if (host.isConnected && host.clientWidth && Math.abs(host.clientWidth - width) > 1) again();
  }).observe(host);
  document.addEventListener("sojourn:mood", () => again());
  addEventListener("beforeprint", () => again(Math.min(host.clientWidth, 660)));
  addEventListener("afterprint", () => again());
  void document.fonts?.ready.then(() => again());
}

export function attach(root: ParentNode): void {
  for (const host of root.querySelectorAll<HTMLElement>("[data-chart]:not([data-armed])")) {
    host.dataset.armed = "";
    one(host);
  }
  attachStrips(root);
}

/** The strips alone: what the board's pages need, without the weight of whole charts. */
export function attachStrips(root: ParentNode): void {
  for (const host of root.querySelectorAll<HTMLElement>("[data-strip]:not([data-armed])")) {
    host.dataset.armed = "";
    const source = document.getElementById(host.dataset.strip ?? "");
    if (source?.textContent) strip(host, JSON.parse(source.textContent) as StripSpec);
  }
}

// Ink on paper, whatever the mood of the screen.
let before: string | undefined;
addEventListener("beforeprint", () => {
  before = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
}, { capture: true });
addEventListener("afterprint", () => {
  if (before) document.documentElement.dataset.theme = before;
  else delete document.documentElement.dataset.theme;
}, { capture: true });

// ---------------------------------------------------------------------------------------------- the vitals strip

export interface StripRow {
  key: string;
  label: string;
  unit: string;
  low?: number | null;
  high?: number | null;
  bands?: Band[];
  /** One entry a line (a pressure has two); each point [x seconds, y]. */
  lines: Point[][];
  /** Seconds without a reading after which the line breaks. */
  gap?: number | null;
}
export interface StripSpec {
  rows: StripRow[];
  marks?: Mark[];
  zone?: string;
  x_min?: number | null;
  x_max?: number | null;
  /** Pixels a row; 44 unless told. */
  height?: number;
  /** Leaves names and the time axis away, for the board. */
  bare?: boolean;
}
export interface Strip {
  /** Adds one reading: `values` in the order of the row's lines. Draws once a frame however many come. */
  append(key: string, x: number, values: (number | null)[]): void;
  /** Shows this stretch of time (seconds since 1970) and drops what is older. */
  window(from: number, to: number): void;
  redraw(): void;
  destroy(): void;
}

interface Row { spec: StripRow; xs: number[]; ys: (number | null)[][]; plot: uPlot | null; host: HTMLElement; dirty: boolean }

/** Small stacked lines that share one time axis: the session record, and the last 20 minutes on the board. */
export function strip(host: HTMLElement, spec: StripSpec): Strip {
  let from = spec.x_min ?? Math.min(...spec.rows.flatMap((r) => r.lines.flatMap((l) => l.map((p) => p[0]))));
  let to = spec.x_max ?? Math.max(...spec.rows.flatMap((r) => r.lines.flatMap((l) => l.map((p) => p[0]))));
  const sync = uPlot.sync(`strip-${Math.random().toString(36).slice(2)}`);
  host.classList.add("strip");
  host.replaceChildren();
  const rows: Row[] = spec.rows.map((row) => {
    const box = document.createElement("div");
    const plotHost = document.createElement("div");
    plotHost.className = "strip-plot";
    if (!spec.bare) {
      box.className = "strip-row";
      const name = document.createElement("div");
      name.className = "strip-name";
      const unit = document.createElement("span");
      unit.className = "unit";
      unit.textContent = row.unit;
      name.append(row.label, unit);
      box.append(name);
    }
    box.append(plotHost);
    host.append(box);
    const { data } = aligned({
      kind: "time", unit: row.unit, series: row.lines.map((points) => ({ label: row.label, points, gap: row.gap })),
    });
    return {
      spec: row, host: plotHost, plot: null, dirty: true, xs: [...(data[0] as number[])],
      ys: row.lines.map((_, i) => [...(data[i + 1] as (number | null)[])]),
    };
  });

  function build(row: Row, last: boolean): void {
    row.plot?.destroy();
    const c = colours(host);
    const axes = last && !spec.bare;
    const small = spec.height ?? 44;
    row.plot = new uPlot({
      width: row.host.clientWidth || 240,
      height: small + (axes ? 26 : 0) + (spec.marks?.length && row === rows[0] ? 22 : 0),
      padding: [spec.marks?.length && row === rows[0] ? 22 : 3, 4, axes ? 0 : 3, 4],
      legend: { show: false },
      tzDate: zoned(spec.zone),
      cursor: { show: !spec.bare, y: false, drag: { x: false, y: false }, sync: { key: sync.key, setSeries: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => [from, to] },
        y: { range: (_u, lo, hi) => {
          const a = Math.min(row.spec.low ?? Infinity, lo ?? Infinity), b = Math.max(row.spec.high ?? -Infinity, hi ?? -Infinity);
          return Number.isFinite(a) && Number.isFinite(b) ? (a === b ? [a - 1, b + 1] : [a, b]) : [0, 1];
        } },
      },
      axes: [
        { show: axes, stroke: c.soft, font: `12px ${FONT}`, size: 26, grid: { stroke: c.line, width: 1 }, ticks: { show: false },
          values: (_u, ticks) => ticks.map((x) => clock(x, { kind: "time", zone: spec.zone }, to - from)) },
        { show: false },
      ],
      series: [{}, ...row.ys.map((_, i): uPlot.Series => ({ stroke: c.series[0]!, width: 1.75, dash: DASHES[i % 4], points: { show: row.xs.length < 12, size: 4 } }))],
      hooks: {
        drawClear: [(u) => drawBands(u, { kind: "time", unit: "", series: [], bands: (row.spec.bands ?? []).map((b) => ({ ...b, label: "" })) }, c)],
        draw: [(u) => {
          if (!spec.marks) return;
          const marks = row === rows[0] ? spec.marks : spec.marks.map((m) => ({ ...m, label: "" }));
          drawMarks(u, { kind: "time", unit: "", series: [], marks }, c);
        }],
      },
    }, [row.xs, ...row.ys] as uPlot.AlignedData, row.host);
    row.dirty = false;
  }

  const all = () => rows.forEach((row, i) => build(row, i === rows.length - 1));
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      for (const row of rows) {
        if (row.dirty) row.plot?.setData([row.xs, ...row.ys] as uPlot.AlignedData);
        row.dirty = false;
      }
    });
  };
  all();
  const watch = new ResizeObserver(() => {
    if (rows.some((row) => row.plot && row.host.clientWidth && Math.abs(row.plot.width - row.host.clientWidth) > 1)) all();
  });
  watch.observe(host);
  document.addEventListener("sojourn:mood", all);
  addEventListener("beforeprint", all);
  addEventListener("afterprint", all);

  return {
    append(key, x, values) {
      const row = rows.find((r) => r.spec.key === key);
      if (!row) return;
      const last = row.xs[row.xs.length - 1];
      if (last !== undefined && x <= last) {
        // A late or corrected reading takes its place in time.
        let at = row.xs.findIndex((v) => v >= x);
        if (row.xs[at] !== x) {
          row.xs.splice(at, 0, x);
          row.ys.forEach((ys, i) => ys.splice(at, 0, values[i] ?? null));
        } else {
          row.ys.forEach((ys, i) => { ys[at] = values[i] ?? null; });
        }
      } else {
        if (last !== undefined && row.spec.gap && x - last > row.spec.gap) {
          row.xs.push((last + x) / 2);
          row.ys.forEach((ys) => ys.push(null));
        }
        row.xs.push(x);
        row.ys.forEach((ys, i) => ys.push(values[i] ?? null));
      }
      row.dirty = true;
      soon();
    },
    window(newFrom, newTo) {
      from = newFrom;
      to = newTo;
      for (const row of rows) {
        let old = 0;
        while (old < row.xs.length && row.xs[old]! < from) old++;
        if (old) {
          row.xs.splice(0, old);
          row.ys.forEach((ys) => ys.splice(0, old));
        }
        row.dirty = true;
      }
      soon();
    },
    redraw: all,
    destroy() {
      watch.disconnect();
      cancelAnimationFrame(frame);
      document.removeEventListener("sojourn:mood", all);
      removeEventListener("beforeprint", all);
      removeEventListener("afterprint", all);
      rows.forEach((row) => row.plot?.destroy());
      host.replaceChildren();
    },
  };
}
