import { arrange } from "./history/arrange.ts";
import { cameBack, erasedUnasked } from "./history/erasures.ts";
import { brokenRuns } from "./history/events.ts";
import { duplicates, fallingTimes, gapsInIds, unorderedIds } from "./history/final.ts";
import { brokenPages } from "./history/pages.ts";
import type { Anomaly, HistoryRecord } from "./history/records.ts";
import { comeAgain, placesLost, unseen } from "./history/resumes.ts";
import { abortedReads, lostAckedWrites, otherIds, realtimeOrder, wrongFlags } from "./history/sends.ts";
import { changedTexts, changedTimes, inconsistentOffsets, phantoms, strays } from "./history/sightings.ts";

export {
  type Anomaly,
  type AnomalyName,
  anomalyTexts,
  type HistoryRecord,
  type Seen,
} from "./history/records.ts";

const checks = [
  lostAckedWrites,
  otherIds,
  wrongFlags,
  abortedReads,
  realtimeOrder,
  gapsInIds,
  unorderedIds,
  duplicates,
  fallingTimes,
  phantoms,
  inconsistentOffsets,
  strays,
  changedTexts,
  changedTimes,
  brokenRuns,
  comeAgain,
  placesLost,
  unseen,
  brokenPages,
  erasedUnasked,
  cameBack,
];

/**
 * Everything in a history that breaks a promise of the log; nothing when it is sound. Each send has content of
 * its own, and every room is read in full at the end. Throws when the records contradict themselves.
 */
export function checkHistory(records: readonly HistoryRecord[]): Anomaly[] {
  const history = arrange(records);
  return checks.flatMap((check) => [...check(history)]);
}
