//! Small files and folders of this machine, written whole and durably.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::PermitError;

/// No permit and no claim is longer.
pub(super) const LONGEST: u64 = 4096;

/// The name of this boot.
pub(super) fn boot() -> Result<String, PermitError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    let text = fs::read_to_string(path).map_err(|e| PermitError::system(path, &e))?;
    Ok(text.trim().to_owned())
}

pub(super) fn exists(path: &Path) -> Result<bool, PermitError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(PermitError::system(path, &e)),
    }
}

/// A small file; `None`: it is not there.
pub(super) fn read(path: &Path) -> Result<Option<String>, PermitError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => return Ok(None),
        Err(e) => return Err(PermitError::system(path, &e)),
    };
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|e| PermitError::system(path, &e))?;
    if text.len() as u64 > LONGEST {
        return Err(PermitError::damaged(path, "it is too long"));
    }
    Ok(Some(text))
}

/// Writes a new file whole, durably: nobody ever reads half of it.
pub(super) fn create(path: &Path, text: &[u8]) -> Result<(), PermitError> {
    let wrong = |e: io::Error| PermitError::system(path, &e);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    let _left_behind = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(wrong)?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(wrong)?;
    // Not over one that is there.
    let made = fs::hard_link(&beside, path);
    let _once_linked = fs::remove_file(&beside);
    made.map_err(wrong)?;
    sync(path.parent().unwrap_or(path))
}

/// Makes a folder with mode 0700; one that is there is checked.
pub(super) fn private(folder: &Path) -> Result<(), PermitError> {
    let wrong = |e: io::Error| PermitError::system(folder, &e);
    let meta = match fs::symlink_metadata(folder) {
        Ok(meta) => meta,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
            sync(folder.parent().unwrap_or(folder))?;
            fs::symlink_metadata(folder).map_err(wrong)?
        }
        Err(e) => return Err(wrong(e)),
    };
    let unsafe_because = |why: String| PermitError::Unsafe { path: folder.to_owned(), why };
    if !meta.is_dir() {
        return Err(unsafe_because("it is not a folder".to_owned()));
    }
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(unsafe_because(format!("others may write into it (mode {mode:03o})")));
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), PermitError> {
    fs::File::open(folder).and_then(|file| file.sync_all()).map_err(|e| PermitError::system(folder, &e))
}
