// Checks our links with the npm package `vnpay` (2.5.0), and signs notices with it for us to read.
//
//     SCRIP_REFEREES=<folder with node_modules> node referee_vnpay.mjs < links.json > notices.json
//
// In:  {"secret", "tmn_code", "links": ["https://…", …]}
// Out: {"notices": [{"query", "response_code", "status", "paid"}, …]}
// Exit 0: the package accepts every link, and would have made the same to the byte. Exit 77: the package is not
// installed. Anything else: a difference.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.SCRIP_REFEREES ?? ".", "referee.js"));
let VNPay;
try {
  ({ VNPay } = require("vnpay"));
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND") throw error;
  process.exit(77);
}

const { secret, tmn_code: tmnCode, links } = JSON.parse(readFileSync(0, "utf8"));
const vnpay = new VNPay({ tmnCode, secureSecret: secret, vnpayHost: "https://sandbox.vnpayment.vn", enableLog: false });

// The package takes amounts in đồng and dates as numbers.
function rebuilt(params) {
  const { vnp_SecureHash: _, vnp_Amount, vnp_CreateDate, vnp_ExpireDate, ...rest } = params;
  return vnpay.buildPaymentUrl({
    ...rest,
    vnp_Amount: Number(vnp_Amount) / 100,
    vnp_CreateDate: Number(vnp_CreateDate),
    vnp_ExpireDate: Number(vnp_ExpireDate),
  });
}

for (const link of links) {
  const params = Object.fromEntries(new URL(link).searchParams);
  assert.equal(vnpay.verifyReturnUrl({ ...params }).isVerified, true, link);
  assert.equal(rebuilt(params), link);
  const altered = { ...params, vnp_Amount: `${params.vnp_Amount}00` };
  assert.equal(vnpay.verifyReturnUrl(altered).isVerified, false, link);
}

// What the package signs as a link, with a notice's parameters in it, is signed as a notice is.
function notice(response_code, status, orderInfo) {
  const url = vnpay.buildPaymentUrl({
    vnp_Amount: 500000,
    vnp_BankCode: "NCB",
    vnp_CardType: "ATM",
    vnp_CreateDate: 20261120161500,
    vnp_IpAddr: "203.0.113.7",
    vnp_OrderInfo: orderInfo,
    vnp_OrderType: "other",
    vnp_PayDate: 20261120161742,
    vnp_ResponseCode: response_code,
    vnp_ReturnUrl: "https://billing.example.com/return/vnpay",
    vnp_TransactionNo: "14226112",
    vnp_TransactionStatus: status,
    vnp_TxnRef: "TU20261120000001",
  });
  const query = new URL(url).search.slice(1);
  assert.equal(vnpay.verifyIpnCall(Object.fromEntries(new URLSearchParams(query))).isVerified, true, query);
  return { query, response_code, status, paid: response_code === "00" && status === "00" };
}

const notices = [
  notice("00", "00", "Nap tien tai khoan"),
  notice("00", "02", "Nap tien tai khoan"),
  notice("07", "07", "Nap tien tai khoan"),
  notice("24", "02", "Nap tien tai khoan"),
  notice("51", "02", "A-b_c.d*e~f!g(h)i'j k:l/m,n+o=p&q%r#s@t"),
  notice("00", "00", "Nạp tiền tài khoản ₫"),
];
process.stdout.write(JSON.stringify({ notices }));
