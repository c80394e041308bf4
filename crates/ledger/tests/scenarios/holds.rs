//! Earmarked credits: placed, captured, released, extended, run out.

use crate::play::play;

#[test]
fn a_hold_earmarks_in_burn_down_order() {
    play(
        "
        at 0 | open overdraft 100                     -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        grant voucher 30 scope gpu expires 500        -> lot#3 lot#3 +30 by promotion
        hold 40 service gpu ttl 60                    -> hold#4 lot#3 30 lot#2 10
        show                                          -> balance 80 held 40 available 40 overdraft 0
        lots                                          -> lot#3 30/30 held 30, lot#2 50/50 held 10
        holds                                         -> hold#4 40 until 60
        # A hold never overdraws, and nobody else spends what it holds.
        hold 41                                       -> insufficient 40/41
        debit 41                                      -> insufficient 40/41
        debit 40                                      -> debit#5 lot#2 -40
        capture hold#4 40                             -> capture#6 lot#3 -30 lot#2 -10
        show                                          -> balance 0 held 0 available 0 overdraft 0
        ",
    );
}

#[test]
fn a_partial_capture_ends_the_hold() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        grant voucher 30                              -> lot#3 lot#3 +30 by promotion
        hold 70                                       -> hold#4 lot#3 30 lot#2 40
        capture hold#4 35                             -> capture#5 lot#3 -30 lot#2 -5
        show                                          -> balance 45 held 0 available 45 overdraft 0
        capture hold#4 1                              -> hold_not_open
        release hold#4                                -> hold_not_open
        extend hold#4 ttl 60                          -> hold_not_open
        ",
    );
}

#[test]
fn a_capture_over_the_hold_goes_by_its_policy() {
    let begin = "
        at 0 | open overdraft 15                      -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 40                                       -> hold#3 lot#2 40
        capture hold#3 41                             -> capture_exceeds_hold 40
        capture hold#3 66 overdraw                    -> insufficient 65/66
        ";
    play(&format!("{begin}\n capture hold#3 66 cap -> capture#4 lot#2 -40"));
    // The hold, then free credits, then the overdraft.
    play(&format!("{begin}\n capture hold#3 45 overdraw -> capture#4 lot#2 -45"));
    play(&format!("{begin}\n capture hold#3 65 overdraw -> capture#4 lot#2 -50 overdraft -15"));
}

#[test]
fn what_a_capture_takes_beyond_the_hold_is_for_the_service_of_the_hold() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 10                               -> lot#2 lot#2 +10 by receivable
        hold 10 service llm                           -> hold#3 lot#2 10
        grant voucher 10 scope gpu                    -> lot#4 lot#4 +10 by promotion
        capture hold#3 15 overdraw                    -> insufficient 10/15
        grant voucher 10 scope llm                    -> lot#5 lot#5 +10 by promotion
        capture hold#3 15 overdraw                    -> capture#6 lot#2 -10 lot#5 -5
        ",
    );
}

#[test]
fn a_release_gives_everything_back() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 50                                       -> hold#3 lot#2 50
        release hold#3                                -> release#4
        show                                          -> balance 50 held 0 available 50 overdraft 0
        release hold#3                                -> hold_not_open
        ",
    );
}

#[test]
fn a_hold_runs_out_at_its_instant_and_an_extension_counts_from_now() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 50 ttl 60                                -> hold#3 lot#2 50
        at 50 | extend hold#3 ttl 20                  -> hold_extension#4
        holds                                         -> hold#3 50 until 70
        at 69 | debit 1                               -> insufficient 0/1
        # An extension may also shorten; a reader sees the end before it is booked.
        extend hold#3 ttl 6                           -> hold_extension#5
        at 76 | show                                  -> balance 50 held 0 available 50 overdraft 0
        debit 1                                       -> hold_expiry#6 hold#3 dated 75; debit#7 lot#2 -1
        extend hold#3 ttl 60                          -> hold_not_open
        ",
    );
}

#[test]
fn a_capture_that_races_the_end_has_one_winner() {
    let begin = "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 50 ttl 60                                -> hold#3 lot#2 50
        ";
    play(&format!("{begin}\n at 59 | capture hold#3 50 -> capture#4 lot#2 -50 \n at 60 | settle -> nothing"));
    play(&format!("{begin}\n at 60 | capture hold#3 50 -> hold_expiry#4 hold#3; hold_not_open"));
    play(&format!("{begin}\n at 60 | settle -> hold_expiry#4 hold#3 \n capture hold#3 50 -> hold_not_open"));
}

#[test]
fn a_held_part_outlives_the_expiry_of_its_lot() {
    let begin = "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        hold 40 ttl 60                                -> hold#3 lot#2 40
        at 50 | show                                  -> balance 40 held 40 available 0 overdraft 0
        at 55 | settle                                -> expiry#4 lot#2 -60 by breakage dated 50
        lots                                          -> lot#2 40/100 held 40
        debit 1                                       -> insufficient 0/1
        ";
    // Spent in time, or lost at the next touch after the hold has ended.
    play(&format!("{begin}\n capture hold#3 40 -> capture#5 lot#2 -40 \n settle -> nothing"));
    play(&format!(
        "{begin}
        capture hold#3 30                             -> capture#5 lot#2 -30
        show                                          -> balance 0 held 0 available 0 overdraft 0
        settle                                        -> expiry#6 lot#2 -10 by breakage dated 50"
    ));
    play(&format!("{begin}\n release hold#3 -> release#5 \n settle -> expiry#6 lot#2 -40 by breakage dated 50"));
    play(&format!(
        "{begin}
        at 65 | show                                  -> balance 0 held 0 available 0 overdraft 0
        settle                                        -> hold_expiry#5 hold#3 dated 60; expiry#6 lot#2 -40 by breakage dated 50"
    ));
}

#[test]
fn a_capture_beyond_the_hold_takes_nothing_free_from_a_lot_that_has_expired() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50                  -> lot#2 lot#2 +100 by promotion
        hold 40                                       -> hold#3 lot#2 40
        at 50 | capture hold#3 41 overdraw            -> expiry#4 lot#2 -60 by breakage; insufficient 40/41
        ",
    );
}

#[test]
fn several_holds_end_in_their_order() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 10 ttl 30                                -> hold#3 lot#2 10
        hold 10 ttl 20                                -> hold#4 lot#2 10
        hold 10 ttl 30                                -> hold#5 lot#2 10
        at 40 | settle                                -> hold_expiry#6 hold#4 dated 20; hold_expiry#7 hold#3 dated 30; hold_expiry#8 hold#5 dated 30
        ",
    );
}

#[test]
fn amounts_and_lives_have_limits() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        hold 0                                        -> amount_not_positive
        hold -1                                       -> amount_not_positive
        hold 1 ttl 0                                  -> ttl_out_of_range
        hold 1 ttl 604801                             -> ttl_out_of_range
        hold 1 ttl 604800                             -> hold#3 lot#2 1
        extend hold#3 ttl 0                           -> ttl_out_of_range
        extend hold#3 ttl 604801                      -> ttl_out_of_range
        extend hold#3 ttl 1                           -> hold_extension#4
        capture hold#3 0                              -> amount_not_positive
        capture hold#9 1                              -> hold_not_open
        release hold#2                                -> hold_not_open
        ",
    );
}
