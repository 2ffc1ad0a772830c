/** A recording, and beside it the chat of the room as it came about: M26 of docs/PROTOCOL.md, docs/replay.md. */
import { Client } from "./roomlog/client.js";

const SECOND = 1_000_000;
/** So far the chat may be from the picture, in seconds. */
const APART = 1;
/** What a replay takes; the player can do more. */
const [SLOWEST, FASTEST] = [0.25, 16];

const asked = new URLSearchParams(location.search);
const room_id = asked.get("room") ?? "lobby";
/** When the recording begins; µs since 1970. */
const start = Date.parse(asked.get("start") ?? "") * 1000;

const video = document.querySelector("video");
const log = document.getElementById("log");
const status = document.getElementById("status");
const say = (words) => {
  status.textContent = words;
};

/** Where the picture is, in the time of the log. */
const now = () => start + Math.round(video.currentTime * SECOND);
const rate = () => Math.min(Math.max(video.playbackRate, SLOWEST), FASTEST);

let room;
/** The newest: an older one is of another place. */
let replay;

function show({ msg, user_id, timestamp, log: about }) {
  const line = document.createElement("li");
  const part = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    line.append(element);
  };
  const seconds = Math.floor((timestamp - start) / SECOND);
  part("strong", "user", user_id);
  part("time", "", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  if (about?.edited) part("span", "edited", "edited");
  part("span", "said", typeof msg.text === "string" ? msg.text : JSON.stringify(msg));
  log.append(line);
  log.scrollTop = log.scrollHeight;
}

/** What was said before, at once; then what comes, in step with the picture. */
async function playFromHere() {
  replay?.stop();
  const from_time = now();
  const epoch = asked.get("epoch") ?? undefined;
  const mine = room.replay({ from_time, rate: rate(), paused: !isRunning(), epoch });
  replay = mine;
  const before = [];
  for await (const message of room.history({ order: "asc", from_time: start, to_time: from_time, epoch }))
    if (!(message.log?.op || message.log?.deleted)) before.push(message);
  if (replay !== mine) return;
  log.replaceChildren();
  for (const message of before) show(message);
  for await (const message of mine) {
    if (replay !== mine) return;
    show(message);
  }
}

function play() {
  playFromHere().catch((error) => say(`The chat cannot be shown: ${error.message}`));
}

/** Whether the picture moves; it does not while it is paused, sought or waited for. */
function isRunning() {
  return (
    !(video.paused || video.seeking || video.ended) && video.readyState > HTMLMediaElement.HAVE_CURRENT_DATA
  );
}

function keepStep() {
  if (!replay) return;
  if (replay.paused && isRunning()) replay.resume();
  else if (!(replay.paused || isRunning())) replay.pause();
  if (replay.rate !== rate()) replay.rate = rate();
}

function comeTogether() {
  keepStep();
  const apart = replay?.time === undefined ? 0 : Math.abs(replay.time - now()) / SECOND;
  if (apart > APART) play();
}

async function begin() {
  if (Number.isNaN(start))
    return say("Say when the recording begins: ?room=lobby&start=2026-11-26T19:00:00Z");
  document.getElementById("title").textContent = asked.get("title") ?? `Recording of ${room_id}`;
  const url = new URL("roomlog", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const client = await Client.connect(url, { user: "viewer" });
  client.onState(({ kind }) => say(kind === "open" ? "In step with the chat" : "Connecting…"));
  room = await client.join(room_id);
  for (const type of ["play", "playing", "pause", "waiting", "ratechange", "ended"])
    video.addEventListener(type, keepStep);
  video.addEventListener("seeked", play);
  video.addEventListener("timeupdate", comeTogether);
  say("In step with the chat");
  play();
}

begin().catch((error) => say(`Not connected: ${error.message}`));
