import { setImmediate as turn } from "node:timers/promises";
import { roomEvents } from "@roomlog/protocol";
import type { Answer } from "./answers.ts";
import { planOf } from "./commands/index.ts";
import { eventsWaiting, Mismatch } from "./lanes.ts";
import { FILLED, limits, MOST_WAITING } from "./limits.ts";
import { Model } from "./model.ts";
import { roomIdOf } from "./people.ts";
import type { Moment, Plan, Planner } from "./plan.ts";
import type { Real } from "./real.ts";
import { type Op, type Part, type RoomName, roomNames, type Step, type UserName } from "./steps.ts";
import { type Asked, talkOf } from "./talk.ts";
import type { Received, Wire } from "./wire.ts";
import { livingOf, roomOf } from "./world.ts";

/** Connections at once. */
const PLACES = 3;

/** Reads that one look does not see the end of: one for each room, and those that a change of views makes anew. */
const MOST_READS = 4;

/** Something to find, to hide and to change. */
const firstSends: readonly Op[] = [
  { do: "send", room: "a", body: { words: ["rock", "rocket"], open: true } },
  { do: "send", room: "a", body: { words: ["Rock", "roll"], type: "vote", option: 3 } },
];

interface Place {
  readonly wire: Wire;
  readonly user_id: UserName;
  readonly session_id: string;
  isPaused: boolean;
}

/** What goes out on one connection in a step. */
interface Outgoing extends Asked {
  readonly frames: readonly Buffer[];
}

type Seen = { readonly epoch: string; readonly msg_id: number };
type Volley = Step & { readonly kind: "volley" };
type Restart = Step & { readonly kind: "restart" };

/** One run: rooms of its own on the server, its connections, and what the model says of them. */
export class Run {
  readonly model = new Model();
  /** The steps of the test so far, without those of the run's own. */
  readonly taken: Step[] = [];
  readonly #real: Real;
  readonly #name: string;
  readonly #places = new Map<number, Place>();
  /** Of connections that have ended; the newest of each user. */
  readonly #lost = new Map<UserName, string>();
  /** By place and room. */
  readonly #seen = new Map<string, Seen>();
  #count = 0;
  /** What came in this step, for a failure. */
  #frames: [number, readonly Received[]][] = [];

  static async open(real: Real, name: string): Promise<Run> {
    const run = new Run(real, name);
    for (const user of ["ann", "bob"] as const) await run.take({ kind: "connect", user });
    await run.take({ kind: "volley", parts: [{ at: 0, ops: [{ do: "create", room: "a" }, ...firstSends] }] });
    return run;
  }

  private constructor(real: Real, name: string) {
    this.#real = real;
    this.#name = name;
  }

