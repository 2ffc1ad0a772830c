import type { JsonObject } from "@roomlog/protocol";
import type { JwtSettings } from "../config/authenticators.ts";
import { Failure } from "./failure.ts";

/** What a token is to say. */
export interface Wish {
  readonly user: string;
  readonly rights?: readonly string[];
  readonly room?: string;
  readonly moderator?: true;
  /** Seconds. */
  readonly expires: number;
}

/** The claims of a token as the authenticator's profile reads them (L14, L15). `now` in seconds since 1970. */
export function claimsOf(settings: JwtSettings, wish: Wish, now: number): JsonObject {
  const { issuer: iss, audience: aud } = settings;
  const frame = { iss, ...(aud !== undefined && { aud }), iat: now, exp: now + wish.expires };
  return { ...frame, ...said(settings, wish) };
}

function said(settings: JwtSettings, wish: Wish): JsonObject {
  const { profile } = settings;
  if (profile === "claims") return ownClaims(settings, wish);
  if (wish.rights)
    throw new Failure("usage", `--rights: the profile ${profile} grants by --room and --moderator`);
  return profile === "livekit" ? liveKit(wish) : jitsi(settings, wish);
}

function ownClaims(
  { user_claim, rights_claim }: JwtSettings,
  { user, rights, room, moderator }: Wish,
): JsonObject {
  if (moderator) throw new Failure("usage", "--moderator is for LiveKit and Jitsi; give --rights");
  if (room !== undefined && !rights)
    throw new Failure("usage", "--room needs --rights, which hold in that room");
  if (!rights) return { [user_claim]: user };
  if (rights_claim === undefined)
    throw new Failure("config", "--rights: the authenticator has no rights_claim that could say them");
  return {
    [user_claim]: user,
    [rights_claim]: rights.map((right) => (room === undefined ? right : { right, rooms: room })),
  };
}

function liveKit({ user, room, moderator }: Wish): JsonObject {
  const admin = moderator && { roomAdmin: true };
  return {
    sub: user,
    video: room === undefined ? { roomList: true, roomCreate: true } : { room, roomJoin: true, ...admin },
  };
}

function jitsi({ tenant }: JwtSettings, { user, room = "*", moderator }: Wish): JsonObject {
  return { sub: tenant ?? "*", room, context: { user: { id: user, ...(moderator && { moderator }) } } };
}
