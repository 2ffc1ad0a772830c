import {
  type Connection,
  ConnectionLost,
  type ConnectionOptions,
  systemTimers,
  type Timers,
  watch,
} from "@roomlog/client";
import type { CommandData, EventData } from "@roomlog/protocol";
import { memberText } from "../core/json-text.ts";
import { Failure } from "./failure.ts";
import type { Print } from "./message-line.ts";
import { humaneTime, plain, remark } from "./output.ts";
import { overConnections, SILENT_MS } from "./over-connections.ts";
import { explained } from "./refusals.ts";
import { dataIn, patiently, type Session } from "./session.ts";
import type { Target } from "./target.ts";

/** What is replayed, and how (M26). */
export type Replayed = Omit<CommandData<"media/room/msglog_replay">, "paused">;

/** How a replay ended, as the server says it. */
type Reason = "done" | "not_allowed" | "not_kept";

const REPLAY = "media/room/msglog_replay";

/** What the server did not answer in this time, in milliseconds, it need not answer any more when a replay is stopped. */
const FAREWELL_MS = 1000;

/**
 * Prints a replay (M26). When its connection is lost it goes on behind what was printed; what fell due meanwhile comes at
 * once. It works on the text of the frames, so that messages are printed as they were sent (M7). Nothing else may come on its
 * connections, so it need not tell replays apart.
 */
export class Replayer {
  readonly #print: Print;
  readonly #timers: Timers;
  readonly #ended = Promise.withResolvers<Reason>();
  #how: Replayed;
  /** When `time` of that was; undefined before the first answer. In milliseconds. */
  #since: number | undefined;
  /** The one that goes on now. */
  #replay: { readonly connection: Connection; readonly id: number } | undefined;

  constructor(how: Replayed, print: Print, timers: Timers = systemTimers) {
    this.#how = how;
    this.#print = print;
    this.#timers = timers;
  }

  /** Resolves when the replay has ended. Rejects with a `Failure`. */
  async play(target: Target): Promise<void> {
    const options: ConnectionOptions = { onEvent: (event, text) => this.#receive(event, text) };
    const reason = await overConnections(target, options, (session) => this.#listen(session));
    const room = plain(this.#how.room_id);
    if (reason === "not_allowed")
      throw new Failure("refused", `the log of ${room} may not be read any more: a right for it is missing`);
    if (reason === "not_kept") throw new Failure("missing", `the log of ${room} is not kept any more`);
  }

  /** Ends it; resolves when the server sends nothing of it any more and the connection is closed. */
  async stop(): Promise<void> {
    const { room_id } = this.#how;
    if (!this.#replay) return;
    const { connection, id: replay } = this.#replay;
    const signal = AbortSignal.timeout(FAREWELL_MS);
    await connection.call("media/room/msglog_replay_stop", { room_id, replay }, { signal }).catch(() => {});
    this.#ended.resolve("done");
    await connection.close();
  }

  async #listen({ connection }: Session): Promise<Reason | ConnectionLost> {
    const unwatch = watch(connection, this.#timers, SILENT_MS);
    try {
      await this.#open(connection);
      const lost = connection.closed.then((how) => new ConnectionLost(how));
      return await Promise.race([this.#ended.promise, lost]);
    } catch (error) {
      if (error instanceof ConnectionLost) return error;
      throw explained(error, REPLAY);
    } finally {
      this.#replay = undefined;
      unwatch();
    }
  }

  async #open(connection: Connection): Promise<void> {
    const { rate = 1, time } = this.#how;
    const since = this.#since;
    const goesOn = time !== undefined && since !== undefined;
    if (goesOn) this.#how.time = Math.floor(time + (performance.now() - since) * 1000 * rate);
    const answer = await patiently(() => connection.call(REPLAY, this.#how));
    const { replay, epoch, from_time, until } = answer;
    // What is sent meanwhile does not belong to it, nor does another life of the room.
    this.#how = { ...this.#how, epoch, from_time, until, time: answer.time };
    this.#since = performance.now();
    this.#replay = { connection, id: replay };
    if (!goesOn) remark(`From ${humaneTime(from_time)} to ${humaneTime(until)}, ${rate} times as fast.`);
  }

  #receive({ type, body = {} }: EventData, frame: string): void {
    const { msg_id, reason } = body as { readonly msg_id?: number; readonly reason?: Reason };
    if (type === "msglog_replay_ended") this.#ended.resolve(reason ?? "done");
    if (type !== "msglog_new_msg") return;
    this.#how.after = Number(msg_id);
    this.#print(this.#how.room_id, [memberText(dataIn(frame), "body") ?? "{}"]);
  }
}
