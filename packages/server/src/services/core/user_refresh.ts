import { command, RequestError, type Service } from "../../core/plugin.ts";
import { admit, terms } from "./admission.ts";

/** L12: goes on with the rights and the end of another token of the same user. */
export const refresh = (service: Service) =>
  command("core/user/refresh", {
    async run({ data: { token }, session }) {
      const { user_id, session_id } = session.identity;
      const applicant = { connection: session, credentials: { token }, session_id };
      const { grant, rights, endsAt } = await admit(service, applicant);
      if (grant.user_id !== user_id) throw new RequestError(100030);
      session.renew(rights, endsAt);
      service.rightsChanged(session);
      return terms(service, grant, session_id);
    },
  });
