### English. Keys stand in the same order in every language. "Credits" is the balance, a "card" pays.

## Receipts

receipt-title = Receipt
receipt-copy = COPY
receipt-number = Receipt no.
receipt-date = Date of issue
receipt-acknowledgement = We have received the following payment. Thank you.
receipt-addressee = Received from
receipt-addressee-name = { $name }
receipt-seller = Issued by
receipt-tax-code = Tax code: { $code }
receipt-registration-number = Invoice registration no.: { $number }
receipt-contact = Contact: { $contact }
receipt-total = Total paid
receipt-total-tax-included = Total paid (tax included)
receipt-in-words = In words
receipt-description = Description
receipt-quantity = Quantity
receipt-amount = Amount
receipt-tax = Tax
receipt-tax-rate = Rate
receipt-tax-base = Tax excluded
receipt-tax-amount = Tax amount
receipt-details = Payment
receipt-method = Payment method
receipt-credits = Credits received
receipt-expiry = Expiry date
receipt-rate = Exchange rate
receipt-rate-value = 1 { $from } = { $rate } { $to } ({ $source }, { $date })
receipt-reference = Reference number
receipt-recipient = Sent to
receipt-notes = Notes
receipt-zone = Dates and times: { $zone }
receipt-page = Page { $page } of { $pages }

## Tables as files

sheet-summary = Summary
sheet-account = Account
sheet-period = Date range
sheet-period-start = the beginning
sheet-zone = Time zone
sheet-unit = Unit
sheet-made = Made on
sheet-filter-none = All
sheet-count = Number
sheet-total = Total
sheet-note-rounded = Amounts with more digits than a cell keeps (15): { $count }. The CSV file has all digits.

## Credit history

history-title = Credit history
history-sheet-entries = Entries
history-date = Date ({ $zone })
history-service = Service
history-source = Balance type
history-type = Type
history-description = Description
history-reference = Voucher code / reference
history-status = Status
history-amount = Amount ({ $unit })
history-balance = Balance ({ $unit })
history-entry = Entry ID
history-in = In
history-out = Out
history-net = Change
history-opening = Opening balance
history-closing = Closing balance
history-pending = of which not in effect yet
history-note-order = Entries stand newest first.
history-note-reconciled = Opening balance + change = closing balance. Balances include credits that are not in effect yet.
history-note-filtered = The list is filtered: the balance column is that of the whole account after each entry.
history-kind-open = Account opened
history-kind-configure = Terms changed
history-kind-grant = Credit added
history-kind-debit = Usage
history-kind-adjustment = Adjustment
history-kind-hold = Put on hold
history-kind-capture = Usage (from hold)
history-kind-release = Hold released
history-kind-hold_expiry = Hold ended
history-kind-hold_extension = Hold extended
history-kind-reversal = Usage given back
history-kind-expiry = Expired
history-kind-void = Withdrawn
history-kind-expiry_change = Expiry date changed
history-kind-repayment = Negative balance repaid
history-kind-clawback = Taken back with its payment
history-kind-reinstatement = Given back after a dispute or refund
history-source-manual = Granted
history-source-setup = Set-up
history-source-top_up = Top-up
history-source-voucher = Voucher
history-source-subscription = Plan
history-source-overdraft = Negative balance
history-status-posted = Posted
history-status-partly_reversed = Partly given back
history-status-reversed = Given back

## Payment history

payments-title = Payment history
payments-sheet-entries = Payments
payments-date = Date ({ $zone })
payments-paid = Amount paid
payments-currency = Currency
payments-received = Amount received ({ $unit })
payments-returned = Refunded or disputed
payments-method = Method
payments-status = Status
payments-recipient = Recipient e-mail
payments-receipt = Receipt number
payments-payment = Payment ID
payments-note-order = Payments stand newest first.
payments-note-paid = Amounts paid and amounts that went back are in the currency beside them. Only successful payments are added up.
payments-status-success = Success
payments-status-pending = Pending
payments-status-failed = Failed

## Vouchers

