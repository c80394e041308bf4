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
