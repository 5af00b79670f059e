//! Which driver the operator asks for, and which one was taken.

use core::fmt;
use core::str::FromStr;

use crate::RingRefusal;

/// What the configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriverChoice {
    /// io_uring where the kernel allows it, else mio.
    #[default]
    Auto,
    /// io_uring, or refuse to start.
    Uring,
    /// mio with `recvmmsg` and `sendmmsg`.
    Mio,
}

/// The setting names no driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no I/O driver: use auto, io_uring or mio")]
pub struct UnknownDriver(String);

impl FromStr for DriverChoice {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        match text {
            "auto" => Ok(Self::Auto),
            "io_uring" => Ok(Self::Uring),
            "mio" => Ok(Self::Mio),
            _ => Err(UnknownDriver(text.to_owned())),
        }
    }
}

impl fmt::Display for DriverChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Uring => "io_uring",
            Self::Mio => "mio",
        })
    }
}

/// What was taken.
#[derive(Debug)]
pub enum DriverKind {
    Uring,
    Mio {
        /// Why it is not io_uring; `None` where mio was asked for.
        instead: Option<RingRefusal>,
    },
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uring => f.write_str("io_uring"),
            Self::Mio { instead: None } => f.write_str("mio"),
            Self::Mio {
                instead: Some(refusal),
            } => write!(f, "mio, since {refusal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_reads_back() {
        for choice in [DriverChoice::Auto, DriverChoice::Uring, DriverChoice::Mio] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "uring".parse::<DriverChoice>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"uring\" is no I/O driver: use auto, io_uring or mio"
        );
    }
}
