import { roomEvents } from "@roomlog/protocol";
import { tell } from "../lanes.ts";
import type { RoomName, UserName } from "../steps.ts";
import { keptOf, type Life, type Message, putLife, roomOf, type World } from "../world.ts";

function erased({ mentions: _, ...entry }: Message): Message {
  return { ...entry, msg: "{}", erased: true };
}

/** M21: what the user wrote, in all lives of rooms that are not on hold. */
export function erase(world: World, user: UserName): void {
  for (const room of world.rooms.keys()) {
    if (world.holds.has(room)) continue;
    for (const life of roomOf(world, room).lives) eraseIn(world, { room, life, user });
  }
}

interface Where {
  readonly room: RoomName;
  readonly life: Life;
  readonly user: UserName;
}

function eraseIn(world: World, { room, life, user }: Where): void {
  const kept = keptOf(life);
  const own = new Set(kept.filter(({ user_id }) => user_id === user).map(({ msg_id }) => msg_id));
  const isOfHis = ({ msg_id, op, ref = 0 }: Message) => own.has(msg_id) || (op !== undefined && own.has(ref));
  const gone = kept.filter((entry) => !entry.erased && isOfHis(entry));
  if (gone.length === 0) return;
  const messages = life.messages.map((entry) => (gone.includes(entry) ? erased(entry) : entry));
  putLife(world, room, { ...life, messages });
  const ids = gone.flatMap(({ msg_id, op, ref }) => (op && ref !== undefined ? [msg_id, ref] : [msg_id]));
  const msg_ids = [...new Set(ids)].sort((a, b) => a - b);
  tell(world, room, { type: roomEvents.msglog_erased, body: { epoch: life.epoch, user_id: user, msg_ids } });
}
