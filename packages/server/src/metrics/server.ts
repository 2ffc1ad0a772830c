import type { DoorAudit } from "../core/audit.ts";
import type { Measure } from "../core/measures.ts";
import type { Visitors } from "../core/visitors.ts";
import type { FreeSpace } from "../store/free-space.ts";
import type { ManagedStore } from "../store/managed.ts";

/** What the services of a server share. */
export interface ServerParts {
  readonly store: ManagedStore;
  readonly visitors: Visitors;
  readonly freeSpace: FreeSpace | undefined;
  readonly door: DoorAudit;
}

/** Numbers of the server as a whole (O3). */
export function serverMeasures({ store, visitors, freeSpace, door }: ServerParts): Measure[] {
  const gauge = (name: string, help: string, read: () => number): Measure => ({
    name: `roomlog_${name}`,
    kind: "gauge",
    help,
    read,
  });
  return [
    gauge("connections", "Connections, with those that have not logged in yet.", () => visitors.connections),
    {
      name: "roomlog_connections_refused_total",
      kind: "counter",
      help: "Requests that became no connection, by HTTP status.",
      label: "code",
      read: () => door.refusals,
    },
    gauge("writes_waiting", "Writes that are in no commit yet.", () => store.waiting),
    gauge("store_failed", "1 when the store has failed (M4): the server ends.", () =>
      Number(store.hasFailed),
    ),
    ...freeSpaceMeasures(freeSpace, gauge),
  ];
}

/** Not of a store in memory, nor where the file system does not say. */
function freeSpaceMeasures(
  freeSpace: FreeSpace | undefined,
  gauge: (name: string, help: string, read: () => number) => Measure,
): Measure[] {
  if (freeSpace?.bytes === undefined) return [];
  return [
    gauge("disk_free_bytes", "Free space on the disk of the data (Q9).", () => freeSpace.bytes ?? 0),
    gauge("disk_low", "1 while the disk is nearly full and messages are refused (Q9).", () =>
      Number(freeSpace.isLow),
    ),
  ];
}
