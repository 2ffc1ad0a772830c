import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { humaneBytes, humaneSpan, humaneTime, plain, shown } from "../../packages/server/src/cli/output.ts";
import { fitted } from "../../packages/server/src/cli/table.ts";
import { momentOf, spanOf, timeOf } from "../../packages/server/src/cli/when.ts";
import { elementsOf } from "../../packages/server/src/core/json-text.ts";

test.for([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10_240, "10 KiB"],
  [1_572_864, "1.5 MiB"],
  [5 * 1024 ** 5, "5120 TiB"],
] as const)("%d bytes read %s", ([bytes, text]) => {
  expect(humaneBytes(bytes)).toBe(text);
});

test("spans read in their largest unit, times without today's date", () => {
  expect([-1, 0, 59, 60, 7199, 86_400].map(humaneSpan)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "1 h",
    "1 d",
  ]);
  const noon = new Date(2026, 10, 26, 12, 3, 4).getTime();
  expect(humaneTime(noon * 1000, noon + 1000)).toBe("12:03:04");
  expect(humaneTime(noon * 1000, noon + 86_400_000)).toBe("2026-11-26 12:03:04");
});

test("points in time are ISO, local without a zone, or so long ago", () => {
  const now = Date.UTC(2026, 10, 26, 14);
  expect(timeOf("2026-11-26T14:00:00.5Z", 0)).toBe((now + 500) * 1000);
  expect(timeOf("2026-11-26")).toBe(new Date(2026, 10, 26).getTime() * 1000);
  expect(timeOf("2026-11-26T10:30")).toBe(new Date(2026, 10, 26, 10, 30).getTime() * 1000);
  expect(timeOf("10m ago", now)).toBe((now - 600_000) * 1000);
  expect(timeOf("2 d ago", now)).toBe((now - 172_800_000) * 1000);
  for (const text of ["", "1", "10m", "now", "2026-13-01", "2026-02-30", "2026-04-31T10:00Z", "10 years ago"])
    expect(() => timeOf(text)).toThrow("Write it as");
  expect(timeOf("2028-02-29T00:00Z")).toBe(Date.UTC(2028, 1, 29) * 1000);
  for (const text of ["1960-01-01", "9999-12-31"]) expect(() => timeOf(text)).toThrow("before 1970");
  expect(() => momentOf("9999999999999999")).toThrow("before 1970");
  expect(["90s", "10m", "2h", "7d", "1w"].map(spanOf)).toEqual([90, 600, 7200, 604_800, 604_800]);
  expect(() => spanOf("10")).toThrow("Write it as");
});

test("text of others keeps nothing that drives a terminal, and everything else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(plain(text)).not.toMatch(
        /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]/u,
      );
    }),
  );
  expect(plain("ad\u200bmin")).toBe("ad\\u200bmin");
  expect(plain("Grüße 👩‍👩‍👧 \u0645\u0631\u062d\u0628\u0627")).toBe(
    "Grüße 👩‍👩‍👧 \u0645\u0631\u062d\u0628\u0627",
  );
});

test.for([
  ["1", '["\\u202e\\u009b\\u200b"]'],
  ["0", '["\u202e\u009b\u200b"]'],
])("JSON where FORCE_COLOR is %s has the text %s", ([forced, text]) => {
  vi.stubEnv("FORCE_COLOR", forced);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(shown('["\u202e\u009b\u200b"]')).toBe(text);
});

test("a table takes from its widest columns what does not fit", () => {
  expect(fitted([10, 20, 30], 60)).toEqual([10, 20, 30]);
  expect(fitted([10, 20, 30], 50)).toEqual([10, 20, 20]);
  expect(fitted([10, 20, 30], 40)).toEqual([10, 15, 15]);
  expect(fitted([10, 20, 30], 5)).toEqual([8, 8, 8]);
});

test("[M7] the elements of a list keep their text", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, "\t"), (values, space) => {
      const texts = elementsOf(JSON.stringify(values, null, space));
      expect(texts.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
  expect(elementsOf('[ {"a": 1e400,"b":[1,2]} ,"],[" ]')).toEqual(['{"a": 1e400,"b":[1,2]}', '"],["']);
});
