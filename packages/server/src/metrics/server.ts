import type { DoorAudit } from "../core/audit.ts";
import { counter, gauge, type Measure } from "../core/measures.ts";
import type { Visitors } from "../core/visitors.ts";
import type { FreeSpace } from "../store/free-space.ts";
import type { ManagedStore } from "../store/managed.ts";

/** What the services of a server share. */
export interface ServerParts {
  readonly store: ManagedStore;
  readonly visitors: Visitors;
  readonly freeSpace: FreeSpace | undefined;
  readonly door: DoorAudit;
  /** Answers to plain requests, by their status. */
  readonly answers: ReadonlyMap<number, number>;
}

/** Numbers of the server as a whole (O3). */
export function serverMeasures({ store, visitors, freeSpace, door, answers }: ServerParts): Measure[] {
  return [
    gauge(
      "roomlog_connections",
      "Connections, with those that have not logged in yet.",
      () => visitors.connections,
    ),
    counter(
      "roomlog_connections_refused_total",
      "Requests that became no connection, by HTTP status.",
      () => door.refusals,
      "code",
    ),
    gauge("roomlog_http_connections", "Connections that carry plain requests (Q5).", () => visitors.plain),
    counter(
      "roomlog_http_requests_total",
      "Plain requests that were answered, by HTTP status.",
      () => answers,
      "code",
    ),
    gauge("roomlog_writes_waiting", "Writes that are in no commit yet.", () => store.waiting),
    gauge("roomlog_store_failed", "1 when the store has failed (M4): the server ends.", () =>
      Number(store.hasFailed),
    ),
    ...freeSpaceMeasures(freeSpace),
  ];
}

/** Not of a store in memory, nor where the file system does not say. */
function freeSpaceMeasures(freeSpace: FreeSpace | undefined): Measure[] {
  if (freeSpace?.bytes === undefined) return [];
  return [
    gauge("roomlog_disk_free_bytes", "Free space on the disk of the data (Q9).", () => freeSpace.bytes ?? 0),
    gauge("roomlog_disk_low", "1 while the disk is nearly full and messages are refused (Q9).", () =>
      Number(freeSpace.isLow),
    ),
  ];
}