vouchers-title = Vouchers
vouchers-sheet-entries = Vouchers
vouchers-code = Voucher code
vouchers-description = Description
vouchers-added = Added ({ $zone })
vouchers-effective = Effective from
vouchers-expiry = Expires
vouchers-remaining = Remaining ({ $unit })
vouchers-total = Total ({ $unit })
vouchers-products = Applicable products
vouchers-every-product = All
vouchers-status = Status
vouchers-search = Search
vouchers-voucher = Voucher ID
vouchers-note-order = Vouchers stand newest first.
vouchers-status-valid = Valid
vouchers-status-expired = Expired
vouchers-status-revoked = Revoked
vouchers-status-used = Used up

## Charts

chart-usage-title = Usage per day by service
chart-usage-desc = From { $from } to { $to }: { $total } in all. Most on { $day }: { $most }.
chart-usage-none = From { $from } to { $to }: no usage.
chart-usage-empty = No days are shown.
chart-usage-others = Other services
chart-usage-unnamed = Without a service
chart-balance-title = Balance by source
chart-balance-desc = { $parts }
chart-balance-other = Granted and other

## Letters

mail-open = Open { $brand }
mail-footer-automatic = This message was sent automatically by { $brand }.
mail-footer-account = Account: { $account }
mail-footer-zone = Dates and times: { $zone }
mail-footer-alerts = Which messages you receive can be changed in the settings of the account.
mail-copy-link = If the button does not work, copy this address: { $url }
mail-label-reference = Reference number
mail-label-paid = Amount paid
mail-label-charge = Amount
mail-label-credits = Credits received
mail-label-expiry = Expiry date
mail-label-refunded = Refunded
mail-label-taken = Credits taken back
mail-label-available = Available balance
mail-label-threshold = Alert when below
mail-label-owed = Negative balance
mail-label-since = Since
mail-label-plan = Plan
mail-label-period-end = Period ends
mail-label-next-try = Next try
mail-label-grace = Plan goes on until
mail-label-sent = Sent
mail-expiry-never = Never
mail-add-credit = Add credit
mail-test-subject = Test message from { $brand }
mail-test-lead = If you can read this, messages arrive.
mail-sign-in-subject = Sign in to { $brand }
mail-sign-in-lead = Use this link to sign in. It works once, until { $time }.
mail-sign-in-action = Sign in
mail-sign-in-note = If you did not ask for it, ignore this message. Do not pass it on: whoever has the link can sign in as you.
mail-invitation-subject = { $inviter } invites you to { $brand }
mail-invitation-lead = { $inviter } asks you to join { $account } as { $role }.
mail-invitation-action = Accept the invitation
mail-invitation-note = The invitation is valid until { $time }. If you do not know the sender, ignore this message.
mail-role-owner = owner
mail-role-billing = billing contact
mail-role-viewer = viewer
mail-password-subject = Your { $brand } password was changed
mail-password-lead = Your password was set or changed on { $time }.
mail-password-note = If it was not you, sign in with a link by e-mail now, set a new password, and tell us.
mail-paid-subject = Payment received: { $charged }
mail-paid-lead = Added to your balance: { $credited }.
mail-paid-thanks = We have received your payment. Thank you.
mail-paid-automatic = This payment was made automatically, as you agreed.
mail-paid-receipt = The receipt { $number } is attached.
mail-failed-subject = Payment not completed: { $charge }
mail-failed-lead = Your payment of { $charge } was not completed. No credit was added.
mail-failed-late = If your bank shows a charge all the same, do not pay again: it is credited as soon as the payment service confirms it.
mail-reason-declined = The bank or the payment service declined it. Use another card or method, or ask your bank.
mail-reason-cancelled = It was cancelled before it was completed. You can start again at any time.
mail-reason-timed-out = It was not paid in time. You can start again at any time.
mail-reason-maintenance = The bank is under maintenance. Try again later or use another method.
mail-reason-wrong-code = The one-time code or the details entered were wrong. Start again and check them.
mail-reason-limit = The daily limit of the account or card is reached. Try again tomorrow or use another method.
mail-reason-funds = The account or card did not have enough money. Use another card or method.
mail-reason-other = The payment service did not say why. Try again or use another method.
mail-review-subject = Payment being checked: { $charge }
mail-review-lead = Your payment of { $charge } is being checked. Credit is added once it is confirmed.
mail-review-note = Please do not pay again.
mail-refund-subject = Refund: { $refunded }
mail-refund-lead = { $refunded } is on its way back to the payment method you used.
mail-refund-note = It can take some days until your bank shows it.
mail-low-subject = Low balance: { $available }
mail-low-lead = Your available balance has fallen below { $threshold }.
mail-low-note = When it is used up, services that need credit may stop.
mail-depleted-subject = Your balance is used up
mail-depleted-lead = No credit is available any more. Services that need credit may stop until you add some.
mail-negative-subject = Negative balance: { $owed }
mail-negative-lead = Your balance has been below zero since { $date }.
mail-negative-note = Your next top-up first covers { $owed }.
mail-expiring-subject =
    { $days ->
        [0] Credit expires today
        [one] Credit expires tomorrow
       *[other] Credit expires within { $days } days
    }
