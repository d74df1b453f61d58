//! The layer on every native store, on its real server and on a current-thread runtime.

#![allow(
    clippy::disallowed_methods,
    reason = "tokio's attribute waits for a test"
)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod drops;
mod places;
mod races;
mod site;
mod stalls;

/// One test per rule.
macro_rules! tests {
    ($store:ident: $($module:ident::$rule:ident)*) => {
        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $rule() {
                crate::$module::$rule(&crate::places::Place::$store()).await;
            }
        )*
    };
}

macro_rules! on_stores {
    ($($store:ident)*) => {
        $(
            mod $store {
                tests! { $store:
                    stalls::while_a_load_is_stalled_a_thousand_other_requests_are_answered
                    drops::a_dropped_request_leaves_the_old_record_or_the_new_one
                    races::changes_of_two_requests_are_both_kept
                    races::a_logout_wins_over_a_slow_request
                    races::a_renewed_session_has_left_its_old_id
                }
            }
        )*
    };
}

on_stores! { filesystem memcached mongodb mysql postgresql redis sqlite }

mod behind_a_network {
    macro_rules! on_stores {
        ($($store:ident)*) => {
            $(
                mod $store {
                    tests! { $store: drops::a_reply_to_a_dropped_request_is_nobodys }
                }
            )*
        };
    }

    on_stores! { memcached mongodb mysql postgresql redis }
}
