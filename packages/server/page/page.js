// One room in a browser: the newcomer's proof that it works. It is a client as any other, with no rights of its own.

const PAGE = 50;
/** More are taken away at the top, and read again when somebody scrolls there. */
const MOST_SHOWN = 1000;
/** Messages of one author within this time stand together. */
const TOGETHER_MS = 5 * 60_000;
const TYPING_EVERY_MS = 2000;
const TYPING_FOR_MS = 4000;
/** So near to the end counts as there. */
const NEAR_PX = 48;

const $ = (id) => document.getElementById(id);
const [join, secret, trouble] = [$("join"), $("secret"), $("trouble")];
const [scroller, log, pending, text] = [$("scroller"), $("log"), $("pending"), $("text")];

// Also by keys, in browsers that do not do so by themselves.
scroller.tabIndex = 0;

let client;
let room;
/** The id of the first message that is shown. */
let first = 1;
let isReading = false;
let unseen = 0;

const asked = new URLSearchParams(location.search).get("room");
join.elements.room.value = asked ?? "lobby";
join.elements.user.value = localStorage.getItem("roomlog.user") ?? "";
join.addEventListener("submit", (event) => {
  event.preventDefault();
  void enter({ create: { class: "chat" } });
});
// Anybody can write a link: by itself the page goes into a room, and makes none.
if (asked && join.elements.user.value) void enter({});
else join.elements[asked ? "user" : "room"].focus();

async function enter(options) {
  // Pressed again meanwhile it would be a second client.
  const button = join.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  try {
    await start(options);
  } finally {
    button.disabled = false;
  }
}

async function start(options) {
  const [name, user, password] = ["room", "user", "password"].map((field) => join.elements[field].value);
  say(trouble, "");
  try {
    const { Client } = await import("./client.js").catch(() => {
      throw new Error("The client is not there: build it with npm run build, then load this page again.");
    });
    client = await Client.connect(serverUrl(), { user, ...(password && { password }), onState: showState });
  } catch (error) {
    return notLetIn(error, password);
  }
  try {
    room = await client.join(name, options);
  } catch (error) {
    await client.close();
    return say(trouble, whyNotJoined(error, name, options));
  }
  localStorage.setItem("roomlog.user", user);
  history.replaceState(null, "", `?${new URLSearchParams({ room: name })}`);
  $("name").textContent = name;
  $("entry").hidden = true;
  $("room").hidden = false;
  text.focus();
  live().catch(({ message }) => say($("ended"), `The messages cannot be read: ${message}`, "span"));
}