mail-expiring-lead =
    { $days ->
        [0] This credit expires today unless it is used.
        [one] This credit expires by tomorrow unless it is used.
       *[other] This credit expires within { $days } days unless it is used.
    }
mail-expiring-note = Credit that expires on a date can be used until the end of that day.
mail-expiring-lot = { $source }, until { $date }
mail-period-subject = { $plan }: a new period has begun
mail-period-lead = Added to your balance for this period: { $credited }.
mail-period-renews = The plan renews at the end of the period.
mail-period-ends = The plan ends with this period.
mail-renewal-subject = { $plan }: payment failed
mail-renewal-lead = The payment of { $charge } for your plan did not go through.
mail-renewal-again = It is tried again. To be sure, check your card before that.
mail-renewal-last = It is not tried again. Pay or change your card to keep the plan.
mail-change-subject = { $from }: a change is planned
mail-change-lead = From { $date } on your plan is { $to } instead of { $from }.
mail-change-ends-subject = { $from } will end
mail-change-ends-lead = Your plan { $from } ends on { $date } and is not renewed.
mail-ended-subject = { $plan } has ended
mail-ended-cancelled = Your plan { $plan } has ended, because it was cancelled.
mail-ended-unpaid = Your plan { $plan } has ended, because it was not paid.
mail-ended-replaced = Your plan { $plan } has ended. Another one has taken its place.
mail-ended-other = Your plan { $plan } has ended.

## Portal

portal-skip = Skip to content
portal-test-mode = Test mode: no real money moves
portal-menu = Menu
portal-nav = Main navigation
portal-nav-overview = Overview
portal-nav-history = Credit history
portal-nav-payments = Payment history
portal-nav-settings = Settings
portal-language = Language
portal-account-menu = Account menu
portal-other-accounts = Other accounts
portal-sign-in = Sign in
portal-sign-out = Sign out
portal-signed-out = You have signed out
portal-help = Help
portal-close = Close
portal-add-credit = Add credit
portal-change = Change
portal-save = Save
portal-save-go-on = Save and continue
portal-optional = optional
portal-choose = Choose
portal-date = Date
portal-status = Status
portal-amount = Amount
portal-reference = Reference number
portal-copy = Copy
portal-copied = copied
portal-pages = Pages
portal-newest = Newest
portal-older = Older
portal-new = new
portal-problem = Report a problem
portal-problem-subject = Question about { $id }
portal-mistakes =
    { $count ->
        [one] There is a problem with one field
       *[other] There is a problem with { $shown } fields
    }
portal-balance = Balance
portal-balance-low = Low
portal-balance-expiring = Expiring
portal-balance-blocked = Blocked
portal-balance-unknown = Balance not available
portal-balance-unknown-text = It cannot be read right now. Nothing has changed; try again in a moment.
portal-balance-last = It cannot be read right now. It was { $amount } at { $time }.
portal-total = Total balance
portal-as-of = As of
portal-part-top-up = Top-up balance
portal-part-voucher = Voucher balance
portal-part-plan = Plan balance
portal-part-granted = Granted balance
portal-held = On hold
portal-available = Available balance
portal-overdraft = Negative balance
portal-alert-closed = This account is closed
portal-alert-closed-text = Nothing can be bought or used. Ask for help if this is a surprise.
portal-alert-blocked = There is no credit left
portal-alert-blocked-text = New usage is refused until credit is added. What you have stored stays as it is.
portal-alert-low = The balance is low
portal-alert-low-text = Add credit in time, so that nothing stops.
portal-alert-overdraft = The balance is below zero
portal-alert-overdraft-text = Your next top-up first covers { $amount }.
portal-overview-empty = No credit yet
portal-overview-empty-text = Once you add credit, your balance, its expiry dates and every movement appear here.
portal-lots = Credit by expiry date
portal-lots-none = Nothing is left.
portal-lots-order = Plans are used first, then vouchers, then granted credit, then top-ups; within each, what expires soonest.
portal-lots-more =
    { $count ->
        [one] One more
       *[other] { $shown } more
    }
