import type { Authenticator } from "./auth.ts";

/** All but `callback` and `admin`. */
const RIGHTS = ["*", "other_services", "msglog_purge", "room_update"];

/** Believes everybody who says who he is (L7). */
export const openAuthenticator: Authenticator = {
  open: true,
  authenticate: async ({ user }) => (user === undefined ? undefined : { user_id: user, rights: RIGHTS }),
};
