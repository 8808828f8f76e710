//! What both machines keep in files: the marks of either, and the baker's seed nonces.

use super::WithSigner;
use crate::baker::{BakerError, MarkFiles, SeedNonces};
use crate::clock::Timestamp;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::tezos::ChainId;

impl MarkFiles for WithSigner {
    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        match (self.baker.marks(chain), self.signer.marks(chain)) {
            (Ok(mut marks), Ok(signer)) => {
                marks.files.extend(signer.files);
                marks.other_chains.extend(signer.other_chains);
                marks.absent.extend(signer.absent);
                marks.unread = marks.unread.or(signer.unread);
                Ok(marks)
            }
            // The baker asked for everything that its signer signed; a folder that nobody named does not count as
            // unreadable.
            (Ok(marks), Err(BakerError::NoMarkFolder { .. })) | (Err(BakerError::NoMarkFolder { .. }), Ok(marks)) => {
                Ok(marks)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

impl SeedNonces for WithSigner {
    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        self.baker.nonces(chain)
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        self.baker.merge_nonces(chain, theirs, at)
    }
}
