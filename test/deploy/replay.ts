import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";

/** An instruction of a Dockerfile. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One a line, which is all that ours has. */
export function instructionsIn(text: string): Instruction[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const at = line.indexOf(" ");
    return { name: line.slice(0, at), text: line.slice(at + 1) };
  });
}

interface Stage {
  readonly name: string;
  /** Where its root is. */
  readonly root: string;
  workdir: string;
}

/**
 * Does what the instructions do to files, below `scratch`, without docker; RUN steps for which `instead` has something
 * are done so. Gives back the root of the last stage.
 */
export function replay(
  instructions: readonly Instruction[],
  places: { readonly context: string; readonly scratch: string },
  instead: ReadonlyMap<string, (directory: string) => void>,
): string {
  const stages: Stage[] = [];
  for (const { name, text } of instructions) {
    if (name === "FROM") stages.push(stageOf(text, stages.length, places.scratch));
    const stage = stages.at(-1) as Stage;
    if (name === "WORKDIR") stage.workdir = text;
    const directory = join(stage.root, stage.workdir);
    mkdirSync(directory, { recursive: true });
    if (name === "COPY") copy(text, stage, stages, places.context);
    if (name === "RUN") run(text, directory, instead);
  }
  return (stages.at(-1) as Stage).root;
}

function stageOf(text: string, index: number, scratch: string): Stage {
  const [, name = `stage-${index}`] = / AS (\S+)/.exec(text) ?? [];
  return { name, root: join(scratch, name), workdir: "/" };
}

function copy(text: string, stage: Stage, stages: readonly Stage[], context: string): void {
  const parts = text.split(" ");
  const from = parts[0]?.startsWith("--from=") ? parts.shift()?.slice("--from=".length) : undefined;
  const base = from === undefined ? context : (stages.find(({ name }) => name === from)?.root as string);
  const target = parts.pop() as string;
  const place = target.startsWith("/") ? join(stage.root, target) : join(stage.root, stage.workdir, target);
  for (const source of parts) {
    const isInto = target.endsWith("/");
    cpSync(join(base, source), isInto ? join(place, basename(source)) : place, {
      recursive: true,
      verbatimSymlinks: true,
      // As .dockerignore says; and what the test of the layers plants meanwhile.
      filter: (path) =>
        !(from === undefined && /\/(node_modules|dist|lib|planted-[a-z-]+)(\/|$)|\.tsbuildinfo$/.test(path)),
    });
  }
}

function run(
  command: string,
  directory: string,
  instead: ReadonlyMap<string, (directory: string) => void>,
): void {
  const [, other] = [...instead].find(([begin]) => command.startsWith(begin)) ?? [];
  if (other) return other(directory);
  execFileSync("sh", ["-c", command], { cwd: directory, stdio: "pipe" });
}