  mayTake(step: Step): boolean {
    switch (step.kind) {
      case "connect":
        return this.#places.size < PLACES && !(step.again && !this.#lost.has(step.user));
      case "resume":
        return [...this.#places.values()].some(({ isPaused }) => isPaused);
      case "fill":
        return (this.model.lengthUnheard(step.room) ?? FILLED) < FILLED;
      case "tick":
      case "erase":
      case "restart":
        return true;
      default:
        return this.#reading().length > 0;
    }
  }

  /** Does a step and checks all that it changed. */
  async take(step: Step): Promise<void> {
    this.#frames = [];
    this.#real.clock.advance(1);
    try {
      await this.#do(step);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw new Error(`${error.message}\n${this.#heard()}`, { cause: error });
    }
  }

  /** Everything is answered and delivered; then every log is read as a whole. */
  async finish(): Promise<void> {
    await this.take({ kind: "resume" });
    for (const at of this.#reading().keys()) await this.take({ kind: "drain", at });
    for (const place of this.#places.keys()) {
      if (this.model.isLagging(place)) throw new Error(`place ${place} is not level at the end`);
    }
    for (const room of roomNames) await this.#readAll(room);
    const faults = roomNames.flatMap((room) => this.#real.faultsIn(this.#roomId(room)));
    if (faults.length > 0) throw new Error(`stored otherwise than proven: ${JSON.stringify(faults)}`);
  }

  /** Leaves nothing that the erasures of later runs would find, and tell of. */
  async close(): Promise<void> {
    await this.#endAll();
    const requests = roomNames.flatMap((room) => {
      const room_id = this.#roomId(room);
      const { lives } = roomOf(this.model.world, room);
      const epochs = lives.flatMap(({ epoch }) => (epoch === undefined ? [] : { epoch }));
      const all = lives.length === 0 ? [] : [{}, { epoch: "last" }, ...epochs];
      const purges = all.map((life) => ({ room_id, ...life, before: Number.MAX_SAFE_INTEGER }));
      return [
        ["media/room/msglog_hold", { room_id, hold: false }] as const,
        ...purges.map((data) => ["media/room/msglog_purge", data] as const),
      ];
    });
    await this.#real.askAll(requests);
  }

  async #endAll(): Promise<void> {
    await Promise.all(Array.from(this.#places.values(), ({ wire }) => wire.end("destroy")));
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "connect":
        return this.#connect(step.user, step.again ? this.#lost.get(step.user) : undefined);
      case "volley":
        return this.#volley(step);
      case "drain":
        return this.#drain(this.#placeAt(step.at));
      case "drop":
        return this.#drop(this.#placeAt(step.at), step.how);
      case "pause":
        return this.#pause(this.#placeAt(step.at));
      case "resume":
        return this.#resume();
      case "tick":
        this.#real.clock.advance(step.seconds * 1000);
        return this.#look(new Map());
      case "fill":
        return this.#fill(step.room);
      case "erase":
        return this.#erase(step.user);
      case "restart":
        return this.#restart(step);
    }
  }

  async #connect(user: UserName, session: string | undefined): Promise<void> {
    const place = Array.from({ length: PLACES }, (_, i) => i).find((i) => !this.#places.has(i)) ?? 0;
    const { wire, session_id } = await this.#real.connect(user, session);
    this.#lost.delete(user);
    this.#places.set(place, { wire, user_id: user, session_id, isPaused: false });
    this.model.connect(place, { user_id: user, session_id });
  }

  async #volley({ parts, cut }: Volley): Promise<void> {
    const outgoing = this.#prepare(parts, cut !== undefined);
    this.#send(outgoing);
    const [first] = outgoing.keys();
    if (cut && first !== undefined) await this.#end(first, cut);
    const isExact = !cut && [...outgoing.values()].flatMap(({ frames }) => frames).length === 1;
    await this.#look(outgoing, isExact);
    if (cut && first !== undefined) this.#forget(first);
  }

  /** Frames of those who send, merged by place. */
  #prepare(parts: readonly Part[], isCut: boolean): Map<number, Outgoing> {
    const byPlace = Map.groupBy(parts, ({ at }) => this.#placeAt(at));
    let events = 0;
    const fits = (op: Op) => {
      if (op.do === "answer" || op.do === "ack") return true;
      events += 1;
      return events + this.#mostWaiting() <= MOST_WAITING;
    };
    const outgoing = [...byPlace].map(([place, all], i) => {
      const ops = all.flatMap(({ ops: some }) => some).filter(fits);
      return [place, this.#outgoing(place, ops, isCut && i === 0)] as const;
    });
    return new Map(outgoing);
  }

  #mostWaiting(): number {
    const { world } = this.model;
    return Math.max(0, ...Array.from(world.followers.keys(), (place) => eventsWaiting(world, place)));
  }

  #outgoing(place: number, ops: readonly Op[], isCut: boolean): Outgoing {
    const { wire } = this.#at(place);
    const plans: Plan[] = [];
    const tids: string[] = [];
    const frames = ops.flatMap((op) => {
      if (op.do === "answer") return wire.answersTo(chosen(wire, op));
      if (op.do === "ack") return [...wire.unanswered].slice(0, 1).map((tid) => wire.ack(tid));
      const plan = planOf(this.#planner(place), op);
      plans.push(plan);
      tids.push(wire.nextTid);
      return [wire.request(plan.name, plan.data)];
    });
    return { plans, tids, frames, isCut };
  }

  #planner(place: number): Planner {
    const { user_id, session_id } = this.#at(place);
    return {
      place,
      user_id,
      session_id,
      now: this.#real.clock.wall(),
      world: this.model.world,
      roomId: (room) => this.#roomId(room),
      count: () => ++this.#count,
      seen: (room) => this.#seen.get(`${place} ${room}`),
    };
  }

  #send(outgoing: ReadonlyMap<number, Outgoing>): void {
    for (const [place, { frames }] of outgoing) this.#at(place).wire.write(frames);
  }

