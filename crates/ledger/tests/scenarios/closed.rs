//! A closed account gives and takes nothing new; what was begun may end.

use crate::play::play;

#[test]
fn a_closed_account_begins_nothing() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100                              -> lot#2 lot#2 +100 by receivable
        hold 10                                       -> hold#3 lot#2 10
        configure closed                              -> configure#4
        grant top_up 1                                -> account_closed
        debit 1                                       -> account_closed
        hold 1                                        -> account_closed
        extend hold#3 ttl 60                          -> account_closed
        adjust 1                                      -> account_closed
        adjust -1                                     -> account_closed
        configure reopened                            -> configure#5
        debit 1                                       -> debit#6 lot#2 -1
        ",
    );
}

#[test]
fn what_was_begun_ends_on_a_closed_account() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        debit 10                                      -> debit#3 lot#2 -10
        hold 10                                       -> hold#4 lot#2 10
        hold 10                                       -> hold#5 lot#2 10
        hold 10 ttl 20                                -> hold#6 lot#2 10
        configure closed                              -> configure#7
        capture hold#4 10                             -> capture#8 lot#2 -10
        release hold#5                                -> release#9
        reverse debit#3                               -> reversal#10 lot#2 +10
        expiry lot#2 30                               -> expiry_change#11
        at 40 | settle                                -> hold_expiry#12 hold#6 dated 20; expiry#13 lot#2 -90 by breakage dated 30
        void lot#2                                    -> lot_ended
        ",
    );
}
