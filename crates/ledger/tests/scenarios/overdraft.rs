//! Going below zero on request, and coming back.

use crate::play::play;

#[test]
fn a_grant_repays_first() {
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        debit 80 overdraw                             -> debit#2 overdraft -80
        grant top_up 50                               -> lot#3 overdraft +50 by receivable
        show                                          -> balance -30 held 0 available -30 overdraft 30
        grant top_up 50                               -> lot#4 lot#4 +20 overdraft +30 by receivable
        lots                                          -> lot#4 20/50
        show                                          -> balance 20 held 0 available 20 overdraft 0
        ",
    );
}

#[test]
fn a_scoped_grant_repays_nothing() {
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        debit 80 overdraw                             -> debit#2 overdraft -80
        grant voucher 50 scope gpu                    -> lot#3 lot#3 +50 by promotion
        show                                          -> balance -30 held 0 available -30 overdraft 80
        settle                                        -> nothing
        # Scoped credits are spent although the account is overdrawn.
        debit 20 service gpu                          -> debit#4 lot#3 -20
        ",
    );
}

#[test]
fn a_lot_repays_when_it_becomes_effective() {
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        debit 80 overdraw                             -> debit#2 overdraft -80
        grant subscription 100 effective 10           -> lot#3 lot#3 +100 by promotion
        show                                          -> balance -80 held 0 available -80 overdraft 80
        at 9 | settle                                 -> nothing
        at 10 | show                                  -> balance 20 held 0 available 20 overdraft 0
        settle                                        -> repayment#4 lot#3 -80 overdraft +80
        settle                                        -> nothing
        ",
    );
}

#[test]
fn a_repayment_does_not_depend_on_when_somebody_looks() {
    // Both instants pass unseen: the lot repays at 10, what is left of it expires at 20.
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        debit 80 overdraw                             -> debit#2 overdraft -80
        grant subscription 100 effective 10 expires 20 -> lot#3 lot#3 +100 by promotion
        at 30 | show                                  -> balance 0 held 0 available 0 overdraft 0
        settle                                        -> repayment#4 lot#3 -80 overdraft +80 dated 10; expiry#5 lot#3 -20 by breakage dated 20
        ",
    );
    // A lot that expires at the instant at which a hold would have freed its credits repays nothing.
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        grant top_up 60 expires 20                    -> lot#2 lot#2 +60 by receivable
        hold 60 ttl 20                                -> hold#3 lot#2 60
        debit 80 overdraw                             -> debit#4 overdraft -80
        at 30 | settle                                -> hold_expiry#5 hold#3 dated 20; expiry#6 lot#2 -60 by breakage dated 20
        show                                          -> balance -80 held 0 available -80 overdraft 80
        ",
    );
}

#[test]
fn credits_that_a_hold_sets_free_repay() {
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        grant top_up 60                               -> lot#2 lot#2 +60 by receivable
        hold 60                                       -> hold#3 lot#2 60
        debit 40 overdraw                             -> debit#4 overdraft -40
        show                                          -> balance 20 held 60 available -40 overdraft 40
        at 5 | release hold#3                         -> release#5
        show                                          -> balance 20 held 0 available 20 overdraft 0
        at 7 | settle                                 -> repayment#6 lot#2 -40 overdraft +40 dated 5
        ",
    );
}

#[test]
fn the_limit_may_change() {
    play(
        "
        at 0 | open                                   -> open#1
        debit 1 overdraw                              -> insufficient 0/1
        configure overdraft 50                        -> configure#2
        debit 40 overdraw                             -> debit#3 overdraft -40
        # A lower limit asks for nothing back; there is no room until it is repaid.
        configure overdraft 10                        -> configure#4
        debit 1 overdraw                              -> insufficient 0/1
        grant top_up 35                               -> lot#5 overdraft +35 by receivable
        debit 6 overdraw                              -> insufficient 5/6
        debit 5 overdraw                              -> debit#6 overdraft -5
        configure overdraft -1                        -> overdraft_limit_negative
        ",
    );
    play("at 0 | open overdraft -1 -> overdraft_limit_negative");
    play("at 0 | open -> open#1 \n open -> account_exists");
}
