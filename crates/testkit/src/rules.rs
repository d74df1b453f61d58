//! The conformance suite: one function per rule, named as the sentence.
//!
//! Each makes keys of its own, so rules can share a server. [`keeps_every_rule!`](crate::keeps_every_rule)
//! makes one test of each.

#![allow(
    clippy::unwrap_used,
    reason = "a store that fails here has failed the rule"
)]

mod content;
mod life;
mod races;
mod removal;
mod trouble;

pub use content::*;
pub use life::*;
pub use races::*;
pub use removal::*;
pub use trouble::*;

/// One `#[test]` per rule, on a subject that the given expression makes anew for each.
#[macro_export]
macro_rules! keeps_every_rule {
    ($subject:expr) => {
        $crate::keeps_every_rule! { @each $subject;
            what_was_saved_is_loaded_byte_for_byte
            any_bytes_under_any_legal_key_come_back
            what_is_too_large_is_refused_never_cut
            the_guarantee_is_what_is_claimed
            the_expired_is_absent
            loading_alone_does_not_extend_a_life
            a_refresh_restarts_the_time_to_live
            touching_restarts_the_time_to_live
            touching_the_absent_makes_nothing
            touching_changes_neither_bytes_nor_revision
            touching_or_saving_twice_within_one_second_finds_the_record
            any_time_to_live_is_legal
            saving_to_an_absent_key_wins_once
            a_revision_wins_once_among_racers
            a_revision_never_saves_while_the_record_is_absent
            a_delete_wins_over_a_racing_save_with_a_revision
            a_delete_with_an_old_revision_loses
            an_old_revision_never_saves
            readers_among_writers_see_whole_records
            deleting_is_idempotent
            listing_shows_each_live_key_once
            listing_takes_its_prefix_literally
            sweeping_takes_only_the_dead
            a_dropped_future_leaves_the_old_record_or_the_new_one
            a_dropped_future_never_gives_its_reply_to_another_caller
            an_unreachable_server_is_an_error_within_its_limit
            nothing_prints_a_key_a_payload_or_a_password
        }
    };
    (@each $subject:expr; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                let subject = $subject;
                $crate::keep(&subject, async |subject| $crate::rules::$rule(subject).await);
            }
        )*
    };
}