portal-pending-more =
    { $count ->
        [one] One more payment under way
       *[other] { $shown } more payments under way
    }
portal-lot-never = Does not expire
portal-lot-ends = Until { $date } ({ $away })
portal-lot-begins = From { $date }
portal-lot-scope = only for
portal-latest = Latest movements
portal-latest-all = All
portal-filter-all = All
portal-source = Balance type
portal-type = Type
portal-service = Service
portal-description = Description
portal-in = In
portal-out = Out
portal-net = Change
portal-sum = Total
portal-range-start = the beginning
portal-filter = Filter
portal-filters = Filters in force
portal-filter-apply = Apply
portal-filter-clear = Clear filters
portal-filter-remove = Remove filter:
portal-filter-from = From
portal-filter-to = To
portal-since = from { $date }
portal-until = until { $date }
portal-range = Date range: { $from } to { $to }
portal-this-month = This month
portal-last-month = Last month
portal-fiscal-year = Fiscal year
portal-export-excel = Export Excel
portal-export-csv = CSV
portal-history-count =
    { $count ->
        [one] One entry
       *[other] { $shown } entries
    }
portal-history-empty = No movements yet
portal-history-empty-text = Top-ups, vouchers and usage appear here, with the balance after each.
portal-history-no-match = Nothing matches
portal-history-no-match-text = There are movements, but none that passes all filters.
portal-balance-after = Balance after
portal-status-pending = not in effect yet
portal-rounding = Balances are rounded down to the currency's smallest unit; each entry has the exact amount. Credit that is not in effect yet is not counted in the totals.
portal-entry-booked = Booked
portal-entry-dated = Dated
portal-entry-resource = Resource
portal-entry-expires = Expiry date
portal-entry-reference = Your reference
portal-entry-by = Requested by
portal-entry-request = Request ID
portal-entry-id = Entry ID
portal-entry-payment = Payment
portal-entry-earlier = Belongs to
portal-entry-pricing = How the price came about
portal-entry-lots = Credit that was moved
portal-meter = Meter
portal-quantity = Quantity
portal-billed = billed as
portal-unit-price = Unit price
portal-price-version = Price list version
portal-actor-key = API key
portal-actor-member = A member
portal-actor-operator = The operator
portal-actor-gateway = Payment
portal-actor-system = Automatically
portal-paid = Paid
portal-received = Received
portal-receipt = Receipt
portal-receipt-pdf = PDF
portal-receipt-download = Receipt (PDF)
portal-receipt-copy = Issue a copy
portal-payments-empty = No payments yet
portal-payments-empty-text = Each payment appears here with its receipt.
portal-payments-no-match = Nothing matches
portal-payments-no-match-text = There are payments, but none that passes all filters.
portal-status-under-way = Under way
portal-payments-refunded = { $amount } refunded
portal-state-awaiting = Awaiting payment
portal-state-confirming = Confirming
portal-state-unknown = Checking with bank
portal-state-review = Under review
portal-state-succeeded = Successful
portal-state-failed = Failed
portal-state-expired = Expired
portal-state-partly-refunded = Partly refunded
portal-state-refunded = Refunded
portal-state-disputed = Disputed
portal-state-dispute-won = Dispute decided for us
portal-state-dispute-lost = Dispute decided for you
portal-payment-awaiting = Waiting for your payment
portal-payment-awaiting-text = Pay on the gateway's page. If you have just paid, this page shows it in a moment.
portal-payment-confirming = We are confirming your payment
portal-payment-confirming-text = The gateway has taken it and has not confirmed it yet. The credit arrives by itself.
portal-payment-unknown = We are asking the bank
portal-payment-unknown-text = It is not certain yet whether money was taken. We keep asking until it is.
portal-payment-review = Your payment is under review
portal-payment-review-text = The gateway looks at it before it is taken, which may take a working day. We write to you when it is decided.
portal-payment-succeeded = { $amount } added
portal-payment-succeeded-text = The payment has arrived and the credit can be used at once.
portal-payment-failed = The payment did not go through
portal-payment-failed-text = Nothing was charged.
portal-payment-expired = The time to pay is over
portal-payment-expired-text = Nothing was charged. If money was taken all the same, it is credited as soon as the gateway tells us.
portal-payment-partly-refunded = A part was refunded
portal-payment-partly-refunded-text = The credit of that part was taken back.
portal-payment-refunded = This payment was refunded
portal-payment-refunded-text = What was left of its credit was taken back.
portal-payment-disputed = This payment is disputed
portal-payment-disputed-text = Its credit is on hold until your bank decides. No other payment can be made meanwhile.
portal-payment-dispute-won = The dispute is closed
portal-payment-dispute-won-text = It was decided that the payment stands; its credit was given back.
portal-payment-dispute-lost = The dispute is closed
portal-payment-dispute-lost-text = The money went back to you, and its credit was taken back.
portal-do-not-pay-again = Do not pay again.
portal-reason-canceled = You cancelled it. Try again whenever you like.
portal-reason-timed-out = The time on the gateway's page ran out. Try again and keep your code at hand.
portal-reason-funds = There is not enough money in the account you paid from. Use another account or a smaller amount.
portal-reason-limit = Your bank's limit for the day is reached. Try tomorrow, or pay with another method.
portal-reason-maintenance = Your bank is under maintenance. Try later, or pay with another method.
portal-reason-code = The code was wrong too often. Begin again and type the newest code.
portal-reason-no-banking = Online payments are not enabled for this card or account. Enable them at your bank, or use another one.
portal-reason-locked = The card or account is locked. Ask your bank, or use another one.
portal-reason-declined = Your bank said no. Ask it why, or pay with another method.
portal-reason-gateway = The gateway could not be reached. Try again in a few minutes, or use another method.
portal-reason-other = Try again, or pay with another method. If it happens again, ask for help with the reference number.
portal-payment-continue = Continue to payment
portal-payment-check = Check now
portal-payment-open = Show details
portal-payment-retry = Try again
portal-payment-details = Details
portal-payment-steps = What happened
portal-payment-method = Payment method
portal-payment-began = Begun
portal-payment-paid-at = Credited
portal-payment-refunded-amount = Refunded
portal-payment-disputed-amount = Disputed
portal-payment-gateway-reference = Gateway's reference
portal-payment-mail = You can close this page: we write to { $email } when it is settled.
portal-payable-until = Pay until
portal-time-left = time left:
portal-age-now = just now
portal-age-minutes =
    { $count ->
        [one] 1 minute ago
       *[other] { $shown } minutes ago
    }
