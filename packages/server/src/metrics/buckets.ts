/** A histogram as plain numbers: how many values were at most so large. */
export class Buckets {
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** What a registry of the Prometheus client asks a metric for. */
  async get() {
    const { name, help } = this;
    let below = 0;
    const values = this.#bounds.map((bound, i) => {
      below += this.#counts[i] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le: String(bound) }, value: below };
    });
    const all = [
      ...values,
      { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: this.#count },
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: this.#count },
    ];
    return { name, help, type: "histogram", values: all, aggregator: "sum" };
  }
}
