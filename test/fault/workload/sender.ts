import { CallError, type Connection, ConnectionLost } from "@roomlog/client";
import type { HistoryRecord } from "roomlog/testing";
import type { Random } from "../frame/random.ts";
import { type Actor, gone, login, MOST_CALLS, rooms, type Site, UNKNOWN } from "./connect.ts";

/** A send; its id is also its `client_msg_id` (M9). */
interface Message {
  readonly id: string;
  readonly room: string;
  readonly msg: { readonly id: string; readonly word: string; readonly body: string };
  readonly mentions?: string[];
  /** When it goes out first: a moment of the ledger. */
  readonly sent: number;
}

/** One send after the other. What has no answer when the server goes is sent again to the next one. */
interface Lane {
  readonly name: string;
  readonly user: string;
  /** How the words of its messages begin. */
  readonly word: string;
  readonly random: Random;
  count: number;
  unanswered: Message | undefined;
}

interface Work {
  readonly lane: Lane;
  readonly site: Site;
  /** Of one user. On the second one go only repeats: there no order of answers holds them back. */
  readonly clients: readonly [Connection, Connection];
  readonly mentioned: string;
  readonly isLeaving: () => boolean;
}

const IN_FLIGHT = 8;
/** One send in so many is repeated while it is in flight. */
const REPEATED = 10;
/** One in so many names somebody (M20). */
const MENTIONING = 8;

/** Characters that storing and framing could damage. */
const samples = ["", "plain ", '"\\/', "\u0000\n", "é𝄞", "\ud800", "</script>"] as const;

export const senderName = (number: number) => `sender ${number}`;

/** Sends without a pause, several at once. */
export class Sender {
  readonly #name: string;
  readonly #mentioned: string;
  readonly #lanes: readonly Lane[];

  /** `mentioned`: whom some of his messages name. */
  constructor(number: number, random: Random, mentioned: string) {
    const user = senderName(number);
    this.#name = user;
    this.#mentioned = mentioned;
    this.#lanes = Array.from({ length: IN_FLIGHT }, (_, n) => ({
      name: `${user}.${n + 1}`,
      user,
      word: `s${number}l${n + 1}n`,
      random: random.fork(),
      count: 0,
      unanswered: undefined,
    }));
  }

  async begin(site: Site): Promise<Actor> {
    const connect = () => login(site.url, this.#name);
    const clients = await Promise.all([connect(), connect()]);
    let leaving = false;
    const work = this.#lanes.map((lane) =>
      runLane({ lane, site, clients, mentioned: this.#mentioned, isLeaving: () => leaving }),
    );
    return {
      ended: Promise.all([...work, ...clients.map((client) => gone(client, site))]),
      async leave() {
        leaving = true;
        await Promise.all(work);
        await Promise.all(clients.map((client) => client.close()));
      },
    };
  }
}

async function runLane({ lane, site, clients, mentioned, isLeaving }: Work): Promise<void> {
  for (let n = 0; n < MOST_CALLS && (lane.unanswered || !isLeaving()); n++) {
    lane.unanswered ??= nextMessage(lane, { mentioned, sent: site.ledger.now() });
    const outcomes = await Promise.all(attempts(lane.random, clients).map(attempt(site, lane)));
    const lives = outcomes.every((outcome) => outcome.kind !== "unknown");
    const answer = outcomes.find((outcome) => outcome.kind === "ok");
    if (answer) noteAcked(site, lane, answer.msg_id);
    if (lives || answer) lane.unanswered = undefined;
    if (!lives) return;
  }
}

/** On which connections a message goes out. */
function attempts(random: Random, clients: Work["clients"]): Connection[] {
  const repeats = random.int(1, REPEATED) === 1 ? [random.pick(clients)] : [];
  return [clients[0], ...repeats];
}

function noteAcked({ ledger }: Site, { user, unanswered }: Lane, msg_id: number): void {
  const { room, msg, sent } = unanswered as Message;
  ledger.note({ room, msg_id, user, word: msg.word, sent });
}

function nextMessage(lane: Lane, { mentioned, sent }: { mentioned: string; sent: number }): Message {
  const { name, word, random } = lane;
  lane.count += 1;
  const id = `${name}.${lane.count}`;
  const msg = {
    id,
    word: `${word}${lane.count}`,
    body: random.pick(samples).repeat(random.int(1, 40)),
  };
  const mentions = random.int(1, MENTIONING) === 1 ? { mentions: [mentioned] } : {};
  return { id, room: random.pick(rooms), msg, ...mentions, sent };
}

type Outcome = Extract<HistoryRecord, { kind: "ok" | "error" | "unknown" }>;

function attempt(site: Site, { name, user, unanswered }: Lane): (client: Connection) => Promise<Outcome> {
  const { id, room, msg, mentions } = unanswered as Message;
  return async (client) => {
    site.record({ kind: "invoke", room, user, client: name, id, text: JSON.stringify(msg) });
    const outcome = await client
      .call("media/room/msglog_send", {
        room_id: room,
        msg,
        client_msg_id: id,
        ...(mentions && { mentions }),
      })
      .then(
        ({ msg_id, duplicate }): Outcome => ({ kind: "ok", id, msg_id, ...(duplicate && { duplicate }) }),
        (error: unknown) => failure(id, error),
      );
    site.record(outcome);
    if (outcome.kind === "ok") site.tips.set(room, Math.max(site.tips.get(room) ?? 0, outcome.msg_id));
    return outcome;
  };
}

/** M4: an error means that nothing was stored, save 304105, which like a lost connection says nothing. */
function failure(id: string, error: unknown): Outcome {
  if (error instanceof ConnectionLost) return { kind: "unknown", id };
  if (!(error instanceof CallError)) throw error;
  return error.code === UNKNOWN ? { kind: "unknown", id } : { kind: "error", id, code: error.code };
}