portal-age-hours =
    { $count ->
        [one] 1 hour ago
       *[other] { $shown } hours ago
    }
portal-age-days =
    { $count ->
        [one] 1 day ago
       *[other] { $shown } days ago
    }
portal-hand-off = Pay with { $gateway }
portal-hand-off-go = Continue to { $gateway }
portal-hand-off-code = Your bank may ask for a one-time code. Keep your phone at hand and this window open.
portal-hand-off-back = Afterwards you come back here. Closing the gateway's page too early does no harm: we ask for the result by ourselves.
portal-hand-off-english = VNPay's page opens in English.
portal-hand-off-paid = I have finished paying
portal-card = Pay by card
portal-card-scripts = Card payments need scripts, because your card's numbers go straight to Stripe. Allow scripts for this page, or choose another method.
portal-gateway-away = The gateway cannot be reached
portal-gateway-away-text = Nothing was charged. Try again in a moment, or choose another method.
portal-amount-own = Other amount
portal-amount-bounds = From { $least } to { $most }
portal-amount-empty = Enter an amount, or choose one.
portal-amount-malformed = Enter an amount in digits, such as { $example }.
portal-amount-currency = Enter the amount in { $unit }, the currency of this account.
portal-amount-ambiguous = Did you mean { $one } or { $other }? Enter it without separators.
portal-amount-ambiguous-one = Did you mean { $one }? Enter it without separators.
portal-amount-ambiguous-none = This can be read in more than one way. Enter it without separators.
portal-amount-too-large = This is more than an account can hold.
portal-amount-minimum = The minimum amount is { $amount }.
portal-amount-maximum = The maximum amount is { $amount }.
portal-amount-unpayable = This amount cannot be paid with this method. Choose another amount.
portal-too-many-quotes = You asked for very many offers today. Come back tomorrow.
portal-method-missing = Choose how to pay.
portal-method-other = This method is not offered for this amount. Choose another one.
portal-method-off-switch = Switched off at the moment. Use another method, or come back later.
portal-method-off-rate = There is no current exchange rate. Use another method, or come back later.
portal-method-off-gateway = Not set up here. Use another method.
portal-method-vnpay = VNPay
portal-method-vnpay-about = Bank accounts, domestic cards and QR in Vietnam; within minutes
portal-method-paypal = PayPal
portal-method-paypal-about = PayPal balance or a card with PayPal; within minutes
portal-method-stripe = Card
portal-method-saved_card = Saved card
portal-method-stripe-about = Credit and debit cards; at once
portal-rate = 1 { $base } = { $rate } { $quote } ({ $source }, { $date })
portal-earlier-open = An earlier payment is not settled
portal-earlier-open-text = It is not certain yet whether it took money. Wait for it before you pay again.
portal-no-method = Nothing can be bought here right now
portal-no-method-text = No payment method works for this account at the moment. Ask us how to pay.
portal-review-go = Continue
portal-review = Check and pay
portal-review-back = Change amount or method
portal-review-next = You pay on the gateway's own page in the next step.
portal-you-pay = You pay
portal-you-receive = You receive
portal-fee = Fee
portal-fee-none = None
portal-exchange-rate = Exchange rate
portal-quote-until = Rate valid until
portal-quote-again = Get a new offer
portal-pay-when = When you pay
portal-pay-when-text = Now, in the next step
portal-arrives = When the credit arrives
portal-arrives-text = As soon as the payment is confirmed, usually within minutes
portal-credits-until = { $date }
portal-credits-never = The credit does not expire
portal-addressee = Addressee
portal-addressee-hint = As it shall stand on receipts.
portal-terms = What you agree to
portal-agree = I agree
portal-agree-missing = Tick the box if you agree; without it nothing can be bought.
portal-pay = Pay { $amount }
portal-refused-quote-expired = This offer has expired
portal-refused-quote-expired-text = Nothing was charged. Get a new one and look at it again.
portal-refused-terms-changed = The terms have changed
portal-refused-terms-changed-text = Nothing was charged. Read the present text and agree to it if you like.
portal-refused-method = This method does not work now
portal-refused-method-text = Nothing was charged. Choose another method.
portal-refused-earlier-open = An earlier payment is not settled
portal-refused-earlier-open-text = Nothing more was charged. Wait until the earlier payment is settled.
portal-refused-dispute = A payment is disputed
portal-refused-dispute-text = Nothing can be bought until it is decided.
portal-refused-closed = This account is closed
portal-refused-closed-text = Nothing can be bought.
portal-refused-gateway = The gateway did not open the payment
portal-refused-gateway-text = Nothing was charged. Try again, or choose another method.
portal-refused-too-many = Too many attempts
portal-refused-too-many-text =
    { $count ->
        [one] Nothing was charged. Try again in a minute.
       *[other] Nothing was charged. Try again in { $shown } minutes.
    }
