// Pictures of every screen: `node shots.mjs OUT [part of a name] [language] [scheme] [width]`.

import { mkdir } from "node:fs/promises";
import { LANGUAGES, SCHEMES, WIDTHS, at, demo, launch, open, signIn } from "./town.mjs";
import { SCREENS } from "./screens.mjs";

const [out = "out", wanted = "", ...only] = process.argv.slice(2);
const some = (values) => { const named = values.filter((value) => only.includes(String(value))); return named.length ? named : values; };
const account = process.env.ACCOUNT ?? "demo-vn";
const { url, links } = await demo();
const browser = await launch();
const state = await signIn(browser, links[account]);
await mkdir(out, { recursive: true });
for (const language of some(LANGUAGES)) for (const scheme of some(SCHEMES)) for (const width of some(WIDTHS)) {
  for (const screen of SCREENS.filter(({ name }) => name.includes(wanted))) {
    const page = await open(browser, screen.guest ? undefined : state, { language, scheme, width });
    try {
      await screen.go(page, (path) => at(url, path, language), account);
      await page.waitForTimeout(150);
      await page.screenshot({ path: `${out}/${screen.name}-${language}-${scheme}-${width}.png`, fullPage: !screen.scripts });
    } catch (error) {
      console.log(screen.name, language, scheme, width, String(error).split("\n")[0]);
    }
    await page.context().close();
  }
}
await browser.close();
