import { type Command, Option } from "commander";
import { attempt, Failure } from "./failure.ts";
import { plain, remark } from "./output.ts";
import { withSession } from "./session.ts";
import { type Target, withTarget } from "./target.ts";

interface Flags extends Target {
  readonly on?: true;
  readonly off?: true;
  readonly reason?: string;
  readonly epoch?: string;
}

export function define(command: Command): void {
  withTarget(command)
    .description("Put a room on hold, so that nothing of its log is removed (needs the right msglog_hold).")
    .argument("<room>")
    .addOption(new Option("--on", "put it on hold").conflicts("off"))
    .option("--off", "end the hold")
    .option("--reason <text>", "why; who may read the room sees it")
    .option("--epoch <epoch>", 'only this life of the room, "last" for the newest that has ended')
    .action((room: string, flags: Flags) => attempt(() => setHold(room, flags)));
}

async function setHold(room_id: string, flags: Flags): Promise<void> {
  const { on, off, reason, epoch } = flags;
  if (!on && !off) throw new Failure("usage", "Say --on or --off.");
  const given = { ...(reason !== undefined && { reason }), ...(epoch !== undefined && { epoch }) };
  await withSession(flags, (session) =>
    session.call("media/room/msglog_hold", { room_id, hold: on ?? false, ...given }),
  );
  remark(on ? `The room ${plain(room_id)} is on hold.` : `The hold of the room ${plain(room_id)} has ended.`);
}
