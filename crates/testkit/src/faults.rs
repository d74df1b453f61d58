//! What a store with a server must do when the way to that server breaks, as functions that any such
//! store can be tested with.

mod cuts;

pub use cuts::*;
