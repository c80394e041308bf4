//! Which credits are spent first, and which are skipped.

use crate::play::play;

#[test]
fn classes_burn_plan_voucher_manual_and_setup_top_up() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 100                              -> lot#2 lot#2 +100 by receivable
        grant setup 100                               -> lot#3 lot#3 +100 by opening
        grant manual 100                              -> lot#4 lot#4 +100 by promotion
        grant voucher 100                             -> lot#5 lot#5 +100 by promotion
        grant subscription 100                        -> lot#6 lot#6 +100 by promotion
        lots                                          -> lot#6 100/100, lot#5 100/100, lot#3 100/100, lot#4 100/100, lot#2 100/100
        debit 450                                     -> debit#7 lot#6 -100 lot#5 -100 lot#3 -100 lot#4 -100 lot#2 -50
        show                                          -> balance 50 held 0 available 50 overdraft 0
        ",
    );
}

#[test]
fn a_priority_overrides_the_class() {
    play(
        "
        at 0 | open                                   -> open#1
        grant subscription 10                         -> lot#2 lot#2 +10 by promotion
        grant top_up 10 priority 99                   -> lot#3 lot#3 +10 by receivable
        grant voucher 10 priority 401                 -> lot#4 lot#4 +10 by promotion
        grant top_up 10                               -> lot#5 lot#5 +10 by receivable
        grant manual 10 priority -1                   -> lot#6 lot#6 +10 by promotion
        # The rank of its class, given by hand, makes it an equal of that class: then expiry and age decide.
        grant top_up 10 priority 100                  -> lot#7 lot#7 +10 by receivable
        lots                                          -> lot#6 10/10, lot#3 10/10, lot#2 10/10, lot#7 10/10, lot#5 10/10, lot#4 10/10
        debit 60                                      -> debit#8 lot#6 -10 lot#3 -10 lot#2 -10 lot#7 -10 lot#5 -10 lot#4 -10
        ",
    );
}

#[test]
fn inside_a_class_scoped_then_expiry_then_age() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 10                              -> lot#2 lot#2 +10 by promotion
        grant voucher 10 expires 90                   -> lot#3 lot#3 +10 by promotion
        grant voucher 10 expires 50                   -> lot#4 lot#4 +10 by promotion
        grant voucher 10 expires 90                   -> lot#5 lot#5 +10 by promotion
        grant voucher 10 scope llm                    -> lot#6 lot#6 +10 by promotion
        grant voucher 10 scope llm,gpu expires 99     -> lot#7 lot#7 +10 by promotion
        # Scoped lots first (the one that expires, then the one that never does), then unscoped by expiry, then by number.
        lots                                          -> lot#7 10/10, lot#6 10/10, lot#4 10/10, lot#3 10/10, lot#5 10/10, lot#2 10/10
        debit 60 service llm                          -> debit#8 lot#7 -10 lot#6 -10 lot#4 -10 lot#3 -10 lot#5 -10 lot#2 -10
        ",
    );
}

#[test]
fn a_scoped_lot_of_a_later_class_waits_for_its_class() {
    play(
        "
        at 0 | open                                   -> open#1
        grant top_up 10 scope llm                     -> lot#2 lot#2 +10 by receivable
        grant voucher 10                              -> lot#3 lot#3 +10 by promotion
        debit 15 service llm                          -> debit#4 lot#3 -10 lot#2 -5
        ",
    );
}

#[test]
fn a_lot_that_does_not_cover_the_service_is_skipped() {
    play(
        "
        at 0 | open                                   -> open#1
        grant voucher 100 expires 50 scope gpu        -> lot#2 lot#2 +100 by promotion
        debit 30 service llm                          -> insufficient 0/30
        grant top_up 40                               -> lot#3 lot#3 +40 by receivable
        debit 30 service llm                          -> debit#4 lot#3 -30
        # Nothing named, nothing scoped.
        debit 5                                       -> debit#5 lot#3 -5
        # The name must be the same, to the letter.
        debit 30 service GPU                          -> insufficient 5/30
        debit 30 service gpu-large                    -> insufficient 5/30
        debit 102 service gpu                         -> debit#6 lot#2 -100 lot#3 -2
        ",
    );
}

#[test]
fn a_lot_counts_from_its_effective_time_until_its_expiry() {
    play(
        "
        at 0 | open                                   -> open#1
        grant subscription 100 effective 10 expires 20 -> lot#2 lot#2 +100 by promotion
        show                                          -> balance 0 held 0 available 0 overdraft 0
        at 9 | debit 1                                -> insufficient 0/1
        at 10 | debit 1                               -> debit#3 lot#2 -1
        at 19 | debit 1                               -> debit#4 lot#2 -1
        show                                          -> balance 98 held 0 available 98 overdraft 0
        at 20 | show                                  -> balance 0 held 0 available 0 overdraft 0
        debit 1                                       -> expiry#5 lot#2 -98 by breakage; insufficient 0/1
        ",
    );
}

#[test]
fn the_effective_time_may_lie_in_the_past() {
    play(
        "
        at 100 | open                                 -> open#1
        grant subscription 100 effective 10 expires 120 -> lot#2 lot#2 +100 by promotion
        debit 1                                       -> debit#3 lot#2 -1
        ",
    );
}

#[test]
fn a_debit_that_does_not_suffice_goes_by_its_policy() {
    play(
        "
        at 0 | open overdraft 20                      -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        debit 51                                      -> insufficient 50/51
        debit 71 overdraw                             -> insufficient 70/71
        debit 60 overdraw                             -> debit#3 lot#2 -50 overdraft -10
        show                                          -> balance -10 held 0 available -10 overdraft 10
        debit 1                                       -> insufficient 0/1
        debit 1 partial                               -> insufficient 0/1
        debit 11 overdraw                             -> insufficient 10/11
        debit 10 overdraw                             -> debit#4 overdraft -10
        ",
    );
    play(
        "
        at 0 | open overdraft 20                      -> open#1
        grant top_up 50                               -> lot#2 lot#2 +50 by receivable
        grant voucher 5 scope gpu                     -> lot#3 lot#3 +5 by promotion
        # What is there is taken; the overdraft is not touched.
        debit 60 service llm partial                  -> debit#4 lot#2 -50
        debit 60 service gpu partial                  -> debit#5 lot#3 -5
        debit 60 service gpu partial                  -> insufficient 0/60
        ",
    );
}
