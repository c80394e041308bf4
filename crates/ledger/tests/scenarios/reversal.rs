//! Giving the credits of a debit or capture back.

use crate::play::play;

#[test]
fn last_taken_is_given_back_first_to_the_same_lots() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 30                              -> lot#2 lot#2 +30 by promotion
        grant top_up 50                               -> lot#3 lot#3 +50 by receivable
        debit 60                                      -> debit#4 lot#2 -30 lot#3 -30
        reverse debit#4 20                            -> reversal#5 lot#3 +20
        reverse debit#4 20                            -> reversal#6 lot#3 +10 lot#2 +10
        reverse debit#4 21                            -> reversal_too_large 20
        reverse debit#4 0                             -> amount_not_positive
        reverse debit#4 -5                            -> amount_not_positive
        # No amount: all that is not reversed yet.
        reverse debit#4                               -> reversal#7 lot#2 +20
        reverse debit#4                               -> reversal_too_large 0
        reverse debit#4 1                             -> reversal_too_large 0
        lots                                          -> lot#2 30/30, lot#3 50/50
        ",
    );
}

#[test]
fn a_capture_is_reversed_like_a_debit() {
    play(
        "
        at 0 | open overdraft 10                      -> open#1
        grant voucher 30                              -> lot#2 lot#2 +30 by promotion
        hold 20                                       -> hold#3 lot#2 20
        capture hold#3 35 overdraw                    -> capture#4 lot#2 -30 overdraft -5
        reverse capture#4 12                          -> reversal#5 lot#2 +7 overdraft +5
        reverse capture#4                             -> reversal#6 lot#2 +23
        ",
    );
}

#[test]
fn a_partial_debit_gives_back_what_it_took() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 30                               -> lot#2 lot#2 +30 by receivable
        debit 100 partial                             -> debit#3 lot#2 -30
        reverse debit#3 31                            -> reversal_too_large 30
        reverse debit#3                               -> reversal#4 lot#2 +30
        ",
    );
}

#[test]
fn a_lot_that_has_expired_loses_again_what_it_gets_back() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 30 expires 50                   -> lot#2 lot#2 +30 by promotion
        debit 20                                      -> debit#3 lot#2 -20
        at 60 | reverse debit#3                       -> expiry#4 lot#2 -10 by breakage dated 50; reversal#5 lot#2 +20
        show                                          -> balance 0 held 0 available 0 overdraft 0
        at 61 | debit 1                               -> expiry#6 lot#2 -20 by breakage dated 50; insufficient 0/1
        ",
    );
}

#[test]
fn what_was_overdrawn_goes_back_to_the_overdraft() {
    play(
        "
        at 0 | open overdraft 50                      -> open#1
        grant top_up 30                               -> lot#2 lot#2 +30 by receivable
        debit 70 overdraw                             -> debit#3 lot#2 -30 overdraft -40
        reverse debit#3 15                            -> reversal#4 overdraft +15
        reverse debit#3                               -> reversal#5 lot#2 +30 overdraft +25
        show                                          -> balance 30 held 0 available 30 overdraft 0
        ",
    );
}

#[test]
fn what_was_overdrawn_and_repaid_since_becomes_a_manual_lot() {
    play(
        "
        at 0 | open overdraft 50                      -> open#1
        debit 40 overdraw                             -> debit#2 overdraft -40
        grant voucher 30 expires 50                   -> lot#3 overdraft +30 by promotion
        reverse debit#2                               -> reversal#4 lot#4 +30 overdraft +10
        lots                                          -> lot#4 30/30
        at 99 | debit 30                              -> debit#5 lot#4 -30
        ",
    );
}

#[test]
fn credits_given_back_repay_another_overdraft() {
    play(
        "
        at 0 | open overdraft 50                      -> open#1
        grant top_up 30                               -> lot#2 lot#2 +30 by receivable
        debit 30                                      -> debit#3 lot#2 -30
        debit 20 overdraw                             -> debit#4 overdraft -20
        reverse debit#3                               -> reversal#5 lot#2 +30
        show                                          -> balance 10 held 0 available 10 overdraft 0
        settle                                        -> repayment#6 lot#2 -20 overdraft +20
        ",
    );
}

#[test]
fn only_debits_and_captures_are_reversed() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 30                               -> lot#2 lot#2 +30 by receivable
        adjust -5                                     -> adjustment#3 lot#2 -5 by promotion
        hold 5                                        -> hold#4 lot#2 5
        debit 5                                       -> debit#5 lot#2 -5
        reverse debit#5                               -> reversal#6 lot#2 +5
        reverse grant#2                               -> not_reversible
        reverse adjustment#3                          -> not_reversible
        reverse hold#4                                -> not_reversible
        reverse reversal#6                            -> not_reversible
        reverse debit#7                               -> entry_not_found
        reverse debit#0                               -> entry_not_found
        ",
    );
}

#[test]
fn a_debit_of_nothing_has_nothing_to_give_back() {
    play(
        "
        at 0 | open                                   -> open#1
        debit 0                                       -> amount_not_positive
        debit -1                                      -> amount_not_positive
        debit -1 priced                               -> amount_not_positive
        debit 0 priced                                -> debit#2
        reverse debit#2                               -> reversal_too_large 0
        ",
    );
}
