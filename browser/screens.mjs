// Every screen that a customer sees, with how to come to it. `go` leaves the page where it is to be looked at.

const visit = (path) => async (page, to) => { await page.goto(to(path)); };

/** Chooses an amount and a method; leaves the page at the review. */
async function review(page, to, method) {
  await page.goto(to("/add-credit"));
  await page.locator(`input[name=method][value="${method}"]`).check();
  await page.locator("form[action='/add-credit'] button").click();
  await page.waitForURL(/review/);
}

/** Goes on to the page before the gateway's. */
async function handOff(page, to, method) {
  await review(page, to, method);
  await page.locator("input[name=agree]").check();
  await page.locator("form[action='/add-credit/pay'] button").click();
  await page.waitForURL(/\/pay$/);
}

const METHODS = { "demo-vn": "vnpay:VND", "demo-jp": "stripe:JPY", "demo-global": "stripe:USD", "demo-api": "stripe:USD" };

export const SCREENS = [
  { name: "sign-in", guest: true, go: visit("/sign-in") },
  { name: "sign-in-sent", guest: true, go: visit("/sign-in/sent") },
  { name: "sign-in-dead-link", guest: true, go: visit("/sign-in/nothing"), expect: 404 },
  { name: "overview", go: visit("/") },
  { name: "history", go: visit("/history") },
  { name: "history-filtered", go: visit("/history?kind=debit") },
  { name: "history-none", go: visit("/history?from=2001-01-01&to=2001-01-31") },
  { name: "entry", go: async (page, to) => { await page.goto(to("/history?kind=debit")); await page.locator("tbody a").first().click(); await page.waitForURL(/history\/ent_/); } },
  { name: "payments", go: visit("/payments") },
  { name: "payment", go: async (page, to) => { await page.goto(to("/payments")); await page.locator("tbody a").first().click(); await page.waitForURL(/payments\/pay_/); } },
  { name: "settings", go: visit("/settings") },
  { name: "billing", go: visit("/billing") },
  { name: "add-credit", go: visit("/add-credit") },
  { name: "add-credit-own", go: visit("/add-credit?choice=own&amount=1234567") },
  { name: "add-credit-wrong", go: async (page, to) => { await page.goto(to("/add-credit?choice=own&amount=1")); await page.locator("form[action='/add-credit'] button").click(); await page.locator("[data-errors]").waitFor(); } },
  { name: "add-credit-dialog", scripts: true, go: async (page, to) => { await page.goto(to("/history")); await page.locator("a[data-dialog]:visible").first().click(); await page.locator("#dialog[open]").waitFor(); } },
  { name: "review", go: (page, to, account) => review(page, to, METHODS[account]) },
  { name: "hand-off", go: (page, to, account) => handOff(page, to, METHODS[account]) },
  { name: "waiting", go: async (page, to, account) => { await handOff(page, to, METHODS[account]); await page.goto(page.url().replace(/\/pay$/, "")); } },
  { name: "account-menu", scripts: true, go: async (page, to) => { await page.goto(to("/payments")); await page.locator("[popovertarget=account]").click(); } },
  { name: "not-found", go: visit("/nothing-here"), expect: 404 },
];
