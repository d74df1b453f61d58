//! What every store must keep, as functions that any store can be tested with.
