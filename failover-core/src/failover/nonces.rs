//! What is said at the end of the primary's seed nonces (H16).

use crate::baker::BakerMachine;
use crate::decision::NonceOutcome;
use crate::journal::record::End;
use crate::tezos::ChainId;

/// One sentence, and where they are missing, what can still be done. How many the primary had is known only where its files
/// were read; what this machine's own files have is told beside it.
pub(super) fn tell(end: &mut End, nonces: Option<&NonceOutcome>, backup: &mut dyn BakerMachine, chain: ChainId) {
    let (why, theirs) = match nonces {
        // All of them were here before: nothing to tell.
        Some(NonceOutcome::Merged(merged)) if merged.theirs.is_some() && merged.added == 0 => return,
        Some(NonceOutcome::Merged(merged)) => {
            end.message.push_str(&format!("; {merged}"));
            return;
        }
        Some(NonceOutcome::Missing { why, theirs }) => (why.as_str(), *theirs),
        None => ("its machine was not stopped from here", None),
    };
    let lost = match theirs {
        Some(_) => String::new(),
        None => "; how many of them are unrevealed is not known".to_owned(),
    };
    let here = match backup.nonces(chain).map(|nonces| nonces.count()) {
        Ok(Some(count)) => format!("this machine has {count}"),
        Ok(None) => "this machine has no nonce file".to_owned(),
        Err(error) => format!("this machine's own are not known: {error}"),
    };
    end.message.push_str(&format!("; the primary's seed nonces were not merged: {why}{lost}; {here}"));
    end.next.push_str(
        ". Keep the old machine's disk: what its *_nonces files have is revealed in the next cycle, or the attesting rewards \
         of this one are lost",
    );
}
