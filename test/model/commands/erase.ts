import { roomEvents } from "@roomlog/protocol";
import { tell } from "../lanes.ts";
import type { RoomName, UserName } from "../steps.ts";
import { type Life, putLife, roomOf, type World } from "../world.ts";

const ERASED = { msg: "{}", $log: { erased: true } } as const;

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
  const { first_id, epoch } = life;
  const messages = life.messages.map((message) =>
    message.user_id === user && message.msg_id >= first_id ? { ...message, ...ERASED } : message,
  );
  const msg_ids = messages.flatMap((message, i) => (message === life.messages[i] ? [] : message.msg_id));
  const news = msg_ids.filter((id) => !life.messages[id - 1]?.$log);
  if (news.length === 0) return;
  putLife(world, room, { ...life, messages });
  tell(world, room, { type: roomEvents.msglog_erased, body: { epoch, user_id: user, msg_ids: news } });
}
