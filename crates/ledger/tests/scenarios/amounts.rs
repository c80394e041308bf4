//! Corrections, and amounts at the limits.

use crate::play::play;

#[test]
fn an_adjustment_gives_a_manual_lot_or_takes_by_burn_down() {
    play(
        "
        at 0 | open overdraft 50                      -> open#1
        grant voucher 30 scope gpu                    -> lot#2 lot#2 +30 by promotion
        adjust 20                                     -> adjustment#3 lot#3 +20 by promotion
        # Downwards scopes do not matter, and nothing is overdrawn.
        adjust -51                                    -> insufficient 50/51
        adjust -35                                    -> adjustment#4 lot#2 -30 lot#3 -5 by promotion
        adjust 0                                      -> amount_not_positive
        debit 25 overdraw                             -> debit#5 lot#3 -15 overdraft -10
        adjust 15                                     -> adjustment#6 lot#6 +5 overdraft +10 by promotion
        show                                          -> balance 5 held 0 available 5 overdraft 0
        ",
    );
}

#[test]
fn the_largest_amount_is_the_largest_balance() {
    play(
        "
        at 0 | open overdraft MAX                     -> open#1
        grant top_up MAX+1                            -> amount_too_large
        grant top_up MAX                              -> lot#2 lot#2 +2305843009213693951 by receivable
        grant voucher 1                               -> amount_too_large
        grant voucher 1 effective 99                  -> amount_too_large
        adjust 1                                      -> amount_too_large
        adjust LOWEST                                 -> amount_too_large
        debit MAX                                     -> debit#3 lot#2 -2305843009213693951
        debit 1                                       -> insufficient 0/1
        debit MAX+1 overdraw                          -> insufficient 2305843009213693951/2305843009213693952
        debit MAX overdraw                            -> debit#4 overdraft -2305843009213693951
        show                                          -> balance -2305843009213693951 held 0 available -2305843009213693951 overdraft 2305843009213693951
        configure overdraft MAX+1                     -> amount_too_large
        grant top_up MAX                              -> lot#5 overdraft +2305843009213693951 by receivable
        show                                          -> balance 0 held 0 available 0 overdraft 0
        ",
    );
    play("at 0 | open overdraft MAX+1 -> amount_too_large");
}

#[test]
fn a_reversal_cannot_grow_a_balance_beyond_the_largest() {
    play(
        "
        at 0 | open overdraft 5                       -> open#1
        grant top_up MAX                              -> lot#2 lot#2 +2305843009213693951 by receivable
        debit 100                                     -> debit#3 lot#2 -100
        grant voucher 100                             -> lot#4 lot#4 +100 by promotion
        reverse debit#3                               -> amount_too_large
        debit 40                                      -> debit#5 lot#4 -40
        reverse debit#3 40                            -> reversal#6 lot#2 +40
        reverse debit#3 1                             -> amount_too_large
        show                                          -> balance 2305843009213693951 held 0 available 2305843009213693951 overdraft 0
        ",
    );
}
