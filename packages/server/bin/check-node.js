// Runs on any Node: an old one crashes in the SQLite addon without a word, so it has to stop here.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Roomlog needs Node.js 22.18 or newer; this is ${process.version}.
In a checkout, "npm ci" without --omit=optional brings one that "npm start", "npm test" and "npx" use.
Otherwise install Node.js 24 from your system or from nodejs.org.`,
  );
  process.exit(1);
}
