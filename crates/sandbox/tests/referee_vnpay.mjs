// Drives a running sandbox with the npm package `vnpay` (2.5.0).
//
//     SCRIP_REFEREES=DIR node referee_vnpay.mjs http://127.0.0.1:PORT TERMINAL SECRET
//
// DIR/node_modules holds the package. Exit 0: the package could not tell the sandbox from the real service in what is
// tried here. Exit 77: the package is not installed. Anything else: a difference.
//
// Not tried, because the package is at fault there: the checksum of a refund"s answer (it divides the amount before
// hashing), refund requests without a transaction number (it signs a zero that it does not send).

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve(process.env.SCRIP_REFEREES ?? ".", "referee.js"));
let VNPay;
try {
  ({ VNPay } = require("vnpay"));
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND") throw error;
  process.exit(77);
}
const [base, tmnCode, secureSecret] = process.argv.slice(2);
const vnpay = new VNPay({
  tmnCode,
  secureSecret,
  vnpayHost: base,
  queryDrAndRefundHost: base,
  enableLog: false,
});

/** The package's own GMT+7 clock depends on the machine's zone; this one does not. */
const gmt7 = (at = Date.now()) =>
  Number(new Date(at + 7 * 3600e3).toISOString().replace(/\D/g, "").slice(0, 14));

async function control(method, path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${base}/_sandbox${path}`, { method, headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer.json();
}

/** A payment address of the package, opened. It takes đồng here, and leaves the answers of `queryDr` as they are. */
async function open(ref, created, more = {}) {
  const url = vnpay.buildPaymentUrl({
    vnp_Amount: 500000,
    vnp_IpAddr: "203.0.113.7",
    vnp_ReturnUrl: "https://billing.example.com/return/vnpay",
    vnp_TxnRef: ref,
    vnp_OrderInfo: `Nap tien tai khoan ${ref}. So tien 500,000 VND`,
    vnp_OrderType: "other",
    vnp_CreateDate: created,
    vnp_ExpireDate: gmt7(Date.now() + 900e3),
    ...more,
  });
  assert.ok(url.startsWith(`${base}/paymentv2/vpcpay.html?`), url);
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("location");
}

const query = (search) => Object.fromEntries(new URLSearchParams(search));

const notices = [];
const merchant = createServer((request, response) => {
  notices.push(query(request.url.split("?")[1]));
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ RspCode: "00", Message: "Confirm Success" }));
});
await new Promise((resolve) => merchant.listen(0, "127.0.0.1", resolve));
await control("PUT", "/webhook", { url: `http://127.0.0.1:${merchant.address().port}/ipn` });

async function notice(count) {
  for (let tries = 0; notices.length < count && tries < 6000; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return notices[count - 1];
}

async function addresses() {
  const created = gmt7();
  const cases = [
    ["R1", {}],
    ["R2", { vnp_BankCode: "INTCARD", vnp_Locale: "en" }],
    ['R3', { vnp_OrderInfo: "A-b_c.d*e~f!g(h)i'j k:l/m,n+o=p&q%r#s@t" }],
    ["R4", { vnp_IpAddr: "2001:db8::1" }],
  ];
  for (const [ref, more] of cases) {
    const location = await open(ref, created, more);
    assert.match(location, /Transaction\/Index\.html\?token=[0-9a-f]{32}$/, ref);
  }
  const wrong = new VNPay({ tmnCode, secureSecret: "ANOTHERSECRET", vnpayHost: base, enableLog: false });
  const url = wrong.buildPaymentUrl({
    vnp_Amount: 500000,
    vnp_IpAddr: "203.0.113.7",
    vnp_ReturnUrl: "https://billing.example.com/return/vnpay",
    vnp_TxnRef: "R5",
    vnp_OrderInfo: "x",
    vnp_OrderType: "other",
    vnp_CreateDate: created,
    vnp_ExpireDate: gmt7(Date.now() + 900e3),
  });
  const refused = await fetch(url, { redirect: "manual" });
  assert.match(refused.headers.get("location"), /Error\.html\?code=70$/);
  return created;
}

/** What the package makes of the way back and of the notice, for every kind of end. */
async function ends(created) {
  const cases = [["R1", "00", true], ["R2", "51", false], ["R3", "24", false], ["R4", "07", false]];
  for (const [number, [ref, code, success]] of cases.entries()) {
    const payment = await control("POST", `/payments/${ref}/pay`, { code });
    const back = vnpay.verifyReturnUrl(query(new URL(payment.return_address).search));
    const told = vnpay.verifyIpnCall(await notice(number + 1));
    for (const seen of [back, told]) {
      const { isVerified, isSuccess, vnp_Amount, vnp_TxnRef } = seen;
      assert.deepEqual([isVerified, isSuccess, vnp_Amount, vnp_TxnRef], [true, success, 500000, ref]);
    }
    const answer = await ask(ref, created, `ends${number}`);
    const status = success ? "00" : code === "07" ? "07" : "02";
    assert.deepEqual([answer.isVerified, answer.vnp_ResponseCode], [true, "00"], ref);
    assert.equal(answer.vnp_TransactionStatus, status, ref);
    assert.equal(Number(answer.vnp_Amount), 50000000, ref);
  }
  await control("POST", "/webhook_faults", { fault: "forged" });
  await control("POST", "/payments/R4/settle", { code: "00" });
  assert.equal(vnpay.verifyIpnCall(await notice(5)).isVerified, false);
}

const ask = (ref, created, requestId, more = {}) =>
  vnpay.queryDr({
    vnp_RequestId: requestId,
    vnp_IpAddr: "198.51.100.10",
    vnp_TxnRef: ref,
    vnp_TransactionNo: 0,
    vnp_OrderInfo: `Truy van ${ref}`,
    vnp_TransactionDate: created,
    vnp_CreateDate: gmt7(),
    ...more,
  });

async function questions(created) {
  const unknown = await ask("NONE", created, "unknown");
  assert.deepEqual([unknown.isVerified, unknown.vnp_ResponseCode], [true, "91"]);
  const again = await ask("R1", created, "unknown");
  assert.equal(again.vnp_ResponseCode, "94");
  await control("POST", "/faults", { fault: "forged" });
  assert.equal((await ask("R1", created, "forged")).isVerified, false);
}

async function refunds(created) {
  const { transaction_no: number } = await control("GET", "/payments/R1");
  const answer = await vnpay.refund({
    vnp_RequestId: "refund1",
    vnp_TransactionType: "03",
    vnp_TxnRef: "R1",
    vnp_Amount: 100000,
    vnp_TransactionNo: number,
    vnp_TransactionDate: created,
    vnp_CreateBy: "ops",
    vnp_CreateDate: gmt7(),
    vnp_IpAddr: "198.51.100.10",
    vnp_OrderInfo: "Hoan tien R1",
  });
  const told = ["vnp_ResponseCode", "vnp_TransactionType", "vnp_TransactionStatus"].map((name) => answer[name]);
  assert.deepEqual(told, ["00", "03", "05"]);
  const later = await ask("R1", created, "afterwards");
  assert.deepEqual([later.isVerified, later.vnp_TransactionType, Number(later.vnp_Amount)], [true, "03", 10000000]);
}

const created = await addresses();
await ends(created);
await questions(created);
await refunds(created);
merchant.close();
process.exit(0);