portal-refused-daily-limit = The limit for a day is reached
portal-refused-daily-limit-text =
    { $count ->
        [one] Nothing was charged. Buy less, or try again in a minute.
       *[other] Nothing was charged. Buy less, or try again in { $shown } minutes.
    }
portal-billing = Billing information
portal-billing-why = It stands on your receipts and is asked for once. Later changes count for later receipts.
portal-billing-unit = This account counts in { $unit }. The currency was chosen when the account was opened and stays.
portal-billing-none = Not filled in yet; it is asked for before the first purchase.
portal-billing-changed = Somebody else changed it meanwhile
portal-billing-changed-text = What you typed is still here. Save again to replace the other change.
portal-refresh-fields = Show the fields for this choice
portal-payer-kind = Who is billed
portal-personal = Personal
portal-company = Company
portal-full-name = Full name
portal-company-name = Company name
portal-country = Country or region
portal-currency = Currency
portal-email = Email
portal-recipient-email = Email for receipts
portal-recipient-email-hint = If it is another one than above.
portal-address = Address
portal-address-postal_code = Postal code
portal-address-prefecture = Prefecture
portal-address-street = Street and number
portal-address-street-jp = Town and number
portal-address-building = Building and room
portal-address-ward = Ward or commune
portal-address-province = Province or city
portal-address-line1 = Address line 1
portal-address-line2 = Address line 2
portal-address-city = City
portal-address-city-jp = City or ward
portal-address-region = State or region
portal-tax-code = Tax code
portal-tax-code-vn = Tax code
portal-tax-code-vn-hint = Your 12-digit personal number, if you want it on receipts.
portal-tax-code-vn-company-hint = 10 digits, with a branch 0312687878-001.
portal-tax-code-jp = Invoice registration no.
portal-tax-code-jp-hint = T and 13 digits.
portal-tax-code-eu = VAT number
portal-tax-code-eu-hint = With the country's prefix, such as DE123456789.
portal-missing = { $field }: fill this in.
portal-invalid-email = Enter an email address such as name@example.com.
portal-invalid-country = Choose a country that is served here.
portal-invalid-postal-jp = Enter 7 digits, such as 150-0001.
portal-invalid-tax = Check the number, with its country's prefix where it has one.
portal-invalid-tax-vn = Check the tax code: 10 digits, or 10 and a branch, or 12 for a person. The last digit does not fit the others if one is mistyped.
portal-invalid-tax-jp = Enter T and 13 digits, such as T7000012050002.
portal-invalid-line = Use one line without special control characters, and make it shorter if it is long.
portal-display = Language and time zone
portal-zone = Time zone
portal-zone-usual = The account's ({ $zone })
portal-sample = It looks like this:
portal-access = Sign-in
portal-password = Password
portal-password-new = New password
portal-password-hint = At least { $least } characters; 15 or more are better. Paste from a password manager if you like.
portal-password-refused = Choose another one: it is too short, too long, or one that many people use.
portal-password-set = Set a password
portal-password-change = Change the password
portal-password-use = Use a password instead
portal-password-wrong = The email and the password do not belong together.
portal-sessions = Where you are signed in
portal-session-this = this one
portal-sessions-end = End all other sessions
portal-browser-unknown = Unknown browser
portal-saved-billing = Billing information saved
portal-saved-billing-doubt = Saved. The registration number is no corporate number: fine for a sole proprietor, else look for a mistyped digit.
portal-saved-display = Language and time zone saved
portal-saved-password = Password saved; all other sessions have ended
portal-saved-sessions = All other sessions have ended
portal-link-send = Email me a sign-in link
portal-link-why = No password needed: the link works once and for a short time.
portal-link-sent = Look into your mail
portal-link-sent-text =
    { $count ->
        [one] If this address is known here, a link is on its way. It works for one minute.
       *[other] If this address is known here, a link is on its way. It works for { $shown } minutes.
    }
