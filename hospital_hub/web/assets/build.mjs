// Copies the third-party files that the pages load into static/vendor/, with their licences and a
// manifest of SHA-256 sums. Folder names carry the version, so their URLs never change content.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, "..", "static", "vendor");
const packageOf = (name) => join(here, "node_modules", ...name.split("/"));
const versionOf = (name) => JSON.parse(readFileSync(join(packageOf(name), "package.json"), "utf8")).version;
const HTMX = "htmx.org";
const CHART = "chart.js";
const DIFF = "diff";
const FONT = "@fontsource-variable/noto-sans-sc";

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

// The maps are not shipped, so the comment would only make developer tools ask for a missing file.
function copyScript(source, target) {
  write(target, readFileSync(source, "utf8").replace(/\n?\/\/# sourceMappingURL=.*$/m, "\n"));
}

function copyHtmx(folder) {
  for (const file of ["htmx.min.js", "ext/hx-sse.min.js"]) {
    copyScript(join(packageOf(HTMX), "dist", file), join(folder, file.replace("ext/", "")));
  }
  cpSync(join(packageOf(HTMX), "LICENSE"), join(folder, "LICENSE"));
}

function copyChart(folder) {
  copyScript(join(packageOf(CHART), "dist", "chart.umd.min.js"), join(folder, "chart.umd.min.js"));
  cpSync(join(packageOf(CHART), "LICENSE.md"), join(folder, "LICENSE"));
}

function copyDiff(folder) {
  copyScript(join(packageOf(DIFF), "dist", "diff.min.js"), join(folder, "diff.min.js"));
  cpSync(join(packageOf(DIFF), "LICENSE"), join(folder, "LICENSE"));
}

function copyFont(folder) {
  const css = readFileSync(join(packageOf(FONT), "index.css"), "utf8");
  const files = [...css.matchAll(/url\(\.\/files\/([\w-]+\.woff2)\)/g)].map((match) => match[1]);
  if (files.length === 0) throw new Error(`${FONT}: no slice found in its stylesheet`);
  const local = css.replaceAll("url(./files/", "url(./").replaceAll("'Noto Sans SC Variable'", "'Hub Sans'");
  write(join(folder, "font.css"), local);
  for (const file of files) cpSync(join(packageOf(FONT), "files", file), join(folder, file));
  cpSync(join(packageOf(FONT), "LICENSE"), join(folder, "LICENSE"));
}

function* filesBelow(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

rmSync(vendor, { recursive: true, force: true });
copyHtmx(join(vendor, `htmx-${versionOf(HTMX)}`));
copyChart(join(vendor, `chart-${versionOf(CHART)}`));
copyDiff(join(vendor, `diff-${versionOf(DIFF)}`));
copyFont(join(vendor, `noto-sans-sc-${versionOf(FONT)}`));
const sums = Object.fromEntries(
  [...filesBelow(vendor)].map((path) => [
    relative(vendor, path).replaceAll("\\", "/"),
    createHash("sha256").update(readFileSync(path)).digest("hex"),
  ]),
);
write(join(vendor, "manifest.json"), `${JSON.stringify(sums, null, 2)}\n`);
console.log(`assets: ${Object.keys(sums).length} files`);