  /** Waits until all that was asked has been answered and nothing more comes, and has the model explain it. */
  async #look(outgoing: ReadonlyMap<number, Outgoing>, isExact = false): Promise<void> {
    const open = [...outgoing].filter(([, { isCut }]) => !isCut);
    await this.#real.answered(new Map(open.map(([place, { tids }]) => [this.#at(place).wire, tids.length])));
    const infos = await this.#real.quiet(this.#wires(), this.#roomIds());
    this.#explain(outgoing, isExact);
    // What a view passes over is read without a frame that would tell of it.
    if (this.#reading().some((place) => this.model.mayGetMore(place))) {
      for (let i = 0; i < MOST_READS; i++) await this.#real.quiet(this.#wires(), this.#roomIds());
      this.#explain(new Map(), false);
    }
    this.#observe(infos);
    const there = this.#reading().filter((place) => !outgoing.get(place)?.isCut);
    const unanswered = new Map(there.map((place) => [place, this.#at(place).wire.unanswered.size]));
    this.model.requireAll(unanswered);
    this.model.settle(unanswered);
  }

  #explain(outgoing: ReadonlyMap<number, Outgoing>, isExact: boolean): void {
    const talks = this.#reading().map((place) => {
      const { wire } = this.#at(place);
      const received = wire.take();
      this.#frames.push([place, received]);
      this.#remember(place, received);
      const [fault] = wire.faults;
      if (fault !== undefined) throw new Mismatch(`place ${place}: ${fault}`);
      const asked = outgoing.get(place) ?? { plans: [], tids: [], isCut: false };
      return [place, talkOf(asked, received, (room_id) => this.#roomNamed(room_id))] as const;
    });
    this.model.explain(new Map(talks), this.#reach(isExact));
  }

  /** Who of those who hear of it gets a lossy event. When more happened in the step, nobody can tell. */
  #reach(isExact: boolean): Moment["reach"] {
    const windows = new Map(Array.from(this.#places, ([place, { wire }]) => [place, wire.unanswered.size]));
    return (_, place) => {
      if (!isExact || this.#at(place).isPaused) return "maybe";
      if (this.model.isLagging(place)) return "not";
      return (windows.get(place) ?? 0) < limits.window ? "sure" : "maybe";
    };
  }

  #observe(infos: readonly Answer[]): void {
    for (const [i, room] of roomNames.entries()) this.model.observe(room, infos[i] as Answer);
  }

  async #drain(place: number): Promise<void> {
    const { wire } = this.#at(place);
    while (wire.unanswered.size > 0) {
      wire.write(wire.answersTo([...wire.unanswered]));
      await this.#look(new Map());
    }
  }

  async #drop(place: number, how: "close" | "destroy"): Promise<void> {
    await this.#end(place, how);
    this.#forget(place);
    await this.#look(new Map());
  }

  /** Resolves when the server knows. */
  async #end(place: number, how: "close" | "destroy"): Promise<void> {
    const { wire, session_id } = this.#at(place);
    await wire.end(how);
    await this.#real.gone(session_id);
  }

