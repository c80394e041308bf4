// Walks that people take, in a real browser: `node walk.mjs`. Each is taken with scripts and, where it says so, without.

import { demo, launch, open, signIn } from "./town.mjs";

const { url, links } = await demo();
const browser = await launch();
const failures = [];
let walks = 0;

async function walk(name, account, window, steps) {
  const page = await open(browser, await signIn(browser, links[account]), window);
  walks += 1;
  try {
    await steps(page);
    for (const problem of page.problems) failures.push(`${name}: ${problem}`);
  } catch (error) {
    failures.push(`${name}: ${String(error).split("\n")[0]} at ${page.url()}`);
  }
  await page.context().close();
}

function expect(what, seen, wanted) {
  if (seen !== wanted) throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

for (const scripts of [true, false]) {
  await walk(`a payment from amount to credit, scripts ${scripts}`, "demo-vn", { scripts }, async (page) => {
    await page.goto(`${url}/add-credit?lang=en`);
    await page.locator("input[name=choice][value=own]").check();
    await page.locator("#amount").fill("７００．０００");
    if (scripts) await page.getByText("seven hundred thousand dong").waitFor();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("₫700,000").first().waitFor();
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Pay ₫700,000" }).click();
    await page.getByRole("link", { name: "Continue to VNPay" }).waitFor();
    const paying = page.url().replace(/\/pay$/, "");
    await page.goto(paying);
    await page.getByRole("heading", { name: "Waiting for your payment" }).waitFor();
  });
}

await walk("the dialog keeps focus and gives it back", "demo-vn", {}, async (page) => {
  await page.goto(`${url}/payments?lang=en`);
  const opener = page.locator(".top a[data-dialog]");
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.locator("#dialog[open]").waitFor();
  expect("focus is in the dialog", await page.evaluate(() => document.querySelector("#dialog").contains(document.activeElement)), true);
  await page.keyboard.press("Escape");
  expect("focus is back", await opener.evaluate((link) => link === document.activeElement), true);
  expect("the page is the same", new URL(page.url()).pathname, "/payments");
});

await walk("a mistake in the dialog stays in the dialog", "demo-vn", {}, async (page) => {
  await page.goto(`${url}/?lang=en`);
  await page.locator(".top a[data-dialog]").click();
  await page.locator("#dialog input[value=own]").check();
  await page.locator("#dialog #amount").fill("1");
  await page.locator("#dialog").getByRole("button", { name: "Continue" }).click();
  await page.locator("#dialog [data-errors]").waitFor();
  expect("the summary has focus", await page.evaluate(() => document.activeElement.hasAttribute("data-errors")), true);
  await page.locator("#dialog [data-errors] a").first().click();
  expect("the link leads to the field", await page.evaluate(() => document.activeElement.id), "amount");
  await page.locator("#dialog #amount").fill("500000");
  await page.locator("#dialog").getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/review/);
});

await walk("other fields for another kind of payer, without losing what was typed", "demo-api", {}, async (page) => {
  await page.goto(`${url}/billing?lang=en`);
  await page.locator("#name").fill("Typed name");
  await page.locator("#country").selectOption("JP");
  await page.getByText("Prefecture").waitFor();
  expect("the name stays", await page.locator("#name").inputValue(), "Typed name");
  await page.locator("#country").selectOption("DE");
  await page.getByText("VAT number").waitFor();
});

await walk("by keyboard to the content", "demo-vn", {}, async (page) => {
  await page.goto(`${url}/history?lang=en`);
  await page.keyboard.press("Tab");
  expect("the first stop", await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  await page.keyboard.press("Enter");
  expect("the content has focus", await page.evaluate(() => document.activeElement.id), "main");
});

await walk("a language stays", "demo-vn", { width: 320 }, async (page) => {
  await page.goto(`${url}/?lang=ja`);
  await page.goto(`${url}/history`);
  expect("the page", await page.locator("html").getAttribute("lang"), "ja");
});

await browser.close();
for (const failure of failures) console.log(failure);
console.log(`${walks} walks, ${failures.length} failures`);
process.exit(failures.length ? 1 : 0);
