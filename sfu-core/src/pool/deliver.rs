//! From the handshake thread to the workers.

use std::sync::{Arc, OnceLock};

use sfu_proto::control::SessionEnd;
use sfu_proto::shard::HandshakeEvent;
use sfu_proto::srtp::KeyingMaterial;

use crate::dtls::{Certificate, DtlsFailure, DtlsOutput, DtlsSender, DtlsThread};
use crate::mailbox::{Mailbox, ToWorker};
use crate::startup_error::StartupError;

/// Starts the thread; what it says goes into the mailbox of the session's worker.
pub(super) fn start_dtls(
    certificate: Certificate,
    mailboxes: Arc<OnceLock<Vec<Mailbox>>>,
) -> Result<DtlsSender, StartupError> {
    let deliver = move |worker: usize, output: DtlsOutput| {
        let mailbox = mailboxes.get().and_then(|all| all.get(worker));
        let Some(mailbox) = mailbox else { return };
        let is_repeated = matches!(output, DtlsOutput::Records { .. });
        match translate(output) {
            Some(message) if is_repeated => {
                // A worker too far behind to take it: the far side repeats its flight.
                let _ = mailbox.post(message);
            }
            Some(message) => mailbox.post_result(message),
            None => {}
        }
    };
    let (_, sender) = DtlsThread::start(certificate, deliver)
        .map_err(|error| StartupError::Dtls(error.to_string()))?;
    Ok(sender)
}

fn translate(output: DtlsOutput) -> Option<ToWorker> {
    let (session, event) = match output {
        DtlsOutput::Records { session, bytes } => (session, HandshakeEvent::Records(bytes)),
        DtlsOutput::Keys {
            session,
            profile,
            keying,
        } => {
            let keys = KeyingMaterial::from_exporter(profile, &keying)?;
            (session, HandshakeEvent::Keys(keys))
        }
        DtlsOutput::Failed { session, why } => {
            tracing::info!(%session, "handshake failed: {why}");
            let end = match why {
                DtlsFailure::WrongFingerprint => SessionEnd::WrongFingerprint,
                _ => SessionEnd::HandshakeFailed,
            };
            (session, HandshakeEvent::Ended(end))
        }
        DtlsOutput::Closed { session } => {
            (session, HandshakeEvent::Ended(SessionEnd::ClosedByPeer))
        }
    };
    Some(ToWorker::Handshake { session, event })
}
