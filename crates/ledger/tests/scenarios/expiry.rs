//! The end of lots: expiry with breakage, void, a change of the expiry; and time.

use crate::play::play;

#[test]
fn an_expiry_is_booked_once_and_dated_at_the_expiry() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        grant voucher 100 expires 40                  -> lot#3 lot#3 +100 by promotion
        debit 30                                      -> debit#4 lot#3 -30
        at 49 | settle                                -> expiry#5 lot#3 -70 by breakage dated 40
        at 80 | settle                                -> expiry#6 lot#2 -100 by breakage dated 50
        settle                                        -> nothing
        at 90 | settle                                -> nothing
        ",
    );
    // All that passed unseen, in its order.
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        grant voucher 100 expires 40                  -> lot#3 lot#3 +100 by promotion
        hold 100 ttl 45                               -> hold#4 lot#3 100
        at 80 | settle                                -> hold_expiry#5 hold#4 dated 45; expiry#6 lot#3 -100 by breakage dated 40; expiry#7 lot#2 -100 by breakage dated 50
        ",
    );
}

#[test]
fn a_spent_lot_expires_without_a_booking() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        debit 100                                     -> debit#3 lot#2 -100
        at 50 | settle                                -> nothing
        void lot#2                                    -> lot_ended
        ",
    );
}

#[test]
fn an_expiry_lies_after_now_and_after_the_beginning() {
    play(
        "
        at 10 | open                                  -> open#1
        grant voucher 1 expires 10                    -> expiry_too_early
        grant voucher 1 expires 9                     -> expiry_too_early
        grant voucher 1 effective 5 expires 9         -> expiry_too_early
        grant voucher 1 effective 20 expires 20       -> expiry_too_early
        grant voucher 1 effective 20 expires 21       -> lot#2 lot#2 +1 by promotion
        expiry lot#2 10                               -> expiry_too_early
        expiry lot#2 20                               -> expiry_too_early
        expiry lot#2 22                               -> expiry_change#3
        grant voucher 0                               -> amount_not_positive
        grant voucher -1                              -> amount_not_positive
        ",
    );
}

#[test]
fn a_changed_expiry_changes_the_order() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 10 expires 50                   -> lot#2 lot#2 +10 by promotion
        grant voucher 10 expires 60                   -> lot#3 lot#3 +10 by promotion
        lots                                          -> lot#2 10/10, lot#3 10/10
        expiry lot#2 70                               -> expiry_change#4
        lots                                          -> lot#3 10/10, lot#2 10/10
        debit 5                                       -> debit#5 lot#3 -5
        expiry lot#3 never                            -> expiry_change#6
        debit 5                                       -> debit#7 lot#2 -5
        expiry lot#3 20                               -> expiry_change#8
        at 20 | expiry lot#3 90                       -> expiry#9 lot#3 -5 by breakage; lot_ended
        expiry lot#9 90                               -> lot_not_found
        ",
    );
}

#[test]
fn a_void_takes_what_is_free_and_ends_the_lot() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100                              -> lot#2 lot#2 +100 by receivable
        debit 30                                      -> debit#3 lot#2 -30
        void lot#2                                    -> void#4 lot#2 -70 by receivable
        void lot#2                                    -> lot_ended
        void lot#3                                    -> lot_not_found
        show                                          -> balance 0 held 0 available 0 overdraft 0
        # What is given back to it later is lost.
        reverse debit#3                               -> reversal#5 lot#2 +30
        settle                                        -> expiry#6 lot#2 -30 by breakage
        ",
    );
    // A lot goes back to whoever gives its kind.
    play(
        "
        at 0 | open                                   -> open#1
        grant setup 1                                 -> lot#2 lot#2 +1 by opening
        grant voucher 1                               -> lot#3 lot#3 +1 by promotion
        grant subscription 1 effective 9 expires 10   -> lot#4 lot#4 +1 by promotion
        void lot#2                                    -> void#5 lot#2 -1 by opening
        void lot#3                                    -> void#6 lot#3 -1 by promotion
        # One that does not count yet never will.
        void lot#4                                    -> void#7 lot#4 -1 by promotion
        at 9 | show                                   -> balance 0 held 0 available 0 overdraft 0
        ",
    );
}

#[test]
fn a_void_leaves_held_parts_to_their_holds() {
    let begin = "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 90                  -> lot#2 lot#2 +100 by promotion
        hold 40                                       -> hold#3 lot#2 40
        at 5 | void lot#2                             -> void#4 lot#2 -60 by promotion
        show                                          -> balance 40 held 40 available 0 overdraft 0
        ";
    play(&format!("{begin}\n at 6 | capture hold#3 40 -> capture#5 lot#2 -40 \n settle -> nothing"));
    play(&format!(
        "{begin}
        at 6 | release hold#3                         -> release#5
        show                                          -> balance 0 held 0 available 0 overdraft 0
        settle                                        -> expiry#6 lot#2 -40 by breakage dated 5"
    ));
}

#[test]
fn time_never_runs_backwards() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        at 60 | settle                                -> expiry#3 lot#2 -100 by breakage dated 50
        # An earlier clock counts as the time of the last transaction.
        at 40 | grant voucher 10 expires 60           -> expiry_too_early
        grant voucher 10 expires 61                   -> lot#4 lot#4 +10 by promotion
        hold 5 ttl 10                                 -> hold#5 lot#4 5
        holds                                         -> hold#5 5 until 70
        ",
    );
}

#[test]
fn an_idle_account_settles_to_nothing() {
    play(
        "
        at 0 | open overdraft 10                      -> open#1
        settle                                        -> nothing
        grant top_up 10                               -> lot#2 lot#2 +10 by receivable
        at 1000000 | settle                           -> nothing
        show                                          -> balance 10 held 0 available 10 overdraft 0
        ",
    );
}
