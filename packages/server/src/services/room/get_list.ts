import { command, RequestError, type Service } from "../../core/plugin.ts";

/** The longest list that is answered without `limit` (R3). */
const MAX_LIST = 10_000;

/** R3: the rooms that who asks may read. */
export const getList = (service: Service) =>
  command("media/room/get_list", {
    judgedBy: "any grant",
    async run({ data: { limit, after, prefix }, session }) {
      const { identity } = session;
      const mayRead = ({ room_id }: { readonly room_id: string }) =>
        session.isClosed ? "stop" : service.roomRights.may(identity, "room_read", room_id);
      const range = { ...(after !== undefined && { after }), ...(prefix !== undefined && { prefix }) };
      const rooms = await service.rooms.list({ ...range, limit: limit ?? MAX_LIST + 1 }, mayRead);
      if (limit === undefined && rooms.length > MAX_LIST)
        throw new RequestError(304103, { limit: MAX_LIST, field: "limit" });
      return rooms.map(({ room_id, class: cls }) => ({ room_id, class: cls }));
    },
  });
