//! Refunds and disputes: the credits of a payment go back, and come again when the dispute is won.

use crate::play::play;

#[test]
fn a_payment_is_clawed_back_in_parts_and_never_beyond_what_it_gave() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        claw_back lot#2 30                            -> clawback#3 lot#2 -30 by clearing:stripe
        claw_back lot#2 30                            -> clawback#4 lot#2 -30 by clearing:stripe
        claw_back lot#2 41                            -> reversal_too_large 40
        claw_back lot#2 0                             -> amount_not_positive
        claw_back lot#2 -1                            -> amount_not_positive
        claw_back lot#2 LOWEST                        -> amount_not_positive
        # No amount: all that is not clawed back yet.
        claw_back lot#2                               -> clawback#5 lot#2 -40 by clearing:stripe
        claw_back lot#2                               -> reversal_too_large 0
        lots                                          ->
        show                                          -> balance 0 held 0 available 0 overdraft 0
        ",
    );
}

#[test]
fn what_was_spent_becomes_overdraft_whatever_the_limit() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        debit 70                                      -> debit#3 lot#2 -70
        claw_back lot#2                               -> clawback#4 lot#2 -30 overdraft -70 by clearing:stripe
        show                                          -> balance -70 held 0 available -70 overdraft 70
        debit 1 overdraw                              -> insufficient 0/1
        grant top_up 100 by clearing:stripe           -> lot#5 lot#5 +30 overdraft +70 by clearing:stripe
        ",
    );
    // Other credits repay at once; what had repaid an overdraft was spent on that.
    play(
        "
        at 0 | open overdraft 50                      -> open#1
        debit 40 overdraw                             -> debit#2 overdraft -40
        grant top_up 100 by clearing:vnpay            -> lot#3 lot#3 +60 overdraft +40 by clearing:vnpay
        grant voucher 50                              -> lot#4 lot#4 +50 by promotion
        claw_back lot#3                               -> clawback#5 lot#3 -60 overdraft -40 by clearing:vnpay
        settle                                        -> repayment#6 lot#4 -40 overdraft +40
        lots                                          -> lot#4 10/50
        ",
    );
}

#[test]
fn a_held_part_stays_with_its_hold() {
    let begin = "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        hold 40                                       -> hold#3 lot#2 40
        claw_back lot#2                               -> clawback#4 lot#2 -60 overdraft -40 by clearing:stripe
        show                                          -> balance 0 held 40 available -40 overdraft 40
        ";
    play(&format!(
        "{begin}
        capture hold#3 40                             -> capture#5 lot#2 -40
        show                                          -> balance -40 held 0 available -40 overdraft 40"
    ));
    play(&format!(
        "{begin}
        release hold#3                                -> release#5
        settle                                        -> repayment#6 lot#2 -40 overdraft +40
        show                                          -> balance 0 held 0 available 0 overdraft 0"
    ));
}

#[test]
fn what_expired_unspent_is_no_debt() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 expires 50 by clearing:paypal -> lot#2 lot#2 +100 by clearing:paypal
        at 60 | claw_back lot#2                       -> expiry#3 lot#2 -100 by breakage dated 50; clawback#4 breakage -100 by clearing:paypal
        show                                          -> balance 0 held 0 available 0 overdraft 0
        reinstate clawback#4 70                       -> reinstatement#5 breakage +70 by clearing:paypal
        reinstate clawback#4 31                       -> reversal_too_large 30
        claw_back lot#2 71                            -> reversal_too_large 70
        claw_back lot#2 70                            -> clawback#6 breakage -70 by clearing:paypal
        ",
    );
    // Before anything that was spent.
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 expires 50 by clearing:stripe -> lot#2 lot#2 +100 by clearing:stripe
        debit 60                                      -> debit#3 lot#2 -60
        at 50 | claw_back lot#2 30                    -> expiry#4 lot#2 -40 by breakage; clawback#5 breakage -30 by clearing:stripe
        claw_back lot#2                               -> clawback#6 overdraft -60 breakage -10 by clearing:stripe
        ",
    );
}

#[test]
fn what_a_void_took_is_taken_from_whoever_has_it() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        debit 30                                      -> debit#3 lot#2 -30
        hold 20                                       -> hold#4 lot#2 20
        void lot#2                                    -> void#5 lot#2 -50 by receivable
        release hold#4                                -> release#6
        claw_back lot#2                               -> expiry#7 lot#2 -20 by breakage; clawback#8 overdraft -30 receivable -50 breakage -20 by clearing:stripe
        reinstate clawback#8 35                       -> reinstatement#9 overdraft +30 breakage +5 by clearing:stripe
        reinstate clawback#8                          -> reinstatement#10 breakage +15 receivable +50 by clearing:stripe
        ",
    );
}

#[test]
fn a_reinstatement_gives_back_what_the_clawback_took() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        debit 70                                      -> debit#3 lot#2 -70
        claw_back lot#2                               -> clawback#4 lot#2 -30 overdraft -70 by clearing:stripe
        reinstate clawback#4 50                       -> reinstatement#5 overdraft +50 by clearing:stripe
        reinstate clawback#4 51                       -> reversal_too_large 50
        reinstate clawback#4 0                        -> amount_not_positive
        reinstate clawback#4                          -> reinstatement#6 lot#2 +30 overdraft +20 by clearing:stripe
        reinstate clawback#4                          -> reversal_too_large 0
        show                                          -> balance 30 held 0 available 30 overdraft 0
        # What was reinstated can be clawed back again.
        claw_back lot#2 101                           -> reversal_too_large 100
        claw_back lot#2                               -> clawback#7 lot#2 -30 overdraft -70 by clearing:stripe
        ",
    );
}

