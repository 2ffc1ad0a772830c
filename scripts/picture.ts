/**
 * Draws what the demo prints as docs/demo.svg. The same demo gives the same file.
 *
 *   npm run picture
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const DEMO = join(import.meta.dirname, "demo.ts");
const PICTURE = join(import.meta.dirname, "../docs/demo.svg");
const TITLE = "npm run demo";

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const SIZE = 14;
/** A character of most of these fonts is 0.6 em wide; others are stretched to it. */
const ADVANCE = SIZE * 0.6;
const LINE = 21;
const BAR = 36;
const MARGIN = 14;
const COLUMNS = 85;

const DIM = "#8b949e";
/** Foreground colours by their SGR code. */
const COLORS = new Map([
  [32, "#7ee787"],
  [33, "#f2cc60"],
  [35, "#d2a8ff"],
  [36, "#76e3ea"],
]);

/** A piece of a line in one style, and the column in which it begins. */
interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: string;
}

/** What the SGR sequences so far have switched on. */
class Pen {
  #weight = "";
  #color = "";

  apply(code: number): void {
    if (code === 1) this.#weight = "bold";
    else if (code === 2) this.#weight = "dim";
    else if (code === 22) this.#weight = "";
    else if (code === 39) this.#color = "";
    else if (COLORS.has(code)) this.#color = `c${code}`;
    else throw new Error(`The demo uses the SGR code ${code}, for which the picture has no style.`);
  }

  /** The classes of the text that follows. */
  get style(): string {
    return `${this.#weight} ${this.#color}`.trim();
  }
}

/** The lines of a terminal's output as runs. */
function parse(output: string): Run[][] {
  const pen = new Pen();
  return output.split("\n").map((line) => {
    const runs: Run[] = [];
    let column = 0;
    for (const [i, part] of line.split("\u001b[").entries()) {
      // Behind the first part, each begins with the one code that util.styleText writes: "36mtext".
      const end = i === 0 ? 0 : part.indexOf("m") + 1;
      if (end > 0) pen.apply(Number(part.slice(0, end - 1)));
      const text = part.slice(end);
      runs.push(...words(text, column, pen.style));
      column += text.length;
    }
    return runs;
  });
}

/** What stands between wide gaps is placed by itself, so that the columns hold in every font. */
function words(text: string, column: number, style: string): Run[] {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    column: column + match.index,
    text: match[0],
    style,
  }));
}

function draw(lines: readonly (readonly Run[])[]): string {
  const width = Math.round(COLUMNS * ADVANCE + 2 * MARGIN);
  const height = BAR + lines.length * LINE + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>What ${TITLE} prints</title>
<style>
text { font: ${SIZE}px ${FONT}; fill: #e6edf3; white-space: pre; }
.bold { font-weight: 600; }
.dim { fill: ${DIM}; }
${[...COLORS].map(([code, color]) => `.c${code} { fill: ${color}; }`).join("\n")}
</style>
${frame(width, height)}
${lines.flatMap((line, i) => line.map((run) => drawRun(run, i))).join("\n")}
</svg>
`;
}

/** The window: its edge is light enough to be seen on a dark page and dark enough to vanish on a light one. */
function frame(width: number, height: number): string {
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (color, i) => `<circle cx="${22 + i * 20}" cy="${BAR / 2}" r="6" fill="${color}"/>`,
  );
  return `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="#0d1117" stroke="#3d444d"/>
<path d="M1 ${BAR}V10.5a9.5 9.5 0 0 1 9.5 -9.5H${width - 10.5}a9.5 9.5 0 0 1 9.5 9.5V${BAR}z" fill="#161b22"/>
${dots.join("")}
<text class="dim" x="${width / 2}" y="${BAR / 2 + 5}" text-anchor="middle">${TITLE}</text>`;
}

function drawRun({ column, text, style }: Run, line: number): string {
  const x = round(MARGIN + column * ADVANCE);
  const y = BAR + MARGIN + line * LINE + SIZE;
  const length = round(text.length * ADVANCE);
  const styled = style && ` class="${style}"`;
  return `<text${styled} x="${x}" y="${y}" textLength="${length}">${escaped(text)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

const { NO_COLOR: _, ...environment } = process.env;
const output = execFileSync(process.execPath, ["--conditions=source", DEMO], {
  encoding: "utf8",
  env: { ...environment, FORCE_COLOR: "1" },
});
writeFileSync(PICTURE, draw(parse(output.replace(/^\n+|\s+$/g, ""))));
