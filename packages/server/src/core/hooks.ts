/**
 * A hook sees what is about to happen and decides: it gives `next` the input as it is or changed, or answers
 * itself. It throws a `RequestError` to refuse.
 */
export type Hook<Input, Output> = (input: Input, next: (input: Input) => Output) => Output;

/** Points → what goes in and what comes out. */
export type HookTypes<Points> = {
  readonly [P in keyof Points]?: Points[P] extends { in: infer I; out: infer O } ? Hook<I, O> : never;
};

type In<Point> = Point extends { in: infer I } ? I : never;
type Out<Point> = Point extends { out: infer O } ? O : never;

/** The hooks of one service (S2): those of a plugin that stands higher are called first. */
export class Hooks<Points extends object> {
  /** For each point, the highest first. */
  readonly #chains = new Map<keyof Points, Hook<never, unknown>[]>();

  /** Plugins are added from the lowest to the highest. */
  add(hooks: HookTypes<Points>): void {
    for (const [point, hook] of Object.entries(hooks) as [keyof Points, Hook<never, unknown>][]) {
      this.#chains.set(point, [hook, ...(this.#chains.get(point) ?? [])]);
    }
  }

  /** Calls the hooks of a point one inside the other, and `last` when all of them let it go on. */
  run<P extends keyof Points>(
    point: P,
    input: In<Points[P]>,
    last: (input: In<Points[P]>) => Out<Points[P]>,
  ): Out<Points[P]> {
    // The chain of a point holds hooks of that point only: `add` is typed so.
    const chain = (this.#chains.get(point) ?? []) as unknown as Hook<In<Points[P]>, Out<Points[P]>>[];
    const first = chain.reduceRight<typeof last>((next, hook) => (value) => hook(value, next), last);
    return first(input);
  }
}
