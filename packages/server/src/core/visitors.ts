import { isIPv6 } from "node:net";
import type { Clock } from "./clock.ts";
import { Allowance, type Excess, Pool, type Rates, type Shared } from "./rates.ts";

export interface VisitorLimits {
  readonly rates: Rates;
  /** Of the server (Q5). */
  readonly connections: number;
  /** Connections from one address that have not logged in yet (Q5). */
  readonly handshakes_per_address: number;
}

/** Why no further connection is taken, as the answer to its upgrade. */
export interface Crowded {
  readonly status: number;
  readonly text: string;
  /** Seconds. */
  readonly retry_after: number;
}

const RETRY_AFTER_FULL_S = 10;
const RETRY_AFTER_HANDSHAKES_S = 1;

/** The connections of the server, by the address that they come from (Q5). */
export class Visitors {
  readonly #limits: () => VisitorLimits;
  readonly #addresses = new Pool();
  #connections = 0;
  #plain = 0;

  constructor(limits: () => VisitorLimits) {
    this.#limits = limits;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Connections that have asked for something and become no session: the requests on them have sessions of their own. */
  get plain(): number {
    return this.#plain;
  }

  /** Why a connection from `address` is not taken; in open mode all come from one. */
  refusal(address: string, isOpenMode: boolean): Crowded | undefined {
    const { connections, handshakes_per_address } = this.#limits();
    if (this.#connections >= connections) return full(connections);
    if (isOpenMode) return undefined;
    const { strangers = 0 } = this.#addresses.find(networkOf(address)) ?? {};
    if (strangers < handshakes_per_address) return undefined;
    const text = `${strangers} connections from your address have not logged in yet; log in with them first.`;
    return { status: 429, text, retry_after: RETRY_AFTER_HANDSHAKES_S };
  }

  /** A connection has come; it is a stranger until it logs in. */
  enter(address: string): Shared {
    const shared = this.#addresses.hold(networkOf(address));
    shared.strangers += 1;
    this.#connections += 1;
    return shared;
  }

  /** It has gone. `isStranger`: without having logged in. */
  leave(address: Shared, isStranger: boolean): void {
    if (isStranger) address.strangers -= 1;
    this.#connections -= 1;
    this.#addresses.release(address);
  }

  /** A connection has sent a plain request, its first. Why it may not; it calls `leavePlain` when it has gone, else. */
  enterPlain(): Crowded | undefined {
    const { connections } = this.#limits();
    if (this.#plain >= connections) return full(connections);
    this.#plain += 1;
    return undefined;
  }

  leavePlain(): void {
    this.#plain -= 1;
  }

  /** Counts a request that no session counts for its address (Q2). */
  count(address: string, bytes: number, clock: Clock): Excess | undefined {
    const { rates } = this.#limits();
    const shared = this.#addresses.hold(networkOf(address));
    shared.allowance ??= new Allowance("address", rates, clock.monotonic());
    const excess = shared.allowance.spend(1, bytes, rates, clock);
    this.#addresses.release(shared);
    return excess;
  }

  /** Called about once a second. */
  sweep(now: number): void {
    this.#addresses.sweep(this.#limits().rates, now);
  }
}

function full(connections: number): Crowded {
  const text = `This server has ${connections} connections, as many as it may have; come again later.`;
  return { status: 503, text, retry_after: RETRY_AFTER_FULL_S };
}

const HEXTETS = 8;
/** An IPv4 address in the clothes of IPv6. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Who counts as one: an IPv4 address, or the /64 network of an IPv6 address, of which one machine has all. */
export function networkOf(address: string): string {
  const plain = address.replace(MAPPED, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = (plain.split("%")[0] as string).split("::");
  const before = hextetsOf(head);
  const after = hextetsOf(tail ?? "");
  const between = Array.from({ length: HEXTETS - before.length - after.length }, () => "0");
  return [...before, ...between, ...after]
    .slice(0, HEXTETS / 2)
    .map(canonical)
    .join(":");
}

function hextetsOf(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

function canonical(hextet: string): string {
  return Number.parseInt(hextet, 16).toString(16);
}
