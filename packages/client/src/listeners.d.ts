/** Takes a listener away again. */
export type Unsubscribe = () => void;
/** Who wants to be told of what, by name; `"*"` is everything. */
export declare class Listeners<Args extends readonly unknown[]> {
  #private;
  add(name: string, listener: (...args: Args) => void): Unsubscribe;
  tell(name: string, ...args: Args): void;
}
