import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import { DATABASE } from "../store/sqlite/file.ts";
import { verify } from "../store/sqlite/verify/verify.ts";
import { Failure } from "./failure.ts";
import { progress } from "./progress.ts";
import { conclude, Faults } from "./verify-shown.ts";

export interface FolderFlags {
  readonly config?: string;
  readonly data?: string;
  readonly service: string;
  readonly room?: string;
  readonly json?: true;
}

/** Recomputes a data directory (O7). */
export function verifyFolder({ config, json, service, room, data }: FolderFlags): void {
  const { data: directory } = loadConfig(config, data === undefined ? {} : { data });
  if (!existsSync(join(directory, DATABASE)))
    throw new Failure("missing", `there is no data in ${directory}; say with --data or --config where it is`);
  const line = progress("entries");
  const shown = new Faults(line, json);
  const verified = verify({
    directory,
    room: room === undefined ? undefined : { service, room_id: room },
    told: line.at,
    found: (fault) => shown.add(fault),
  });
  line.end();
  if (room !== undefined && verified.lives === 0 && verified.faults === 0)
    throw new Failure(
      "missing",
      `there is no log of a room ${room} in ${directory}, service ${service} (--service)`,
    );
  conclude(`in ${directory}`, verified, json);
}
