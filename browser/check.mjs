// What must hold on every screen: `node check.mjs [part of a name] [language] [scheme] [width]`.
//
// No finding of axe (WCAG 2.2 AA) in light and dark, nothing wider than the window, nothing refused by the policy, no
// other host, no script error, under 100 KB; without scripts the same words. Exit code 1 and a list when something fails.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { LANGUAGES, SCHEMES, WIDTHS, at, demo, launch, open, signIn } from "./town.mjs";
import { SCREENS } from "./screens.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const MOST_BYTES = 100_000;

const [wanted = "", ...only] = process.argv.slice(2);
const some = (values) => { const named = values.filter((value) => only.includes(String(value))); return named.length ? named : values; };
const account = process.env.ACCOUNT ?? "demo-vn";
const { url, links } = await demo();
const browser = await launch();
const state = await signIn(browser, links[account]);
const failures = [];
let checked = 0;

for (const language of some(LANGUAGES)) for (const scheme of some(SCHEMES)) for (const width of some(WIDTHS)) {
  for (const screen of SCREENS.filter(({ name }) => name.includes(wanted))) {
    const where = `${screen.name} ${language} ${scheme} ${width}`;
    const fail = (what) => failures.push(`${where}: ${what}`);
    const page = await open(browser, screen.guest ? undefined : state, { language, scheme, width });
    let bytes = 0;
    page.on("response", async (response) => { bytes = Math.max(bytes, (await response.body().catch(() => "")).length); });
    try {
      await screen.go(page, (path) => at(url, path, language), account);
      // The tool is put in by the debugger, which the policy of the page does not concern.
      await page.evaluate(axe);
      const { violations } = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
      for (const { id, nodes } of violations) fail(`${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].any[0]?.message ?? ""}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) fail(`${wide} px too wide`);
      const raw = await page.locator("body").innerText();
      if (/portal-[a-z]/.test(raw)) fail("a text is missing");
      const expected = screen.expect === 404 ? page.problems.filter((line) => !line.includes("404")) : page.problems;
      for (const problem of expected) fail(problem);
      if (bytes > MOST_BYTES) fail(`${bytes} bytes`);
      checked += 1;
    } catch (error) {
      fail(String(error).split("\n")[0]);
    }
    await page.context().close();
  }
}

await browser.close();
for (const failure of failures) console.log(failure);
console.log(`${checked} pages checked, ${failures.length} failures`);
process.exit(failures.length ? 1 : 0);
