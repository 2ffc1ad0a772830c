import type { Clock } from "./clock.ts";
import { RequestError } from "./errors.ts";
import { type Reason, Replay, type ReplayParts, replayLane } from "./replay.ts";
import { type Excerpt, ReplayReader, type ReplayReaderParts } from "./replay-reader.ts";
import { type Pace, ReplayTime } from "./replay-time.ts";
import type { Rooms } from "./rooms.ts";
import type { OpenSession } from "./sessions.ts";

export interface ReplaysParts extends ReplayReaderParts {
  readonly rooms: Rooms;
  readonly clock: Clock;
}

/** What is to be replayed, and how. Times are µs since 1970. */
export interface Asked extends Pick<Excerpt, "room_id" | "where"> {
  /** Without it the living room is meant. */
  readonly epoch?: string | undefined;
  /** Only messages behind this one. */
  readonly after?: number | undefined;
  /** The first message by default. */
  readonly from_time?: number | undefined;
  /** Behind the last message by default. */
  readonly until?: number | undefined;
  readonly as?: Excerpt["as"] | undefined;
  /** Where the clock begins: at `from_time` by default. What lies before comes at once. */
  readonly time?: number | undefined;
  readonly rate?: number | undefined;
  readonly paused?: boolean | undefined;
}

/** The replays of logs that connections of a service have asked for (M26). */
export class Replays {
  readonly #parts: ReplaysParts;
  readonly #reader: ReplayReader;
  readonly #all = new Map<OpenSession, Map<number, Replay>>();
  #lastId = 0;

  constructor(parts: ReplaysParts) {
    this.#parts = parts;
    this.#reader = new ReplayReader(parts);
    parts.rooms.onRights((room_id, user_id) => this.#judgeAnew(room_id, user_id));
  }

  get count(): number {
    return [...this.#all.values()].reduce((sum, { size }) => sum + size, 0);
  }

  countOf(session: OpenSession): number {
    return this.#all.get(session)?.size ?? 0;
  }

  /** The rooms of the session's replays. */
  roomsOf(session: OpenSession): string[] {
    return this.#of(session).map(({ excerpt }) => excerpt.room_id);
  }

  /**
   * Begins a replay; nothing of it is sent before `release` is called. Throws 100030, 304001 and 304106 when there is
   * no such log for him.
   */
  async open(session: OpenSession, { room_id, epoch, where, as = "final", ...asked }: Asked) {
    const { log, rooms, clock } = this.#parts;
    const named = epoch === undefined ? {} : { epoch };
    const life = await log.life({ room_id, ...named }, { who: session.identity, right: "msglog_get" });
    const first_time = await this.#reader.firstTime(session.identity, room_id, life);
    if (session.isClosed) throw new RequestError(100061);
    if (life.destroyed_at === undefined) rooms.touch(room_id);
    const from_time = asked.from_time ?? first_time ?? clock.wall();
    const until = asked.until ?? Math.max(from_time, (life.last_time ?? 0) + 1);
    const { after = 0, time = from_time, rate = 1, paused = false } = asked;
    const excerpt = { room_id, epoch: life.epoch, last_id: life.last_id, until, as, where };
    const replay = this.#add(session, excerpt, {
      after,
      from_time,
      time: new ReplayTime(clock, { time, rate, paused }),
    });
    const release = this.hold(session, replay.id);
    replay.go();
    return { answer: { replay: replay.id, epoch: life.epoch, from_time, until, ...replay.pace }, release };
  }

  /** Nothing of the replay is sent from now on, until what this gives back is called. */
  hold({ feed }: OpenSession, id: number): () => void {
    feed.hold(replayLane(id));
    return () => feed.release(replayLane(id));
  }

  /** Throws 100044 when there is no such replay, or not any more. */
  set(
    session: OpenSession,
    { room_id, id }: { readonly room_id: string; readonly id: number },
    change: Partial<Pace>,
  ): Pace {
    const replay = this.#all.get(session)?.get(id);
    if (replay?.excerpt.room_id !== room_id)
      throw new RequestError(100044, { field: "replay", detail: "no such replay, or it has ended" });
    replay.set(change);
    return replay.pace;
  }

  /** Ends a replay, also when its end was not delivered yet. */
  close(session: OpenSession, id: number): void {
    const replay = this.#all.get(session)?.get(id);
    if (replay) this.#forget(replay);
    replay?.stop();
    session.feed.recall(replayLane(id));
  }

  /** The session is sent nothing more of the room. */
  dismiss(session: OpenSession, room_id: string): void {
    for (const replay of this.#of(session))
      if (replay.excerpt.room_id === room_id) this.#end(replay, "not_allowed");
  }

  /** The session has ended. */
  leave(session: OpenSession): void {
    for (const replay of this.#of(session)) replay.stop();
    this.#all.delete(session);
  }

  stop(): void {
    for (const session of [...this.#all.keys()]) this.leave(session);
  }

  #of(session: OpenSession): Replay[] {
    return [...(this.#all.get(session)?.values() ?? [])];
  }

  #add(
    session: OpenSession,
    excerpt: Excerpt,
    begin: Pick<ReplayParts, "after" | "from_time" | "time">,
  ): Replay {
    this.#lastId += 1;
    const id = this.#lastId;
    const replay: Replay = new Replay({
      id,
      session,
      excerpt,
      ...begin,
      reader: this.#reader,
      clock: this.#parts.clock,
      onEnd: (reason) => this.#end(replay, reason),
    });
    const own = this.#all.get(session) ?? new Map<number, Replay>();
    this.#all.set(session, own.set(id, replay));
    return replay;
  }

  #end(replay: Replay, reason: Reason): void {
    this.#forget(replay);
    replay.end(reason);
  }

  #forget(replay: Replay): void {
    const own = this.#all.get(replay.session);
    own?.delete(replay.id);
    if (own?.size === 0) this.#all.delete(replay.session);
  }

  #judgeAnew(room_id: string, user_id: string | undefined): void {
    for (const session of this.#all.keys()) {
      if (user_id !== undefined && session.identity.user_id !== user_id) continue;
      for (const replay of this.#of(session))
        if (replay.excerpt.room_id === room_id)
          void replay.judgeAnew().catch((error: unknown) => session.readFailed(error));
    }
  }
}
