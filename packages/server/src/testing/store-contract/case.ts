import type { Store } from "../../store/store.ts";

/**
 * Makes a store that is not open yet, over the place a case has for itself. The place is empty at first; later
 * stores find there what the ones before them left.
 */
export type NewStore = () => Store;

/** One sentence of the contract. It throws an `AssertionError` where the driver breaks it. */
export interface StoreCase {
  readonly title: string;
  run(newStore: NewStore): Promise<void>;
}

/** A case that needs one open store. */
export function storeCase(title: string, check: (store: Store) => Promise<void>): StoreCase {
  return { title, run: (newStore) => whileOpen(newStore(), check) };
}

/** Opens the store, uses it and closes it, also when the use failed. */
export async function whileOpen<S extends Pick<Store, "open" | "close">, T>(
  store: S,
  use: (store: S) => Promise<T>,
): Promise<T> {
  await store.open();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
