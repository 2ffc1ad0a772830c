import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { createServer, type Server } from "roomlog";
import { ManualClock } from "roomlog/testing";
import { type Fault, verify } from "../../packages/server/src/store/sqlite/verify/verify.ts";
import type { Answer } from "./answers.ts";
import { LONG, limits, msglog } from "./limits.ts";
import { OBSERVER, users } from "./people.ts";
import { serviceSchemas } from "./schemas.ts";
import { Wire } from "./wire.ts";
import type { Message } from "./world.ts";

const NO_ROOM = "there is no such room";
/** From then on it is not time that counts, but what the server has done meanwhile. */
const PATIENCE_MS = 100;
/** Rounds without a single frame after which nothing is to be expected any more. */
const MOST_ROUNDS = 60;
/** Calls of the store, one after the other, that a request makes at most. */
const MOST_HOPS = 4;
/** One for each room that is looked at. */
const OBSERVERS = 2;

const plenty = { requests: 1e9, requests_burst: 1e9, bytes: 1e12, bytes_burst: 1e12 };

const config = {
  port: 0,
  users,
  limits: {
    ...limits,
    rates: { login: plenty, connection: plenty, user: plenty, address: plenty },
    ping_seconds: 0,
    answer_seconds: LONG,
    extended_answer_seconds: LONG,
    idle_seconds: LONG,
    login_seconds: LONG,
    stalled_seconds: LONG,
  },
  services: {
    main: {
      room: { member_grace_seconds: LONG },
      msglog: { ...msglog, schemas: serviceSchemas, sweep_seconds: LONG },
    },
  },
};

interface Observer {
  readonly wire: Wire;
  readonly session_id: string;
}

/** The server under test, with its files on disk; it serves many runs, one after the other. */
export class Real {
  readonly clock = new ManualClock();
  readonly #data: string;
  #server: Server | undefined;
  /** Clients that have no part in any run. */
  #observers: readonly Observer[] = [];

  private constructor(data: string) {
    this.#data = data;
  }

  static async start(): Promise<Real> {
    const real = new Real(mkdtempSync(join(tmpdir(), "roomlog-model-")));
    await real.#start();
    return real;
  }

  async stop(): Promise<void> {
    await this.#stop();
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** Stops the server as it is; every connection ends. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  /** Connects and logs in. */
  async connect(user: string, session_id?: string): Promise<{ wire: Wire; session_id: string }> {
    const wire = await Wire.connect(this.#server?.urls[0] ?? "");
    const login = wire.request("core/user/login", {
      user,
      password: "secret",
      ...(session_id !== undefined && { session_id }),
    });
    wire.write([login]);
    const answer = (await this.#answers(wire, 1))[0] as { readonly ok: { readonly session_id: string } };
    return { wire, session_id: answer.ok.session_id };
  }

  /** Asks as somebody who has no part in the run. */
  ask(name: string, data: object): Promise<Answer> {
    return this.#askAt(0, name, data);
  }

  /** Asks all of it at once, whatever the answers are. */
  async askAll(requests: readonly (readonly [name: string, data: object])[]): Promise<void> {
    const { wire } = this.#observers[0] as Observer;
    wire.write(requests.map(([name, data]) => wire.request(name, data)));
    await this.#answers(wire, requests.length);
  }

  /** Sends a room so many messages at once, drops all but the last, and gives them back as they stand in the log. */
  async fill(room_id: string, { from, to }: { from: number; to: number }): Promise<Message[]> {
    const { session_id } = this.#observers[0] as Observer;
    const messages = Array.from({ length: to - from + 1 }, (_, i) => ({
      msg_id: from + i,
      user_id: OBSERVER,
      session_id,
      timestmap: this.clock.wall(),
      msg: JSON.stringify({ text: "ro rock" }),
    }));
    const sends = messages.map(
      ({ msg }) => ["media/room/msglog_send", { room_id, msg: JSON.parse(msg) as object }] as const,
    );
    await this.askAll([...sends, ["media/room/msglog_purge", { room_id, before: to }]]);
    return messages;
  }

  /**
   * Resolves with what `msglog_info` says of the rooms, when whatever was being read from the store has been, and what
   * came of it has reached the clients.
   */
  async look(room_ids: readonly string[]): Promise<Answer[]> {
    const asked = room_ids.map((room_id, i) => this.#askAt(i, "media/room/msglog_info", { room_id }));
    const infos = await Promise.all(asked);
    await turn();
    await turn();
    return infos;
  }

  /** Resolves when nothing comes any more, with what `msglog_info` says of the rooms then. */
  async quiet(wires: readonly Wire[], room_ids: readonly string[]): Promise<Answer[]> {
    for (;;) {
      const before = counted(wires);
      const infos = await this.look(room_ids);
      if (counted(wires) === before) return infos;
    }
  }

  /** Resolves when each wire has that many answers, or when it is sure that they do not come. */
  async answered(asked: ReadonlyMap<Wire, number>): Promise<void> {
    const wires = [...asked.keys()];
    const all = Promise.all(Array.from(asked, ([wire, count]) => wire.answered(count)));
    await Promise.race([all, sleep(PATIENCE_MS)]);
    const isDone = () => wires.every((wire) => wire.answers() >= (asked.get(wire) ?? 0));
    for (let round = 0, before = -1; !isDone() && round < MOST_ROUNDS; round++) {
      const now = counted(wires);
      if (now !== before) round = 0;
      before = now;
      await this.#flush();
    }
  }

  /** Resolves when the server knows that a session has ended, and what it was asked has come to an end. */
  async gone(session_id: string): Promise<void> {
    for (;;) {
      const { ok } = (await this.ask("core/user/list", {})) as { readonly ok: Record<string, string[]> };
      if (!Object.values(ok).flat().includes(session_id)) break;
      await turn();
    }
    for (let i = 0; i < MOST_HOPS; i++) await this.#flush();
  }

  /** What does not agree with the digests, ids, counters and authors of a room's logs on disk (M23, O7). */
  faultsIn(room_id: string): Fault[] {
    const faults: Fault[] = [];
    const room = { service: "main", room_id };
    verify({ directory: this.#data, room, told() {}, found: (fault) => faults.push(fault) });
    return faults;
  }

  async #start(): Promise<void> {
    this.#server = await createServer({ ...config, data: this.#data }, { clock: this.clock });
    const observers = Array.from({ length: OBSERVERS }, () => this.connect(OBSERVER));
    this.#observers = await Promise.all(observers);
  }

  async #stop(): Promise<void> {
    await this.#server?.close();
    await Promise.all(this.#observers.map(({ wire }) => wire.closed));
  }

  /** What is on its way to the store or back arrives. */
  async #flush(): Promise<void> {
    await this.ask("media/room/update", { room_id: NO_ROOM, retention: {} });
    await this.look([NO_ROOM]);
  }

  async #askAt(place: number, name: string, data: object): Promise<Answer> {
    const { wire: observer } = this.#observers[place] as Observer;
    observer.write([observer.request(name, data)]);
    const [answer] = await this.#answers(observer, 1);
    return answer as Answer;
  }

  async #answers(wire: Wire, count: number): Promise<Answer[]> {
    await wire.answered(count);
    if (wire.answers() < count) throw new Error(`closed: ${wire.faults.join()}`);
    return wire.take().flatMap((received) => (received.kind === "answer" ? [received.answer] : []));
  }
}

function counted(wires: readonly Wire[]): number {
  return wires.reduce((sum, { count }) => sum + count, 0);
}
