import { BlockList, isIP } from "node:net";

/** What a trusted proxy says about the client that it speaks for. */
interface Hops {
  /** The address that the connection itself comes from. */
  readonly peer: string;
  /** The header `X-Forwarded-For`, as it came. */
  readonly forwarded: string | undefined;
}

/** Proxies whose word about their clients is believed (T8), by address or network (`10.0.0.0/8`). */
export class Proxies {
  readonly #list = new BlockList();

  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }

  /**
   * Where a client really is: each proxy adds behind a comma whom it heard, so the last address that is no trusted
   * proxy is the client. What stands before it, anybody may have written.
   */
  clientOf({ peer, forwarded = "" }: Hops): string {
    let client = peer;
    for (const hop of forwarded.split(",").reverse()) {
      if (!this.has(client)) return client;
      const address = addressIn(hop.trim());
      if (address === undefined) return client;
      client = address;
    }
    return client;
  }
}

/** Whether `text` is an address, or a network with the length of its prefix. */
export function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}

/** An IPv4 address that came by an IPv6 socket as it is usually written. */
export function plainAddress(address: string): string {
  const inner = address.replace(/^::ffff:/i, "");
  return isIP(inner) === 4 ? inner : address;
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1` or `[2001:db8::1]:4711`. */
function addressIn(hop: string): string | undefined {
  const address = /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return isIP(address) === 0 ? undefined : plainAddress(address);
}
