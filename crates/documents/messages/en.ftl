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

## Credit history

history-title = Credit history
history-sheet-summary = Summary
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
history-account = Account
history-period = Date range
history-period-start = the beginning
history-zone = Time zone
history-unit = Unit
history-made = Made on
history-filter-none = All
history-count = Entries
history-in = In
history-out = Out
history-net = Change
history-total = Total
history-opening = Opening balance
history-closing = Closing balance
history-pending = of which not in effect yet
history-note-order = Entries stand newest first.
history-note-reconciled = Opening balance + change = closing balance. Balances include credits that are not in effect yet.
history-note-filtered = The list is filtered: the balance column is that of the whole account after each entry.
history-note-rounded = Amounts with more digits than a cell keeps (15): { $count }. The CSV file has all digits.
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
