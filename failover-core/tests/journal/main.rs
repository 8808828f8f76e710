//! What a run leaves on the disk: its journal, the folder of runs, and the files of the state.

mod cut;
mod full;
mod runs;
mod state_files;
