/**
 * Slow sockets that hold on to request heads, while others log in and talk:
 *
 *     node --conditions=source test/hostile/slow-loris.ts [--slow 2000] [--clients 500]
 *
 * Ends with code 1 when a login took a second or more at the 99th percentile.
 */
import { parseArgs } from "node:util";
import { percentile } from "../../bench/support/numbers.ts";
import { SlowSockets } from "./load/slow-sockets.ts";
import { makeRooms, talk } from "./load/talkers.ts";
import { withServer } from "./load/with-server.ts";

const { values } = parseArgs({
  options: { slow: { type: "string", default: "2000" }, clients: { type: "string", default: "500" } },
});
const [slow, clients] = [Number(values.slow), Number(values.clients)];
const WANTED_MS = 1000;

await withServer(async ({ url }) => {
  await makeRooms(url);
  const alone = await talk(url, { count: clients, perSecond: 50 });
  say("without slow sockets", alone.logins, alone.sends);
  const sockets = await SlowSockets.open(url, slow);
  const beside = await talk(url, { count: clients, perSecond: 50 });
  sockets.stop();
  say(
    `beside ${slow} slow sockets, of which the server closed ${sockets.closed}`,
    beside.logins,
    beside.sends,
  );
  if (percentile(beside.logins, 99) >= WANTED_MS) process.exitCode = 1;
});

function say(when: string, logins: readonly number[], sends: readonly number[]): void {
  const figures = (took: readonly number[]) =>
    [50, 99].map((percent) => `p${percent} ${percentile(took, percent).toFixed(0)} ms`).join(", ");
  console.log(`${when}: ${logins.length} logins ${figures(logins)}; ${sends.length} sends ${figures(sends)}`);
}
