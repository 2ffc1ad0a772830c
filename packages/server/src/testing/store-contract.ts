import type { StoreCase } from "./store-contract/case.ts";
import { changeCases } from "./store-contract/changes.ts";
import { commitCases } from "./store-contract/commits.ts";
import { erasureCases } from "./store-contract/erasures.ts";
import { groupCommitCases } from "./store-contract/group-commit.ts";
import { lifeCases } from "./store-contract/lives.ts";
import { markCases } from "./store-contract/marks.ts";
import { messageCases } from "./store-contract/messages.ts";
import { nameCases } from "./store-contract/names.ts";
import { overdueCases } from "./store-contract/overdue.ts";
import { pageCases } from "./store-contract/pages.ts";
import { randomTrimCases } from "./store-contract/random-trims.ts";
import { restartCases } from "./store-contract/restarts.ts";
import { retentionCases } from "./store-contract/retention.ts";
import { roomCases } from "./store-contract/rooms.ts";
import { schemaCases } from "./store-contract/schemas.ts";
import { searchCases } from "./store-contract/search.ts";
import { standingCases } from "./store-contract/standings.ts";
import { webhookCases } from "./store-contract/webhooks.ts";

export type { NewStore, StoreCase } from "./store-contract/case.ts";

/** What every store driver has to pass, alone and inside a `ManagedStore`. */
export const storeContract: readonly StoreCase[] = [
  ...commitCases,
  ...roomCases,
  ...standingCases,
  ...schemaCases,
  ...messageCases,
  ...changeCases,
  ...erasureCases,
  ...markCases,
  ...pageCases,
  ...nameCases,
  ...lifeCases,
  ...retentionCases,
  ...overdueCases,
  ...randomTrimCases,
  ...searchCases,
  ...webhookCases,
  ...groupCommitCases,
];

/** What a driver that outlives its process has to pass as well. */
export const durableStoreContract: readonly StoreCase[] = restartCases;
