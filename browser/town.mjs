// A browser in front of a running `scrip demo`: who looks, in which language, at which size, in light or dark.

import { readFile, readdir } from "node:fs/promises";
import { chromium } from "playwright-core";

export const LANGUAGES = ["en", "ja", "vi"];
export const SCHEMES = ["light", "dark"];
export const WIDTHS = [320, 1280];

/** Where the demo is, and the links that sign its people in, by account. */
export async function demo() {
  const file = process.env.SCRIP_DEMO ?? "demo.json";
  const { url, accounts } = JSON.parse(await readFile(file, "utf8"));
  return { url, links: Object.fromEntries(accounts.map(({ id, sign_in_url }) => [id, sign_in_url])) };
}

/** Debian's browser, unless the environment names another. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
}

/** Signs an account's owner in once; gives cookies for as many windows as are wanted. */
export async function signIn(browser, link) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.locator("main form button").click();
  await page.waitForURL((url) => url.pathname === "/");
  const state = await context.storageState();
  await context.close();
  return state;
}

/** A window. `scripts: false` is a browser without any. */
export async function open(browser, state, { language = "en", scheme = "light", width = 1280, scripts = true, ...more } = {}) {
  const context = await browser.newContext({
    storageState: state,
    viewport: { width, height: width < 600 ? 720 : 900 },
    deviceScaleFactor: more.scale ?? 1,
    colorScheme: scheme,
    javaScriptEnabled: scripts,
    reducedMotion: "reduce",
    forcedColors: more.forcedColors ?? "none",
    locale: language,
  });
  if (process.env.STYLES) await context.route("**/assets/*/app.css", styles);
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (line) => { if (["error", "warning"].includes(line.type())) page.problems.push(line.text()); });
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http") && host !== new URL(page.url() === "about:blank" ? request.url() : page.url()).host) {
      page.problems.push(`asks ${host}`);
    }
  });
  return page;
}

/** The style sheet as it is in the working tree (`STYLES=crates/portal/assets/css`), to try things out without a build. */
async function styles(route) {
  const old = await (await route.fetch()).text();
  const files = (await readdir(process.env.STYLES)).filter((name) => name.endsWith(".css")).sort();
  const fresh = await Promise.all(files.map((name) => readFile(`${process.env.STYLES}/${name}`, "utf8")));
  await route.fulfill({ contentType: "text/css", body: old.slice(0, old.indexOf("\n") + 1) + fresh.join("") });
}

/** An address in a language. */
export const at = (url, path, language) => `${url}${path}${path.includes("?") ? "&" : "?"}lang=${language}`;
