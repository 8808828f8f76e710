//! One look at a machine with TezBake: its units are listed again, and what was known of them is asked at once.

use super::TezbakeControl;
use crate::baker::instance::PATTERNS;
use crate::baker::layout::{self, Layout};
use crate::baker::{Depth, Looks};
use crate::host::Host;

impl<H: Host> Looks for TezbakeControl<H> {
    fn begin_look(&mut self, depth: Depth) {
        self.systemctl.begin_look();
        self.systemctl.expect_list(&PATTERNS);
        if self.layout == Layout::default() {
            self.systemctl.expect(&[&[&layout::SHOW[..], &PATTERNS].concat()], &[]);
        }
        self.depth = Some(depth);
        // They are listed again; where they are the same, one round trip is enough.
        self.expect_known();
    }

    fn end_look(&mut self) {
        self.systemctl.end_look();
        self.depth = None;
    }
}
