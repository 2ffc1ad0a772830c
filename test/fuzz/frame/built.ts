import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A module of the built server in `home`, a real one or a twin. */
export function built<Module>(home: string, file: string): Promise<Module> {
  return import(pathToFileURL(join(home, "dist", file)).href);
}
