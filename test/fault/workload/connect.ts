import { CallError, Connection, ConnectionLost, type ConnectionOptions } from "@roomlog/client";
import type { StoredMessage } from "@roomlog/protocol";
import type { HistoryRecord, Seen } from "roomlog/testing";
import type { Random } from "../frame/random.ts";
import type { Ledger } from "./ledger.ts";

/** What everybody at work on one server knows. */
export interface Site {
  readonly url: string;
  readonly random: Random;
  readonly record: (line: HistoryRecord) => void;
  /** Close codes that are to be expected. */
  readonly closes: readonly number[];
  /** Told what is wrong beside the history. */
  readonly fault: (what: string) => void;
  /** Counts for the summary. */
  readonly count: (figure: string, by?: number) => void;
  /** The greatest id known of each room. */
  readonly tips: Map<string, number>;
  readonly ledger: Ledger;
}

/** Somebody at work. */
export interface Actor {
  /** Resolves when the server is gone or the actor has left. */
  readonly ended: Promise<unknown>;
  /** Finishes what was begun and closes. */
  leave(): Promise<void>;
}

export const rooms = ["one", "two", "three"] as const;

/** More than anybody gets done in one life. */
export const MOST_CALLS = 1_000_000;

/** The store has failed; the outcome of a send is unknown (M4). */
export const UNKNOWN = 304105;

/** What a socket says when the other side vanished (RFC 6455 §7.1.5), and when it was closed by its own side. */
const VANISHED = 1006;
const CLOSED_HERE = [1000, 1005];

/** Whether the server is gone, or its store is. */
export function isTheEnd(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof CallError && error.code === UNKNOWN);
}

export async function login(url: string, user: string, options?: ConnectionOptions): Promise<Connection> {
  const client = await Connection.connect(url, options);
  await client.call("core/user/login", { user });
  return client;
}

/** An actor who does one thing with a connection until he is to leave. */
export function atWork(
  client: Connection,
  site: Site,
  work: (isLeaving: () => boolean) => Promise<void>,
): Actor {
  let leaving = false;
  const done = work(() => leaving);
  return {
    ended: Promise.all([done, gone(client, site)]),
    async leave() {
      leaving = true;
      await done;
      await client.close();
    },
  };
}

/** Resolves when a connection has ended; a close that was not to be expected is a fault. */
export async function gone({ closed }: Pick<Connection, "closed">, { closes, fault }: Site): Promise<void> {
  const { code, reason } = await closed;
  if (![VANISHED, ...CLOSED_HERE, ...closes].includes(code))
    fault(`the server closed a connection: ${code} ${reason}`);
}

/** What a client sent, apart from what the server added. */
export function seen(message: StoredMessage): Seen {
  const { msg_id, user_id, session_id, timestmap, $log, ...sent } = message;
  const text = JSON.stringify(sent);
  if ($log?.erased && text === "{}") return { msg_id, id: "", text, timestmap, erased: true };
  return { msg_id, id: String(sent.id), text, timestmap };
}
