import { Connection } from "@roomlog/client";
import type { Filter } from "@roomlog/protocol";
import { ManualClock } from "roomlog/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { Follower } from "../../packages/server/src/cli/follower.ts";
import { memberText } from "../../packages/server/src/core/json-text.ts";
import { behindWay } from "../support/client.ts";
import { cuttingProxy, gatheringProxy } from "../support/cutting-proxy.ts";

/** Somebody who follows a room with three messages, over a way that can be cut, and somebody who writes to it. */
async function world(where?: Filter) {
  const { way, url, direct } = await behindWay();
  const writer = await Connection.connect(direct);
  onTestFinished(() => void writer.close());
  await writer.call("core/user/login", { user: "bob" });
  const send = async (...texts: string[]) => {
    for (const text of texts) await writer.call("media/room/msglog_send", { room_id: "r", msg: { text } });
  };
  const create = () => writer.call("media/room/create", { room_id: "r", class: "chat" });
  const destroy = () => writer.call("media/room/destroy", { room_id: "r" });
  const ban = () => writer.call("media/room/ban", { room_id: "r", user_id: "ann" });
  const printed: unknown[] = [];
  const clock = new ManualClock();
  const follower = new Follower((_room_id, messages) => {
    for (const message of messages) printed.push(JSON.parse(memberText(message, "text") ?? "null"));
  }, clock);
  await create();
  await send("old1", "old2", "old3");
  const ended = follower.follow({ url, user: "ann" }, ["r"], { lines: 10, ...(where && { where }) });
  const prints = (count: number) => vi.waitFor(() => expect(printed).toHaveLength(count), 10_000);
  await prints(where ? 1 : 3);
  return { way, direct, clock, send, create, destroy, ban, printed, prints, ended };
}

/** The room's next life begins while nobody follows; three are the messages of each. */
async function nextLife() {
  const the = await world();
  the.way.target = undefined;
  the.way.cut();
  await the.send("old4", "old5");
  await the.destroy();
  await the.create();
  await the.send("new1", "new2", "new3");
  return the;
}

const ALL_OLD = ["old1", "old2", "old3", "old4", "old5"];

test("[M12] tail -f reads the rest of an ended life also when the connection is lost meanwhile", async () => {
  const { way, direct, printed, ended } = await nextLife();
  const proxy = await cuttingProxy(direct, "old4");
  way.target = proxy.url;
  await ended;
  expect(proxy.cuts()).toBe(1);
  expect(printed).toEqual(ALL_OLD);
});

test("[M12] tail -f takes no message of the next life, however early it comes", async () => {
  const { way, direct, printed, ended } = await nextLife();
  way.target = await gatheringProxy(direct, '"recovered"', "new3");
  await ended;
  expect(printed).toEqual(ALL_OLD);
});

test("[M10] tail -f notices that its connection passes nothing any more, and connects again", async () => {
  const { way, clock, send, destroy, printed, prints, ended } = await world();
  way.lose();
  await send("old4", "old5");
  clock.advance(60_000);
  await prints(5);
  await destroy();
  await ended;
  expect(printed).toEqual(ALL_OLD);
});

test("[M17] tail -f with a filter goes on behind what it printed, also of a life that ends meanwhile", async () => {
  const { way, direct, send, destroy, create, printed, prints, ended } = await world({
    "/text": { in: ["old2", "old5", "old7"] },
  });
  await send("old4", "old5");
  await prints(2);
  way.target = undefined;
  way.cut();
  await send("old6", "old7");
  await destroy();
  await create();
  await send("old2");
  way.target = direct;
  await ended;
  expect(printed).toEqual(["old2", "old5", "old7"]);
});

test("[R9] tail -f ends when its user may not read any more", async () => {
  const { clock, send, ban, printed, ended } = await world();
  await ban();
  await send("not for her");
  clock.advance(30_000);
  await expect(ended).rejects.toMatchObject({
    name: "Failure",
    ending: "missing",
    message: expect.stringContaining("Room not found"),
  });
  expect(printed).toEqual(["old1", "old2", "old3"]);
});