portal-link-again = Ask for a new link
portal-link-continue = Sign in to continue
portal-link-join = You are invited
portal-link-who = You sign in as { $email }.
portal-link-invalid = This link does not work any more
portal-link-invalid-text = It was used already, has expired, or is not whole. Ask for a new one.
portal-error-not-found = There is no such page
portal-error-not-found-text = The address may be mistyped, or the page is not for the account you are signed in with.
portal-error-forbidden = Your role does not allow this
portal-error-forbidden-text = Ask an owner of the account to do it, or to change your role.
portal-error-stale = This form is no longer valid
portal-error-stale-text = You may have signed in again meanwhile. Nothing was changed. Open the page again and repeat it.
portal-error-unreadable = The request cannot be read
portal-error-unreadable-text = Open the page again and repeat what you did.
portal-error-busy = Too many attempts
portal-error-busy-text =
    { $count ->
        [one] Wait a second, then try again.
       *[other] Wait { $shown } seconds, then try again.
    }
portal-error-unavailable = Not available at the moment
portal-error-unavailable-text = Nothing was changed. Try again in a moment.
portal-error-internal = Something went wrong on our side
portal-error-internal-text = We have a record of it. If it happens again, tell us the reference below.
portal-error-no-account = You are not a member of an account
portal-error-no-account-text = Ask an owner to invite you, or sign in with another address.
portal-error-again = Try again
portal-error-home = To the overview
portal-error-reference = Reference:
