//! Every store keeps every rule of the testkit: one file per store, one line for all the rules.

mod memory;
