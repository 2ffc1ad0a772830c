import { MemoryStore } from "../../packages/server/src/store/memory.ts";
import type { Write, Written } from "../../packages/server/src/store/store.ts";

/** A memory store whose next commit can be held back, to look at what happens meanwhile. */
export class SlowStore extends MemoryStore {
  #held = Promise.withResolvers<void>();
  #release: PromiseWithResolvers<void> | undefined;

  /** Resolves when a commit is being held. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  /** From now on commits wait for `release`. */
  hold(): void {
    this.#held = Promise.withResolvers<void>();
    this.#release = Promise.withResolvers<void>();
  }

  release(): void {
    this.#release?.resolve();
    this.#release = undefined;
  }

  override async commit(writes: readonly Write[]): Promise<Written[]> {
    this.#held.resolve();
    await this.#release?.promise;
    return super.commit(writes);
  }
}
