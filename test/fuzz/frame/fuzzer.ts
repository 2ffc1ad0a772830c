import type * as fc from "fast-check";

/**
 * One way of making inputs and judging what comes of them. An input is plain JSON, so that one that failed can be kept
 * in `corpus/` and run again.
 */
export interface Fuzzer<Input = unknown> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Inputs written by hand: a run begins with them. */
  readonly written?: readonly Input[];
  /** The package that is fuzzed; the server when nothing is said. */
  readonly part?: "protocol";
  /** Inputs that are tried in a row before the figures are looked at. */
  readonly batch: number;
  /** Starts what is fuzzed; `home` holds what was built of it. */
  open(home: string): Promise<Target<Input>>;
}

/** What is fuzzed. */
export interface Target<Input> {
  /** Rejects when the input brought about what it must not. */
  check(input: Input): Promise<void>;
  /** What there is to say about a server; nothing when there is none. */
  figures?(): Promise<Figures>;
  close(): Promise<void>;
}

export interface Figures {
  /** The longest turn of the event loop so far, in milliseconds of processor time and by the clock. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Bytes in use after a collection. */
  readonly heap: number;
}

export function define<Input>(fuzzer: Fuzzer<Input>): Fuzzer {
  return fuzzer as Fuzzer;
}

/** An input did what it must not. */
export class Finding extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Finding";
  }
}

export function expect(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new Finding(typeof message === "string" ? message : message());
}
