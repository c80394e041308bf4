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
