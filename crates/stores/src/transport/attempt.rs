//! What an attempt came to, and whether another is of use.

use flask_session_core::Error;

/// Why an attempt gave no answer.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// Nothing was done: no connection was to be had, or the server refused for the moment.
    /// Another connection may lead to where the server is now.
    Undone(Error),
    /// The connection broke: what the server did is unknown.
    Lost(Error),
    /// Trying again is of no use.
    Final(Error),
}

impl Interruption {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Undone(error) | Self::Lost(error) | Self::Final(error) => error,
        }
    }
}

impl From<Error> for Interruption {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

pub(crate) type Attempt<T> = std::result::Result<T, Interruption>;