#[test]
fn each_clawback_is_reinstated_by_itself() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        claw_back lot#2 40                            -> clawback#3 lot#2 -40 by clearing:stripe
        claw_back lot#2 60                            -> clawback#4 lot#2 -60 by clearing:stripe
        reinstate clawback#4 61                       -> reversal_too_large 60
        reinstate clawback#4                          -> reinstatement#5 lot#2 +60 by clearing:stripe
        claw_back lot#2 61                            -> reversal_too_large 60
        reinstate clawback#3                          -> reinstatement#6 lot#2 +40 by clearing:stripe
        lots                                          -> lot#2 100/100
        ",
    );
}

#[test]
fn what_other_credits_repaid_since_comes_back_as_a_lot() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 expires 90 by clearing:stripe -> lot#2 lot#2 +100 by clearing:stripe
        debit 100                                     -> debit#3 lot#2 -100
        claw_back lot#2                               -> clawback#4 overdraft -100 by clearing:stripe
        grant top_up 80 by clearing:stripe            -> lot#5 overdraft +80 by clearing:stripe
        reinstate clawback#4                          -> reinstatement#6 lot#6 +80 overdraft +20 by clearing:stripe
        # The lot that was clawed back has still room for what was spent of it.
        reverse debit#3                               -> reversal#7 lot#2 +100
        lots                                          -> lot#2 100/100, lot#6 80/80
        at 99 | debit 80                              -> expiry#8 lot#2 -100 by breakage dated 90; debit#9 lot#6 -80
        ",
    );
}

#[test]
fn a_lot_that_expired_meanwhile_loses_what_it_gets_back() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 expires 50 by clearing:stripe -> lot#2 lot#2 +100 by clearing:stripe
        claw_back lot#2                               -> clawback#3 lot#2 -100 by clearing:stripe
        at 60 | settle                                -> nothing
        reinstate clawback#3                          -> reinstatement#4 lot#2 +100 by clearing:stripe
        settle                                        -> expiry#5 lot#2 -100 by breakage dated 50
        claw_back lot#2                               -> clawback#6 breakage -100 by clearing:stripe
        ",
    );
}

#[test]
fn clawing_back_again_sees_what_expired_since() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 expires 50 by clearing:stripe -> lot#2 lot#2 +100 by clearing:stripe
        hold 40 ttl 60                                -> hold#3 lot#2 40
        claw_back lot#2                               -> clawback#4 lot#2 -60 overdraft -40 by clearing:stripe
        at 60 | settle                                -> hold_expiry#5 hold#3; expiry#6 lot#2 -40 by breakage dated 50
        show                                          -> balance -40 held 0 available -40 overdraft 40
        reinstate clawback#4                          -> reinstatement#7 lot#2 +60 overdraft +40 by clearing:stripe
        claw_back lot#2                               -> expiry#8 lot#2 -60 by breakage dated 50; clawback#9 breakage -100 by clearing:stripe
        show                                          -> balance 0 held 0 available 0 overdraft 0
        ",
    );
}

#[test]
fn only_grants_are_clawed_back_and_only_clawbacks_reinstated() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 30 effective 50 by clearing:stripe -> lot#2 lot#2 +30 by clearing:stripe
        adjust 5                                      -> adjustment#3 lot#3 +5 by promotion
        debit 5                                       -> debit#4 lot#3 -5
        claw_back lot#9                               -> lot_not_found
        claw_back lot#4                               -> lot_not_found
        claw_back lot#3                               -> not_reversible
        # A lot that does not count yet is clawed back like any other.
        claw_back lot#2 10                            -> clawback#5 lot#2 -10 by clearing:stripe
        reverse clawback#5                            -> not_reversible
        reverse grant#2                               -> not_reversible
        reinstate grant#2                             -> not_reversible
        reinstate debit#4                             -> not_reversible
        reinstate clawback#6                          -> entry_not_found
        reinstate clawback#0                          -> entry_not_found
        reinstate clawback#5                          -> reinstatement#6 lot#2 +10 by clearing:stripe
        reinstate reinstatement#6                     -> not_reversible
        reverse reinstatement#6                       -> not_reversible
        ",
    );
}

#[test]
fn a_closed_account_is_clawed_back_too() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100 by clearing:stripe           -> lot#2 lot#2 +100 by clearing:stripe
        debit 70                                      -> debit#3 lot#2 -70
        configure closed                              -> configure#4
        claw_back lot#2                               -> clawback#5 lot#2 -30 overdraft -70 by clearing:stripe
        reinstate clawback#5                          -> reinstatement#6 lot#2 +30 overdraft +70 by clearing:stripe
        ",
    );
}

#[test]
fn an_overdraft_and_a_sum_of_lots_stay_within_the_largest_amount() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up MAX                              -> lot#2 lot#2 +2305843009213693951 by receivable
        debit MAX                                     -> debit#3 lot#2 -2305843009213693951
        claw_back lot#2                               -> clawback#4 overdraft -2305843009213693951 by receivable
        grant top_up 1 scope llm                      -> lot#5 lot#5 +1 by receivable
        debit 1 service llm                           -> debit#6 lot#5 -1
        claw_back lot#5                               -> amount_too_large
        ",
    );
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 1                                -> lot#2 lot#2 +1 by receivable
        claw_back lot#2                               -> clawback#3 lot#2 -1 by receivable
        grant top_up MAX                              -> lot#4 lot#4 +2305843009213693951 by receivable
        reinstate clawback#3                          -> amount_too_large
        ",
    );
}