/** The page stands beside the socket. */
function serverUrl() {
  const url = new URL(".", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

const UNAUTHORIZED = 100030;
const NO_ROOM = 304001;

function notLetIn(error, password) {
  if (error.code !== UNAUTHORIZED) return say(trouble, error.message);
  secret.hidden = false;
  say(trouble, password ? "Wrong name or password." : "This server asks for a password.");
  join.elements.password.focus();
}

/** Who is kept out of a room is told that there is none (R10). */
function whyNotJoined({ code, message }, name, { create }) {
  if (code === UNAUTHORIZED) return `You may not join the room ${name}: the right to is missing.`;
  if (code !== NO_ROOM) return message;
  return create
    ? `There is no room ${name} that you may join.`
    : `There is no room ${name} yet. Join makes it.`;
}

/** Shows the newest messages, then each that comes, until the room is over. */
async function live() {
  room.on("members", showMembers);
  // Who cannot read them any more sees what he saw until he reloads.
  room.on("msglog_erased", ({ msg_ids }) => void readAgain(msg_ids).catch(() => {}));
  room.on("info", ({ user_id, info }) => info === "typing" && showTyping(user_id));
  showMembers(room.members);
  room.ended.then((reason) => {
    say($("ended"), reason.message, "span");
    $("send").hidden = true;
  });
  const newest = await read({ limit: PAGE });
  newest.reverse().forEach(append);
  first = newest[0]?.msg_id ?? room.last_id + 1;
  $("beginning").hidden = newest.length === PAGE;
  toEnd();
  try {
    for await (const message of room.messages({ after: newest.at(-1)?.msg_id ?? 0 })) arrived(message);
  } catch {
    // `room.ended` says why.
  }
}

/** Messages, the newest first. */
async function read(options) {
  const found = [];
  for await (const message of room.history(options)) found.push(message);
  return found;
}

function arrived(message) {
  const wasAtEnd = isAtEnd();
  stopTyping(message.user_id);
  append(message);
  for (const one of pending.children) if (Number(one.dataset.msg_id) === message.msg_id) one.remove();
  if (wasAtEnd) {
    trim();
    toEnd();
  }
  if (!wasAtEnd || document.hidden) notice(1);
}

function append(message) {
  if (message.log?.op) change(message);
  log.append(...itemsFor(message, log.lastElementChild));
}

/** The message, behind the day when that is another one than before; what changes another one is seen there. */
function itemsFor(message, before) {
  if (message.log?.op) return [];
  const item = itemOf(message);
  const isSameDay = before?.dataset.day === item.dataset.day;
  const isSoon = item.dataset.time - (before?.dataset.time ?? 0) < TOGETHER_MS;
  item.classList.toggle("follows", isSameDay && isSoon && before.dataset.user === message.user_id);
  return isSameDay ? [item] : [dayOf(message.sentAt), item];
}

/** An edit or a deletion, at the message that it changes, if that is shown. */
function change({ msg, user_id, log: { op, ref } }) {
  const item = itemWith(ref);
  if (!item) return;
  const changed = op === "edit" ? { edited: {} } : { deleted: { user_id, reason: msg.reason } };
  item.querySelector(".said").replaceWith(said(msg, changed));
}

/** What is shown of these messages is what they say now. */
async function readAgain(msg_ids) {
  const ids = msg_ids.filter((id) => itemWith(id));
  if (ids.length === 0) return;
  const [least, greatest] = [Math.min(...ids), Math.max(...ids)];
  for (const { msg_id, msg, log } of await read({ after: least - 1, before: greatest + 1 }))
    itemWith(msg_id)?.querySelector(".said").replaceWith(said(msg, log));
}

const itemWith = (msg_id) => log.querySelector(`[data-id="${msg_id}"]`);

function itemOf({ msg, msg_id, user_id, sentAt, log }) {
  const item = element("li", "message");
  item.classList.toggle("own", user_id === join.elements.user.value);
  Object.assign(item.dataset, {
    id: msg_id,
    user: user_id,
    time: Number(sentAt),
    day: sentAt.toDateString(),
  });
  const time = element("time", "", sentAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = sentAt.toISOString();
  time.title = `${sentAt.toLocaleString()}, message ${msg_id}`;
  item.append(time, element("span", "author", user_id), said(msg, log));
  return item;
}

/** What is no text is shown as it is. */
function said(msg, { edited, deleted, erased, ref } = {}) {
  if (deleted) {
    const why = deleted.reason ? `: ${deleted.reason}` : "";
    return element("em", "said", `deleted by ${deleted.user_id}${why}`);
  }
  if (erased) return element("em", "said", "erased");
  const isText = typeof msg.text === "string";
  const words = element(isText ? "span" : "code", "said", isText ? msg.text : JSON.stringify(msg));
  if (ref) words.prepend(element("small", "", `↩ ${ref} `));
  if (edited) words.append(element("small", "", " edited"));
  return words;
}

function dayOf(date) {
  return element(
    "li",
    "day",
    date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" }),
  );
}

function trim() {
  while (log.children.length > MOST_SHOWN) log.firstElementChild.remove();
  first = Number(log.querySelector(".message")?.dataset.id ?? first);
  if (first > 1) $("beginning").hidden = true;
}

/** Reads what is above, and leaves what is looked at where it stands. */
async function readOlder() {
  if (isReading || first <= 1 || !$("beginning").hidden) return;
  isReading = true;
  $("older").hidden = false;
  try {
    const older = await read({ before: first, limit: PAGE });
    const height = scroller.scrollHeight;
    const top = scroller.scrollTop;
    prepend(older.reverse());
    $("beginning").hidden = older.length === PAGE;
    scroller.scrollTop = top + scroller.scrollHeight - height;
  } catch {
    // Over: the end of the room is told elsewhere.
  }
  $("older").hidden = true;
  isReading = false;
}

function prepend(messages) {
  const rest = document.createDocumentFragment();
  for (const message of messages) rest.append(...itemsFor(message, rest.lastElementChild));
  const [last, below] = [rest.lastElementChild, log.firstElementChild];
  // The day that stood at the top may go on from here.
  if (last && below?.nextElementSibling?.dataset.day === last.dataset.day) below.remove();
  log.prepend(rest);
  first = messages[0]?.msg_id ?? first;
}

const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

/** So many more have come while nobody looked. */
function notice(more) {
  unseen = more === 0 ? 0 : unseen + more;
  document.title = `${unseen > 0 ? `(${unseen}) ` : ""}${room.room_id} · Roomlog`;
  $("newest").hidden = unseen === 0 || isAtEnd();
}

function look() {
  if (room && isAtEnd() && !document.hidden) notice(0);
}

scroller.addEventListener("scroll", () => {
  look();
  if (scroller.scrollTop < NEAR_PX) void readOlder();
});
document.addEventListener("visibilitychange", look);
$("newest").addEventListener("click", () => {
  toEnd();
  text.focus();
});
new ResizeObserver(() => look()).observe(scroller);

$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (said === "") return;
  text.value = "";
  void send(said);
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("send").requestSubmit();
});

/** It is shown at once, and stands in the log when the server says that it is kept. */
async function send(words) {
  const item = element("li", "message own");
  item.append(element("span", "author", join.elements.user.value), element("span", "said", words));
  pending.append(item);
  toEnd();
  try {
    const { msg_id } = await room.send({ text: words });
    item.dataset.msg_id = msg_id;
    if (itemWith(msg_id)) item.remove();
  } catch (error) {
    item.classList.add("failed");
    const again = element("button", "", "Send again");
    again.type = "button";
    again.addEventListener("click", () => {
      item.remove();
      void send(words);
    });
    const why = element("p", "why", `Not sent: ${error.message} `);
    why.append(again);
    item.append(why);
  }
}

let typedAt = 0;
text.addEventListener("input", () => {
  if (text.value === "" || Date.now() - typedAt < TYPING_EVERY_MS) return;
  typedAt = Date.now();
  // Who may not, or has no connection, is not seen typing.
  room.sendInfo("typing").catch(() => {});
});

const typing = new Map();

function showTyping(user_id) {
  if (user_id === join.elements.user.value) return;
  clearTimeout(typing.get(user_id));
  typing.set(
    user_id,
    setTimeout(() => stopTyping(user_id), TYPING_FOR_MS),
  );
  drawTyping();
}

function stopTyping(user_id) {
  clearTimeout(typing.get(user_id));
  if (typing.delete(user_id)) drawTyping();
}

function drawTyping() {
  const names = [...typing.keys()];
  const who = names.length > 2 ? `${names.length} people` : names.join(" and ");
  $("typing").textContent = names.length === 0 ? "" : `${who} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** Each user once, however many sessions he has. */
function showMembers(members) {
  const names = [...new Set(Array.from(members.values(), ({ user_id }) => user_id))].sort();
  $("count").textContent = names.length;
  $("members").replaceChildren(...names.map((name) => element("li", "", name)));
}

function showState(state) {
  const texts = {
    connecting: () => "Connecting…",
    open: () => "Connected",
    waiting: ({ retry_in_ms }) => `Connection lost, next try in ${Math.ceil(retry_in_ms / 1000)} s`,
    closed: () => "Closed",
  };
  $("state").textContent = texts[state.kind](state);
  $("state").dataset.kind = state.kind;
}

$("leave").addEventListener("click", () => {
  const gone = () => location.assign(".");
  room.leave().then(gone, gone);
});
$("again").addEventListener("click", () => location.reload());
if (matchMedia("(max-width: 40rem)").matches) $("people").open = false;

/** Shows a sentence, or hides where it would stand. */
function say(place, sentence, inner) {
  (inner ? place.querySelector(inner) : place).textContent = sentence;
  place.hidden = sentence === "";
}

function element(name, className, content = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = content;
  return made;
}
