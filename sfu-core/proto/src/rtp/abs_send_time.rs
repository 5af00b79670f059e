//! The abs-send-time extension (`http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time`, carried
//! as RFC 8285 says): when the packet left, modulo 64 seconds. Estimators on the far side compare
//! differences only.

use crate::time::NtpTime;

/// 24 bits of seconds, six before the point and eighteen behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AbsSendTime([u8; 3]);

impl AbsSendTime {
    pub const fn from_bytes(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 3] {
        &self.0
    }
}

impl From<NtpTime> for AbsSendTime {
    fn from(at: NtpTime) -> Self {
        // NTP has 32 bits behind the point: fourteen more than are kept here.
        let [_, _, _, _, _, high, middle, low] = (at.0 >> 14).to_be_bytes();
        Self([high, middle, low])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_two_to_the_eighteen() {
        let at = |seconds: u64, half: u64| AbsSendTime::from(NtpTime(seconds << 32 | half << 31));
        assert_eq!(at(1, 0).as_bytes(), &[0x04, 0, 0]);
        assert_eq!(at(0, 1).as_bytes(), &[0x02, 0, 0]);
        assert_eq!(at(63, 1).as_bytes(), &[0xfe, 0, 0]);
    }

    #[test]
    fn it_wraps_after_64_seconds() {
        let at = |seconds: u64| AbsSendTime::from(NtpTime(seconds << 32));
        assert_eq!(at(3), at(3 + 64));
    }
}
