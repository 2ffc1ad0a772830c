import { closeCodes, isName, type JsonObject, MAX_SESSION_ID } from "@roomlog/protocol";
import {
  type Call,
  type Credentials,
  command,
  JsonText,
  RequestError,
  type Service,
} from "../../core/plugin.ts";
import { admit, terms } from "./admission.ts";

/** What stays of a login request while it is decided; the session id is checked after the credentials (L4). */
interface Login extends Pick<Call<unknown>, "connection" | "afterwards"> {
  readonly credentials: Credentials;
  /** Undefined when it is no valid one. */
  readonly asked: string | undefined;
  readonly meta: JsonText | undefined;
}

/** L1–L6, F9: logs the connection in and subscribes it to the events of its user and its session. */
export const login = (service: Service) =>
  command("core/user/login", {
    acked: true,
    beforeLogin: true,
    run({ data, connection, afterwards, raw }) {
      const { user, password = data.pass, token, session_id = service.newId() } = data;
      const meta = raw("meta");
      const login = {
        connection,
        afterwards,
        credentials: { user, password, token },
        asked: isName(session_id, MAX_SESSION_ID) ? session_id : undefined,
        meta: meta === undefined ? undefined : JsonText.kept(meta),
      };
      return connection.deciding(decide(service, login));
    },
  });

/** A function of its own, so that a decision that takes its time does not keep the request. */
async function decide(service: Service, { connection, afterwards, credentials, asked, meta }: Login) {
  const { grant, rights, endsAt } = await admit(service, { connection, credentials, session_id: asked });
  const { user_id } = grant;
  const session_id = connection.ownId ? asked : (grant.session_id ?? asked);
  if (!isName(session_id, MAX_SESSION_ID)) {
    throw new RequestError(100035, { close: closeCodes.invalid_session_id });
  }
  const known = withKnown(meta, grant.meta);
  const identity = { user_id, rights, session_id, ...(known && { meta: known }) };
  const takesOver = grant.resumes !== undefined;
  const session = await service.sessions.login(connection, identity, { endsAt, takesOver });
  service.hub.subscribe(session, { class: "core", subclass: "user_event", obj_id: user_id });
  service.hub.subscribe(session, { class: "core", subclass: "session_event", obj_id: session_id });
  service.hooks.run("core.opened", session, () => {});
  afterwards(() => session.startPings());
  return { session_id, ...terms(service, grant, session_id) };
}

/** What the client says about itself, and over it what is known from the grant (L11). */
function withKnown(said: JsonText | undefined, known: JsonObject | undefined): JsonText | undefined {
  if (!known) return said;
  return new JsonText(JSON.stringify({ ...(said && JSON.parse(said.text)), ...known }));
}
