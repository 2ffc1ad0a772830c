import { parentPort, Worker, workerData } from "node:worker_threads";
import { StoreError } from "../store.ts";

/**
 * Calls of an object that lives in a worker thread. Answers come in the order of the calls. What an error says
 * crosses the border as plain fields, since a structured clone keeps neither class nor code.
 */

interface Call {
  readonly method: string;
  readonly argument: unknown;
}

type Reply = { readonly ok: unknown } | { readonly failed: Failure };

interface Failure {
  readonly message: string;
  readonly code: string | undefined;
  readonly reason: StoreError["reason"] | undefined;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What can be called: the methods of `T`, with at most one argument, as promises. */
type Callable<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T] &
  string;

// biome-ignore lint/suspicious/noExplicitAny: infers the one parameter of whatever method it is
type Argument<F> = F extends (argument: infer A, ...rest: any[]) => unknown ? A : undefined;
// biome-ignore lint/suspicious/noExplicitAny: infers the result of whatever method it is
type Result<F> = F extends (...args: any[]) => infer R ? R : never;

/** In the worker: serves an object made at the first call, until `close` was called or it could not be made. */
export function serve<T extends { close(): void }>(make: (directory: string) => T): void {
  const port = parentPort;
  // In the process itself the module is only looked at.
  if (!port) return;
  let made: ReturnType<typeof attempt<T>> | undefined;
  port.on("message", ({ method, argument }: Call) => {
    made ??= attempt(() => make(workerData));
    const target = made;
    const reply = "failed" in target ? target : attempt(() => call(target.ok, method, argument));
    port.postMessage(reply satisfies Reply);
    if (method === "close" || "failed" in target) port.close();
  });
}

/** In the process: starts the worker and calls the object in it. */
export class WorkerCalls<T extends { close(): void }> {
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];
  readonly #onLost: (cause: Error) => void;
  #ended: Error | undefined;
  #isClosing = false;

  /** `onLost` is called once, should the worker end before it is asked to. */
  constructor(module: URL, directory: string, onLost: (cause: Error) => void = () => {}) {
    this.#onLost = onLost;
    this.#worker = new Worker(module, { workerData: directory });
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("the storage thread has ended")));
  }

  call<K extends Callable<T>>(method: K, argument: Argument<T[K]>): Promise<Awaited<Result<T[K]>>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#isClosing ||= method === "close";
      this.#pending.push({ resolve: resolve as Pending["resolve"], reject });
      this.#worker.postMessage({ method, argument } satisfies Call);
    });
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.shift();
    if ("failed" in reply) pending?.reject(asError(reply.failed));
    else pending?.resolve(reply.ok);
  }

  #end(error: Error): void {
    const isFirst = !this.#ended;
    this.#ended ??= error;
    for (const pending of this.#pending.splice(0)) pending.reject(this.#ended);
    if (isFirst && !this.#isClosing) this.#onLost(this.#ended);
  }
}

function attempt<T>(action: () => T): { readonly ok: T } | { readonly failed: Failure } {
  try {
    return { ok: action() };
  } catch (error) {
    return { failed: asFailure(error) };
  }
}

function call(target: object, method: string, argument: unknown): unknown {
  const action: unknown = Reflect.get(target, method);
  if (typeof action !== "function") throw new Error(`no method ${method}`);
  return action.call(target, argument);
}

function asFailure(error: unknown): Failure {
  const { message, code } = error as { message: string; code?: string };
  return { message, code, reason: error instanceof StoreError ? error.reason : undefined };
}

function asError({ message, code, reason }: Failure): Error {
  if (reason) return new StoreError(reason, message);
  return Object.assign(new Error(message), code && { code });
}
