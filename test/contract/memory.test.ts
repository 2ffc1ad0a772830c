import { storeContract } from "roomlog/testing";
import { describe, test } from "vitest";
import { MemoryStore } from "../../packages/server/src/store/memory.ts";

describe("the memory store", () => {
  test.each(storeContract)("$title", ({ run }) => run(() => new MemoryStore()));
});
