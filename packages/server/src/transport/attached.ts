import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { pathOf } from "./client.ts";
import type { Takers } from "./port.ts";
import type { Attachment, Listening } from "./transport.ts";

/**
 * The server of an application, of which we take what comes for our paths; everything else reaches the application's own
 * listeners, whenever they were added. Its bounds, its certificate and its end are the application's.
 */
export function attach({ server, owns }: Attachment, takers: Takers): Listening {
  const { emit } = server;
  const hadOwn = Object.hasOwn(server, "emit");
  let attached = true;
  // Listeners of an event cannot keep it from one another, so it is taken before them.
  const take = function (this: typeof server, event: string, ...args: unknown[]): boolean {
    const isOurs = attached && (event === "request" || event === "upgrade") && owns(pathIn(args));
    if (!isOurs) return Reflect.apply(emit, this, [event, ...args]) as boolean;
    if (event === "request") takers.request(...(args as Parameters<Takers["request"]>));
    else takers.upgrade(...(args as Parameters<Takers["upgrade"]>));
    return true;
  } as typeof emit;
  server.emit = take;
  // Node tells of upgrades only when somebody listens.
  server.on("upgrade", refuseAlone);
  return {
    get port() {
      return (server.address() as AddressInfo | null)?.port ?? 0;
    },
    renew() {},
    stop() {},
    async close() {
      if (!attached) return;
      attached = false;
      server.off("upgrade", refuseAlone);
      // Who has wrapped it after us keeps what he has.
      if (server.emit !== take) return;
      if (hadOwn) server.emit = emit;
      else Reflect.deleteProperty(server, "emit");
    },
  };
}

function pathIn([incoming]: readonly unknown[]): string {
  return pathOf((incoming as IncomingMessage).url ?? "/");
}

/** An upgrade that the application, which has no listener for it, would leave hanging. */
function refuseAlone(this: Attachment["server"], _incoming: IncomingMessage, socket: Duplex): void {
  if (this.listenerCount("upgrade") > 1) return;
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}