  #forget(place: number): void {
    const { user_id, session_id } = this.#at(place);
    this.#lost.set(user_id, session_id);
    this.#places.delete(place);
    this.model.disconnect(place);
  }

  #pause(place: number): void {
    this.#at(place).isPaused = true;
    this.#at(place).wire.pause();
  }

  async #resume(): Promise<void> {
    for (const place of this.#places.values()) {
      place.isPaused = false;
      place.wire.resume();
    }
    await this.#look(new Map());
  }

  /** What is kept of it is the last message, unless the room is on hold. */
  async #fill(room: RoomName): Promise<void> {
    const length = this.model.lengthUnheard(room) ?? FILLED;
    const messages = await this.#real.fill(this.#roomId(room), { from: length + 1, to: FILLED });
    this.model.fill(room, messages);
    await this.#look(new Map());
  }

  /** What was on its way is read before. Nothing of it can be erased a second time. */
  async #erase(user_id: UserName): Promise<void> {
    await this.#resume();
    const erase = (more: object) => this.#real.ask("media/room/msglog_erase_user", { user_id, ...more });
    const answer = await erase({});
    if (!("ok" in answer)) throw new Mismatch(`an erasure was answered ${JSON.stringify(answer)}`);
    this.model.erase(user_id);
    await this.#look(new Map());
    const again = (await erase({ dry_run: true })) as { readonly ok?: { readonly messages: number } };
    if (again.ok?.messages !== 0) throw new Mismatch(`not all was erased: ${JSON.stringify(again)}`);
  }

  async #restart({ parts, turns, alone }: Restart): Promise<void> {
    await this.#resume();
    const outgoing = this.#reading().length > 0 ? this.#prepare(parts, false) : new Map<number, Outgoing>();
    this.#send(outgoing);
    for (let i = 0; i < turns; i++) await turn();
    if (alone) await this.#endAll();
    await this.#real.restart();
    await Promise.all(Array.from(this.#places.values(), ({ wire }) => wire.closed));
    const asked = this.#reading().map((place) => {
      const { plans, tids, frames } = outgoing.get(place) ?? { plans: [], tids: [], frames: [] };
      return [place, { plans, tids, frames, isCut: true }] as const;
    });
    this.#explain(new Map(asked), false);
    this.#places.clear();
    this.#lost.clear();
    this.model.restart();
    this.#observe(await this.#real.look(this.#roomIds()));
  }

  async #readAll(room: RoomName): Promise<void> {
    for (const { number, epoch } of roomOf(this.model.world, room).lives) {
      if (epoch === undefined) continue;
      this.model.observeMessages({ room, life: number }, await this.#messagesOf(room, epoch));
    }
  }

  /** Page by page, as a reader would (M8). */
  async #messagesOf(room: RoomName, epoch: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let after = 0; ; ) {
      const query = { room_id: this.#roomId(room), epoch, after, limit: 1000 };
      const answer = await this.#real.ask("media/room/msglog_get", query);
      const page = "ok" in answer ? (answer.ok as { readonly msg_id: number }[]) : [];
      found.push(...page);
      const last = page.at(-1)?.msg_id ?? after;
      if (last <= after) return found;
      after = last;
    }
  }

  #remember(place: number, received: readonly Received[]): void {
    for (const frame of received) {
      if (frame.kind !== "event" || frame.data.type !== roomEvents.msglog_new_msg) continue;
      const room = this.#roomNamed(frame.data.obj_id);
      const epoch = room && livingOf(this.model.world, room)?.epoch;
      if (epoch === undefined) continue;
      this.#seen.set(`${place} ${room}`, { epoch, msg_id: Number(frame.data.body?.msg_id) });
    }
  }

  /** Places whose connection is there and reads. */
  #reading(): number[] {
    return [...this.#places].filter(([, { isPaused }]) => !isPaused).map(([place]) => place);
  }

  #wires(): Wire[] {
    return this.#reading().map((place) => this.#at(place).wire);
  }

  #placeAt(at: number): number {
    const reading = this.#reading();
    return reading[at % reading.length] as number;
  }

  #at(place: number): Place {
    return this.#places.get(place) as Place;
  }

  #roomId(room: RoomName): string {
    return roomIdOf(room, this.#name);
  }

  #roomIds(): string[] {
    return roomNames.map((room) => this.#roomId(room));
  }

  #roomNamed(room_id: string): RoomName | undefined {
    return roomNames.find((room) => this.#roomId(room) === room_id);
  }

  #heard(): string {
    const lines = this.#frames.map(([place, frames]) => [
      `place ${place} got:`,
      ...frames.map((frame) => `  ${JSON.stringify(frame).slice(0, 300)}`),
    ]);
    return lines.flat().join("\n");
  }
}

function chosen(wire: Wire, { count, newest }: Op & { readonly do: "answer" }): number[] {
  const tids = [...wire.unanswered];
  return newest ? tids.slice(-count) : tids.slice(0, count);
}
