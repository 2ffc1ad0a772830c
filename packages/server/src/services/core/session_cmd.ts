import { isJsonObject } from "@roomlog/protocol";
import {
  type Answer,
  command,
  JsonText,
  Later,
  RelayedError,
  type Reply,
  RequestError,
  type Service,
} from "../../core/plugin.ts";

/** C4: hands a request to another session; its answer, as it stands, becomes the caller's. */
export const sessionCmd = (service: Service) =>
  command("core/session/cmd", {
    acked: true,
    detached: true,
    longField: "data",
    isOwn: ({ session_id }, { user_id }) => service.sessions.isOf(session_id, user_id),
    run({ data: { session_id, class: cls, subclass, cmd }, session, raw }) {
      if (cls === "core") throw new RequestError(100030);
      const target = service.sessions.get(session_id);
      if (!target) throw new RequestError(100062);
      const { user_id, session_id: asking } = session.identity;
      const request = {
        class: cls,
        ...(subclass !== undefined && { subclass }),
        cmd,
        data: new JsonText(raw("data") ?? "{}"),
        from: { user_id, session_id: asking },
      };
      return new Later<Answer>((settle) => target.request(request, answering(settle)));
    },
  });

/** A function of its own, so that what waits for the reply does not keep the request. */
function answering(settle: (answer: Answer | Error) => void): (reply: Reply | undefined) => void {
  return (reply) => settle(answerOf(reply));
}

function answerOf(reply: Reply | undefined): Answer | Error {
  if (!reply) return new RequestError(100005);
  if (reply.result === "ok") return reply.data;
  const { data } = reply;
  const error = reply.result === "error" && data ? (JSON.parse(data.text) as unknown) : undefined;
  if (isJsonObject(error) && Number.isSafeInteger(error.code) && typeof error.error === "string") {
    return new RelayedError(error.code as number, error.error);
  }
  return new RequestError(100047);
}
