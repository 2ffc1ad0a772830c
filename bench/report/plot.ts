/** One row of a plot. */
export interface Row {
  readonly label: string;
  readonly kind: "own" | "peer" | "elsewhere";
  /** Median, or the middle of what is quoted; on a line from the lowest to the highest. */
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
  /** What is written behind it. */
  readonly text: string;
}

export interface Plot {
  readonly title: string;
  readonly unit: string;
  /** Where a line shows what is to be reached. */
  readonly reach: number | undefined;
  readonly rows: readonly Row[];
}

const WIDTH = 760;
const LEFT = 300;
const RIGHT = 130;
const TOP = 44;
const ROW = 22;
const BOTTOM = 40;
const TICKS = [1, 2, 5];

const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600}.soft{fill:#57606a}
.grid{stroke:#d0d7de}.reach{stroke:#1a7f37;stroke-dasharray:4 3}.goal{fill:#1a7f37}
.own{stroke:#0969da;fill:#0969da}.peer{stroke:#8250df;fill:#8250df}.elsewhere{stroke:#8c959f;fill:none}
text.own{stroke:none;font-weight:600}line{stroke-width:1.5}circle{stroke-width:1.5}.grid{stroke-width:.75}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#3d444d}.reach{stroke:#3fb950}
.goal{fill:#3fb950}.own{stroke:#4493f8;fill:#4493f8}.peer{stroke:#ab7df8;fill:#ab7df8}.elsewhere{stroke:#7d8590;fill:none}}`;

/** A dot for each row on a logarithmic axis, as SVG that can be read on light and dark pages. */
export function svgOf({ title, unit, reach, rows }: Plot): string {
  const values = rows.flatMap(({ lowest, highest }) => [lowest, highest]).concat(reach ?? []);
  const x = scale(Math.min(...values) / 1.2, Math.max(...values) * 1.2);
  const height = TOP + rows.length * ROW + BOTTOM;
  const end = TOP + rows.length * ROW;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    text(8, 18, "title", title),
    text(8, height - 8, "soft", `${unit}, logarithmic; filled: measured side by side, hollow: quoted`),
    ...ticks(x).map((tick) => line(x.at(tick), TOP - 6, x.at(tick), end, "grid")),
    ...ticks(x).map((tick) => text(x.at(tick), TOP - 10, "soft", tick.toLocaleString("en"), "middle")),
    ...(reach === undefined
      ? []
      : [
          line(x.at(reach), TOP - 6, x.at(reach), end, "reach"),
          text(x.at(reach), end + 12, "goal", "to reach", "middle"),
        ]),
    ...rows.flatMap((row, i) => drawn(row, TOP + i * ROW + ROW / 2, x)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

interface Scale {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

function scale(from: number, to: number): Scale {
  const width = WIDTH - LEFT - RIGHT;
  const at = (value: number) => round(LEFT + (width * Math.log(value / from)) / Math.log(to / from));
  return { from, to, at };
}

/** Of wide axes the powers of ten only. */
function ticks({ from, to }: Scale): number[] {
  const powers = Array.from({ length: 12 }, (_, i) => 10 ** (i - 3));
  const steps = to / from > 300 ? [1] : TICKS;
  return powers
    .flatMap((power) => steps.map((step) => step * power))
    .filter((tick) => tick >= from && tick <= to);
}

function drawn({ label, kind, value, lowest, highest, text: figure }: Row, y: number, x: Scale): string[] {
  return [
    text(LEFT - 12, y + 4, kind === "own" ? "own" : kind === "peer" ? "" : "soft", label, "end"),
    line(x.at(lowest), y, x.at(highest), y, kind),
    `<circle cx="${x.at(value)}" cy="${y}" r="4" class="${kind}"/>`,
    text(WIDTH - 8, y + 4, "soft", figure, "end"),
  ];
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;
}

function text(x: number, y: number, kind: string, what: string, anchor = "start"): string {
  return `<text x="${x}" y="${y}" class="${kind}" text-anchor="${anchor}">${escaped(what)}</text>`;
}

function escaped(what: string): string {
  return what.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
