import { type JWTPayload, SignJWT } from "jose";

/** The secret of the tokens below. */
export const SECRET = "a secret of at least thirty-two bytes";

export const encoded = (secret: string) => new TextEncoder().encode(secret);

/** Seconds since 1970, `ahead` from now. */
export const inSeconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead;

/** A token of HS256, good for an hour unless the claims say otherwise. */
export function token(claims: JWTPayload, header: object = {}, secret = SECRET): Promise<string> {
  return new SignJWT({ exp: inSeconds(3600), ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT", ...header })
    .sign(encoded(secret));
}

/** Claims as LiveKit's server SDKs write them. */
export const liveKit = (video: object, more: JWTPayload = {}): JWTPayload => ({
  iss: "APIabc",
  sub: "ann",
  nbf: inSeconds(-10),
  name: "Ann",
  metadata: '{"seat":4}',
  video,
  ...more,
});

/** Claims as a Jitsi deployment writes them. */
export const jitsi = (more: JWTPayload = {}, user: object = {}): JWTPayload => ({
  aud: "jitsi",
  iss: "my_app",
  sub: "meet.example.org",
  room: "algebra",
  context: { user: { id: "u-7", name: "Ann", email: "ann@example.org", ...user }, group: "g" },
  ...more,
});
