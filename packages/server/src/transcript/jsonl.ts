import type { Filter } from "@roomlog/protocol";
import type { Extract } from "./writer.ts";

/** Of the format of the lines. */
export const VERSION = 1;

/** What every header begins with. */
export const KIND = "transcript";

/** The first line: what the other lines are, so that they can be imported again. */
export interface Header {
  readonly roomlog: typeof KIND;
  readonly version: number;
  readonly service?: string;
  readonly room_id: string;
  readonly epoch: string;
  readonly first_id: number;
  readonly last_id: number;
  readonly time_field: string;
  readonly versions?: true;
  /** Of the log before its first entry here (M23). */
  readonly base_digest?: string;
  /** Only these messages are there (M17). */
  readonly where?: Filter;
}

export function headerLine({
  base_digest,
  ...extract
}: Extract & { readonly base_digest: string | undefined }): string {
  const { service, room_id, epoch, first_id, last_id, time_field, versions, where } = extract;
  const header: Header = {
    roomlog: KIND,
    version: VERSION,
    ...(service !== undefined && { service }),
    room_id,
    epoch,
    first_id,
    last_id,
    time_field,
    ...(versions && { versions }),
    ...(base_digest !== undefined && { base_digest }),
    ...(where && { where }),
  };
  return `${JSON.stringify(header)}\n`;
}
