import { errorCodes } from "@roomlog/protocol";
import { Failure } from "./failure.ts";
import { type Life, LogVerdict, type Sound } from "./log-verdict.ts";
import { lookOf, paint, plain, remark, say, sayJson } from "./output.ts";
import { progress } from "./progress.ts";
import { isRefused } from "./refusals.ts";
import { sourceOn } from "./server-source.ts";
import { type Session, withSession } from "./session.ts";
import { type Target, urlOf } from "./target.ts";
import { conclude, Faults } from "./verify-shown.ts";

export interface ServerFlags extends Target {
  readonly room?: string;
  readonly epoch?: string;
  readonly from?: { readonly msg_id: number; readonly digest: string };
  readonly json?: true;
}

/** Rooms and lives that are asked for at once. */
const LIST = 1000;

/** Recomputes the logs that a server shows (O7), from what it answers and nothing else. */
export async function verifyServer(flags: ServerFlags): Promise<void> {
  const counted = { lives: 0, entries: 0, faults: 0, hidden: 0, unreadable: 0 };
  const { json, from } = flags;
  await withSession(flags, async (session) => {
    const line = progress("entries");
    const faults = new Faults(line, json);
    const verdict = new LogVerdict(sourceOn(session), line.at);
    for await (const life of livesIn(session, flags, () => counted.unreadable++)) {
      const log = await unlessGone(verdict.of(life, from));
      if (!log) continue;
      if (!("msg_id" in log)) {
        counted.unreadable += 1;
        continue;
      }
      counted.lives += 1;
      counted.entries += log.entries;
      line.end();
      if ("what" in log) {
        counted.faults += 1;
        const { entries: _, ...fault } = log;
        faults.add(fault);
      } else {
        counted.hidden += log.hidden;
        tell(log, flags);
      }
    }
    line.end();
  });
  const { unreadable, hidden, ...rest } = counted;
  if (flags.room !== undefined && counted.lives === 0 && unreadable > 0)
    throw new Failure(
      "refused",
      `nothing of the log of ${flags.room} is shown to this user (R11): nothing was checked`,
    );
  if (flags.room !== undefined && counted.lives === 0)
    throw new Failure("missing", `there is no log of a room ${flags.room}`);
  if (unreadable > 0) remark(`Of ${unreadable} rooms the log is not for this user.`);
  const all = { ...rest, ...(hidden > 0 && { hidden }), unreadable };
  conclude(`at ${urlOf(flags)}`, all, json);
}

function tell({ entries: _, hidden, ...log }: Sound, { json }: ServerFlags): void {
  if (json) return sayJson({ ...log, ...(hidden > 0 && { hidden }) });
  const { room_id, epoch, from_id, msg_id, digest } = log;
  const [room, life] = [plain(room_id), plain(epoch)];
  const state = hidden > 0 ? ["part", hidden] : ["ok"];
  if (lookOf({}) === "plain") return say([room, life, from_id, msg_id, digest, ...state].join("\t"));
  const since = from_id > 1 ? [paint("dim", `from #${from_id} on`)] : [];
  const verdict = hidden > 0 ? paint("yellow", `${hidden} not shown`) : paint("green", "ok");
  say([`${room} / ${life}`, paint("cyan", `#${msg_id}`), digest, verdict, ...since].join("  "));
}

async function* livesIn(
  session: Session,
  { room, epoch, from }: ServerFlags,
  unreadable: () => void,
): AsyncGenerator<Life> {
  if (room === undefined) return yield* allLives(session, unreadable);
  if (epoch === undefined) {
    const living = await unlessGone(session.call("media/room/msglog_info", { room_id: room }));
    if (living) yield { ...living, room_id: room };
    if (!from) yield* endedLives(session, room);
  } else yield { ...(await sourceOn(session).log(room, epoch)), room_id: room };
}

/** Of all rooms that the user may list. */
async function* allLives(session: Session, unreadable: () => void): AsyncGenerator<Life> {
  for (let after = ""; ; ) {
    const rooms = await session.call("media/room/get_list", { after, limit: LIST });
    for (const { room_id } of rooms) {
      try {
        yield* livesIn(session, { room: room_id }, unreadable);
      } catch (error) {
        if (!isRefused(error, errorCodes.unauthorized)) throw error;
        unreadable();
      }
    }
    const last = rooms.at(-1);
    if (!last) return;
    after = last.room_id;
  }
}

/** The newest first. */
async function* endedLives(session: Session, room_id: string): AsyncGenerator<Life> {
  for (let before: string | undefined; ; ) {
    const asked = { room_id, limit: LIST, ...(before !== undefined && { before }) };
    const lives = (await unlessGone(session.call("media/room/msglog_epochs", asked))) ?? [];
    for (const life of lives) yield { ...life, room_id };
    before = lives.at(-1)?.epoch;
    if (before === undefined) return;
  }
}

/** Undefined for a room, or a life of it, that is not there, or not any more. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefused(error, errorCodes.room_not_found) || isRefused(error, errorCodes.epoch_not_found)) return;
    throw error;
  }
}
