/** Times from a send to what it was sent for, in microseconds, since they were taken last. */
export class Latencies {
  #micros: number[] = [];

  add(micros: number): void {
    this.#micros.push(micros);
  }

  take(): number[] {
    const taken = this.#micros;
    this.#micros = [];
    return taken;
  }
}
