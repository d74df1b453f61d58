//! The scripts that compare and change in one step.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// 1: done; 0: the record is another; -1: there is none.
const SET: &str = "\
local found = redis.call('GET', KEYS[1])
if not found then return -1 end
if found ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], ARGV[3], ARGV[4])
return 1";

const DELETE: &str = "\
local found = redis.call('GET', KEYS[1])
if not found then return -1 end
if found ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1";

/// The scripts of a store. Not static: a fork in the midst of the first use would leave a child
/// waiting for ever.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) set_if_equal: Script,
    pub(super) delete_if_equal: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            set_if_equal: Script::new(SET),
            delete_if_equal: Script::new(DELETE),
        }
    }
}

/// A script, and the digest by which a server that has seen it knows it.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    digest: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        let mut digest = String::with_capacity(40);
        for byte in Sha1::digest(text) {
            // Writing to a String can't fail.
            let _ = write!(digest, "{byte:02x}");
        }
        Self { text, digest }
    }

    pub(super) fn text(&self) -> &str {
        self.text
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}
