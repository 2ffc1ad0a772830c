import {
  counter,
  type Deliveries,
  gauge,
  type KeptWebhook,
  type Measure,
  type Service,
  type Stop,
} from "../../core/plugin.ts";
import { Keeper } from "./keeper.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { Webhook } from "./webhook.ts";

/** Time between two looks for rooms that are behind without a hint, in milliseconds. */
const SWEEP_MS = 60_000;
/** One that is left out of the configuration for longer begins anew (W4), µs. */
const FORGET_US = 7 * 24 * 3600 * 1_000_000;
/** Dead letters that are lines of the log: one in this time, in milliseconds. */
const LINE_MS = 1000;

/** The webhooks of a service. */
export class Webhooks {
  readonly deliveries: Deliveries;
  readonly #service: Service;
  readonly #surroundings: Surroundings;
  readonly #keeper: Keeper;
  /** By name. */
  #running = new Map<string, Webhook>();
  #stops: readonly Stop[] = [];
  #lineAt = Number.NEGATIVE_INFINITY;
  #omitted = 0;

  constructor(service: Service) {
    const { clock } = service;
    this.#service = service;
    this.deliveries = service.openDeliveries();
    this.#keeper = new Keeper(clock, (lane) => {
      for (const webhook of this.#running.values()) webhook.kept(lane);
    });
    this.#surroundings = {
      service,
      clock,
      deliveries: this.deliveries,
      keepLater: (lane) => this.#keeper.add(lane),
      gaveUp: (letter) => this.#gaveUp(letter),
    };
  }

  /** Without webhooks, now and before, nothing is done. */
  async start(all: readonly WebhookSettings[]): Promise<void> {
    if (all.length > 0 || (await this.deliveries.webhooks()).length > 0) await this.#set(all);
    this.#take(all);
  }

  /** W8 */
  async update(all: readonly WebhookSettings[]): Promise<void> {
    await this.#set(all);
    this.#take(all);
  }

  get(webhook: string): Webhook | undefined {
    return this.#running.get(webhook);
  }

  /** O3 */
  get measures(): Measure[] {
    const of = (read: (webhook: Webhook) => number) => () =>
      new Map(Array.from(this.#running, ([name, webhook]) => [name, read(webhook)]));
    const total = (name: string, help: string, read: (webhook: Webhook) => number) =>
      counter(`roomlog_webhook_${name}_total`, `${help}, by webhook.`, of(read), "webhook");
    const now = (name: string, help: string, read: (webhook: Webhook) => number) =>
      gauge(`roomlog_webhook_${name}`, `${help}, by webhook.`, of(read), "webhook");
    return [
      total("requests", "Requests that have ended (W2)", ({ counts }) => counts.told + counts.failed),
      total("failures", "Of those, that failed (W3)", ({ counts }) => counts.failed),
      total("dead_letters", "Stretches that were given up (W6)", ({ counts }) => counts.dead),
      now("rooms_behind", "Rooms with something to tell (W7)", ({ standing }) => standing.rooms_behind),
      now("lag_seconds", "Age of the oldest message on its way (W7)", ({ standing }) => standing.lag_seconds),
    ];
  }

  get surroundings(): Surroundings {
    return this.#surroundings;
  }

  /** W7 */
  async list() {
    const known = await this.deliveries.webhooks();
    return known.map((kept) => ({ ...this.#standingOf(kept), dead_letters: kept.dead_letters }));
  }

  /** T5 */
  async finish(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (webhook) => webhook.finish()));
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    for (const webhook of this.#running.values()) webhook.stop();
    this.#keeper.stop();
  }

  #set(all: readonly WebhookSettings[]): Promise<void> {
    const now = this.#service.clock.wall();
    const webhooks = all.map(({ name }) => name);
    return this.deliveries.set({ webhooks, now, forget_before: this.#service.steadyTime() - FORGET_US });
  }

  /** The store knows them. Those that are there go on, the others begin or end. */
  #take(all: readonly WebhookSettings[]): void {
    const before = this.#running;
    const named = new Set(all.map(({ name }) => name));
    for (const [name, webhook] of before) if (!named.has(name)) webhook.stop();
    // How far those are that end; when they come back, this is known.
    void this.#keeper.flush();
    this.#running = new Map(
      all.map((settings) => [
        settings.name,
        before.get(settings.name) ?? new Webhook(settings, this.#surroundings),
      ]),
    );
    for (const settings of all) this.#running.get(settings.name)?.update(settings);
    for (const stop of this.#stops) stop();
    this.#stops = all.length === 0 ? [] : this.#listen();
  }

  #listen(): Stop[] {
    const each = (act: (webhook: Webhook) => void) => {
      for (const webhook of this.#running.values()) act(webhook);
    };
    return [
      this.#service.rooms.onNews((room_id) => each((webhook) => webhook.news(room_id))),
      this.#service.clock.every(SWEEP_MS, () => each((webhook) => void webhook.sweep())),
    ];
  }

  #standingOf({ webhook, removed_at }: KeptWebhook) {
    const running = removed_at === undefined ? this.get(webhook) : undefined;
    return (
      running?.standing ?? {
        webhook,
        state: "removed" as const,
        failures: 0,
        rooms_behind: 0,
        lag_seconds: 0,
      }
    );
  }

  #gaveUp(letter: Parameters<Surroundings["gaveUp"]>[0]): void {
    const now = this.#service.clock.monotonic();
    if (now - this.#lineAt < LINE_MS) {
      this.#omitted += 1;
      return;
    }
    const omitted = this.#omitted > 0 ? { omitted: this.#omitted } : {};
    this.#lineAt = now;
    this.#omitted = 0;
    const fields = { service: this.#service.name, ...letter, ...omitted };
    this.#service.logger.warn(fields, "a webhook could not be told of these messages: a dead letter");
  }
}
