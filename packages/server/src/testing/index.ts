export { ManualClock } from "./clock.ts";
export {
  type Anomaly,
  type AnomalyName,
  anomalyTexts,
  checkHistory,
  type HistoryRecord,
  type Seen,
} from "./history.ts";
export { durableStoreContract, type NewStore, type StoreCase, storeContract } from "./store-contract.ts";
