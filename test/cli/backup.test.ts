import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Connection } from "@roomlog/client";
import { expect, test } from "vitest";
import { startChildServer } from "../support/child-server.ts";
import { roomlog } from "../support/cli.ts";
import { PASSWORD } from "../support/people.ts";
import { dataDirectory } from "../support/server.ts";

async function loggedIn(url: string): Promise<Connection> {
  const client = await Connection.connect(url);
  await client.call("core/user/login", { user: "ann" });
  return client;
}

/** Sends one message after the other until it is told to stop; says which were acknowledged. */
function sender(client: Connection) {
  let last = 0;
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      const sent = await client.call("media/room/msglog_send", { room_id: "r", msg: { n: last + 1 } });
      last = sent.msg_id;
    }
  })();
  return {
    get last() {
      return last;
    },
    until: async (id: number) => {
      while (last < id) await new Promise((resolve) => setImmediate(resolve));
    },
    stop() {
      isStopped = true;
      return done;
    },
  };
}

async function idsIn(data: string): Promise<number[]> {
  const server = await startChildServer(data);
  const client = await loggedIn(server.url);
  const messages = await client.call("media/room/msglog_get", { room_id: "r" });
  await server.stop();
  return messages.map(({ msg_id }) => msg_id);
}

test("[O5] a backup while somebody sends has all that was acknowledged before, without a hole", async () => {
  const data = dataDirectory();
  const server = await startChildServer(data);
  const client = await loggedIn(server.url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  const sends = sender(client);
  await sends.until(200);
  const before = sends.last;
  const dest = join(dataDirectory(), "copy");
  const { status: code, stdout, stderr } = await roomlog(["backup", dest, "--data", data, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // It did not wait for the sender, nor the sender for it.
  expect(sends.last).toBeGreaterThan(before);
  await sends.stop();
  await server.stop("SIGKILL");
  const ids = await idsIn(dest);
  expect(ids.length).toBeGreaterThanOrEqual(before);
  expect(ids).toEqual(ids.map((_, i) => i + 1));
  expect(JSON.parse(stdout)).toMatchObject({ dest, rooms: 1, messages: ids.length });
});

test("[O5] a backup of a server that was killed, and of a stopped one", async () => {
  const data = dataDirectory();
  const server = await startChildServer(data);
  const client = await loggedIn(server.url);
  await client.call("media/room/create", { class: "chat", room_id: "r" });
  for (let n = 1; n <= 3; n++) await client.call("media/room/msglog_send", { room_id: "r", msg: { n } });
  await server.stop("SIGKILL");
  const killed = join(dataDirectory(), "copy");
  expect(await roomlog(["backup", killed, "--data", data])).toMatchObject({ status: 0 });
  expect(await idsIn(killed)).toEqual([1, 2, 3]);
  expect(await idsIn(data)).toEqual([1, 2, 3]);
  const stopped = join(dataDirectory(), "copy");
  const { stdout } = await roomlog(["backup", stopped, "--data", data]);
  expect(stdout).toBe(`${stopped} has 1 room, 3 messages, 21 B, and was checked.\n`);
  expect(await idsIn(stopped)).toEqual([1, 2, 3]);
});

test("[O5] its files are the owner's alone; users come along, the secret does not", async () => {
  const data = dataDirectory();
  writeFileSync(join(data, "users.json"), JSON.stringify({ users: [{ name: "ann", password: PASSWORD }] }));
  await (await startChildServer(data)).stop();
  expect(existsSync(join(data, "secret.key"))).toBe(true);
  const dest = join(dataDirectory(), "copy");
  expect((await roomlog(["backup", dest, "--data", data])).stdout).toContain("hashes of passwords");
  expect(readdirSync(dest).sort()).toEqual(["roomlog.db", "users.json"]);
  const modes = [dest, join(dest, "roomlog.db"), join(dest, "users.json")].map(
    (file) => statSync(file).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o600, 0o600]);
  expect(readFileSync(join(dest, "users.json"), "utf8")).toContain(PASSWORD);
});

test("[O5] nothing is overwritten, and a backup that fails leaves nothing", async () => {
  const data = dataDirectory();
  await (await startChildServer(data)).stop();
  const parent = dataDirectory();
  const dest = join(parent, "there");
  mkdirSync(dest);
  expect(await roomlog(["backup", dest, "--data", data])).toMatchObject({
    status: 64,
    stderr: `roomlog: ${dest} is there already; name a directory that is not\n`,
  });
  expect(await roomlog(["backup", join(parent, "new"), "--data", parent])).toMatchObject({
    status: 66,
    stderr: expect.stringContaining("there is no data in"),
  });
  truncateSync(join(data, "roomlog.db"), 8192);
  const { status: code } = await roomlog(["backup", join(parent, "new"), "--data", data]);
  expect(code).toBe(74);
  expect(readdirSync(parent)).toEqual(["there"]);
});
