import { expect, test } from "vitest";
import type { Header } from "../../packages/server/src/transcript/jsonl.ts";
import { entryIn, headerIn, Unfit } from "../../packages/server/src/transcript/parsed.ts";

const HEADER = {
  roomlog: "transcript",
  version: 1,
  room_id: "r",
  epoch: "e",
  first_id: 1,
  last_id: 1,
  time_field: "timestmap",
};
const STAMP = '"msg_id":1,"user_id":"ann","session_id":"s","timestmap":5';
const HASH = "a".repeat(64);
const SALT = "b".repeat(32);

const parsed = (line: string, header: object = HEADER) => entryIn(line, header as Header);

test("[M25] an entry is taken with its text byte by byte, its proof and its wordings", () => {
  const log = `{"salt":"${SALT}","digest":"${HASH}","mentions":["bob"],"versions":[{"msg_id":1,"msg":{ "n":1.0}}]}`;
  expect(parsed(`{"n":2.0,${STAMP},"$log":${log}}`)).toMatchObject({
    msg_id: 1,
    msg: '{ "n":1.0}',
    salt: undefined,
    digest: HASH,
    mentions: ["bob"],
    wordings: [{ msg_id: 1, msg: '{ "n":1.0}' }],
  });
  const other = { ...HEADER, time_field: "timestamp" };
  const line = `{"timestmap":"mine",${STAMP.replace("timestmap", "timestamp")}}`;
  expect(parsed(line, other).msg).toBe('{"timestmap":"mine"}');
});

const deep = `${"[".repeat(64)}${"]".repeat(64)}`;
const users = (count: number) => JSON.stringify(Array.from({ length: count }, (_, n) => `u${n}`));

test.for([
  ["a body that is a string", '{"versions":[{"msg_id":1,"msg":"hello"}]}', "not a JSON object"],
  ["no body", '{"versions":[{"msg_id":1}]}', "not JSON"],
  ["a version that is null", '{"versions":[null]}', "not a JSON object"],
  ["a version without an id", '{"versions":[{"msg":{}}]}', "without an id"],
  ["a version too deep", `{"versions":[{"msg_id":1,"msg":{"a":${deep}}}]}`, "deeper"],
  ["a server's name in a version", '{"versions":[{"msg_id":1,"msg":{"user_id":"eve"}}]}', "user_id"],
  [
    "an erased version that says something",
    '{"versions":[{"msg_id":1,"erased":true,"msg":{"a":1}}]}',
    "erased",
  ],
  ["a salt too long", `{"salt":"${HASH}"}`, "salt"],
  ["a digest too short", `{"digest":"${SALT}"}`, "digest"],
  ["a commitment too short", `{"commitment":"${SALT}"}`, "commitment"],
  ["an erased message with a salt", `{"erased":true,"salt":"${SALT}"}`, "erased"],
  ["nobody in mentions", '{"mentions":[]}', "mentions"],
  ["too many mentions", `{"mentions":${users(51)}}`, "mentions"],
] as const)("[M25] %s is not taken", ([, log, reason]) => {
  expect(() => parsed(`{${STAMP},"$log":${log}}`)).toThrow(Unfit);
  expect(() => parsed(`{${STAMP},"$log":${log}}`)).toThrow(reason);
});

test("[M25] [M2] the server's names are not taken as what was sent", () => {
  for (const name of ["user_id", "session_id", "timestmap"])
    expect(() => parsed(`{"a":1,"${name}":{},${STAMP}}`)).toThrow(`${name} in what was sent`);
  expect(() => parsed(`{"a":1,"$log":{},${STAMP}}`)).toThrow(Unfit);
  expect(() => parsed(`{"a":1,"$log":{},${STAMP},"$log":{}}`)).toThrow("$log in what was sent");
  expect(() => parsed(`{"a":1,${STAMP},"$log":{"erased":true}}`)).toThrow("says something");
  expect(() => headerIn(JSON.stringify({ ...HEADER, base_digest: SALT }))).toThrow("base_digest");
});

test("[M25] [M15] a deletion says why, or nothing, and nothing else", () => {
  const deletion = (msg: string, log = "") =>
    parsed(`${msg === "{}" ? "{" : `${msg.slice(0, -1)},`}${STAMP},"$log":{"op":"delete","ref":1${log}}}`);
  expect(deletion("{}").msg).toBe("{}");
  expect(deletion('{"reason":"wrong"}').msg).toBe('{"reason":"wrong"}');
  for (const msg of ['{"reason":5}', '{"reason":null}', '{"reason":"\\ud800"}', '{"why":"wrong"}'])
    expect(() => deletion(msg)).toThrow("more than a reason");
  for (const msg of ['{"reason":"a","more":1}', '{"reason":5,"reason":"a"}', '{"__proto__":{"reason":"a"}}'])
    expect(() => deletion(msg)).toThrow("more than a reason");
  for (const log of [
    ',"versions":[{"msg_id":1,"msg":{"reason":5}}]',
    ',"deleted":{"msg_id":9}',
    ',"edited":{"msg_id":9}',
  ])
    expect(() => deletion("{}", log)).toThrow("was changed itself");
});

test("[M25] line ends are put back only where the export took them from", () => {
  const line = (breaks: string) => `{"a": [1,  2],"b":"c d",${STAMP},"$log":{"breaks":[${breaks}]}}`;
  expect(parsed(line("5,-9,10")).msg).toBe('{"a":\n[1,\r\n2],"b":"c d"}');
  for (const breaks of [
    "4294967294",
    "99999999",
    "-4294967295",
    "9".repeat(400),
    "6",
    "0",
    "10,9",
    "9,9",
    "9,-9",
  ])
    expect(() => parsed(line(breaks))).toThrow("breaks");
  expect(() => parsed(line("20"))).toThrow("not JSON");
});

test("[M25] [M12] a header names a service, and a life by a name of its own", () => {
  const header = (more: object) => headerIn(JSON.stringify({ ...HEADER, ...more }));
  expect(header({ service: "main" })).toMatchObject({ service: "main" });
  expect(() => header({ epoch: "last" })).toThrow("another life");
  for (const service of [5, null, "", ["main"]]) expect(() => header({ service })).toThrow("service");
});
