/** How many colours there are for names. */
export const HUES = 12;

const hues = Array.from(
  { length: HUES },
  (_, i) => `.h${i}{--hue:${Math.round((i * 360) / HUES + 25) % 360}}`,
);

/** The style of a transcript: light, dark, on a phone and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2329;--faint:#5b6672;--line:#dfe3e8;--wash:#f3f5f7;--link:#0b5cad;--name:.47 .13}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e4e8ec;--faint:#98a3ae;--line:#2b323a;--wash:#1e242a;--link:#7db8f5;--name:.8 .1}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:1.5rem;line-height:1.25}
.about{margin:.25rem 0 0;color:var(--faint);font-size:.9rem}
h2{position:sticky;top:0;margin:2rem 0 .5rem;padding:.4rem 0;background:var(--paper);border-bottom:1px solid var(--line);color:var(--faint);font-size:.9rem;font-weight:600}
article{padding:.1rem 0;scroll-margin-top:3rem}
article:target{background:var(--wash);border-radius:.4rem}
.new{margin-top:.8rem}
.by{display:flex;flex-wrap:wrap;gap:0 .6rem;align-items:baseline}
.who{color:var(--ink);color:oklch(var(--name) var(--hue));font-weight:600}
article:not(.new) .by{float:right;margin-left:.8rem}
.at{color:var(--faint);font-size:.8rem;font-variant-numeric:tabular-nums;text-decoration:none}
.note{color:var(--faint);font-size:.85rem;font-style:italic}
p{margin:0;white-space:pre-wrap}
a{color:var(--link)}
blockquote{margin:.15rem 0;padding:0 .7rem;border-left:.2rem solid var(--line);color:var(--faint);font-size:.9rem}
blockquote a{color:inherit;text-decoration:none}
pre{margin:.15rem 0;padding:.4rem .6rem;background:var(--wash);border-radius:.4rem;font:.8rem/1.45 ui-monospace,monospace;white-space:pre-wrap}
ul{display:flex;flex-wrap:wrap;gap:.35rem;margin:.25rem 0;padding:0;list-style:none}
li{padding:.05rem .55rem;background:var(--wash);border:1px solid var(--line);border-radius:1rem;font-size:.85rem}
${hues.join("")}
@media print{body{max-width:none;padding:0;font-size:10pt}h2{position:static;break-after:avoid}article{break-inside:avoid}:root{--paper:#fff;--ink:#000;--faint:#444;--line:#bbb;--wash:#f3f3f3;--link:#000;--name:.4 .12}}
`;
