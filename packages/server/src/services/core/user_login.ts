import { closeCodes, isName, MAX_SESSION_ID } from "@roomlog/protocol";
import { command, RequestError, type Service } from "../../core/plugin.ts";

/** L1–L6, F9: logs the connection in and subscribes it to the events of its user and its session. */
export const login = (service: Service) =>
  command("core/user/login", {
    acked: true,
    beforeLogin: true,
    async run({ data, connection, afterwards }) {
      const { user, password = data.pass, token, meta } = data;
      const grant = await service.hooks.run("core.login", { user, password, token }, (credentials) =>
        service.authenticator.authenticate(credentials),
      );
      if (!grant) throw await connection.loginRefused();
      const { user_id, rights } = grant;
      const asked = data.session_id === undefined ? service.newId() : data.session_id;
      const session_id = grant.session_id ?? asked;
      if (!isName(session_id, MAX_SESSION_ID)) {
        throw new RequestError(100035, { close: closeCodes.invalid_session_id });
      }
      const session = await service.sessions.login(connection, {
        user_id,
        rights,
        session_id,
        ...(meta && { meta }),
      });
      service.hub.subscribe(session, { class: "core", subclass: "user_event", obj_id: user_id });
      service.hub.subscribe(session, { class: "core", subclass: "session_event", obj_id: session_id });
      service.hooks.run("core.opened", session, () => {});
      afterwards(() => session.startPings());
      return { session_id };
    },
  });
