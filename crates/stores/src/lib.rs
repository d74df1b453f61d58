//! The backends, one file and one cargo feature each.
