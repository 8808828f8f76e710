//! The fuzzer's bytes taken apart.

/// Stands between two texts: in no JSON, no output of a command and no name.
pub const BETWEEN: u8 = 0x1e;
/// Stands between a command's output, its errors and its exit code.
pub const STREAMS: u8 = 0x1f;

/// The texts in an input.
pub fn parts(data: &[u8]) -> Vec<Vec<u8>> {
    data.split(|byte| *byte == BETWEEN).map(<[u8]>::to_vec).collect()
}

/// The same as text, as a command's output would be decoded.
pub fn texts(data: &[u8]) -> Vec<String> {
    data.split(|byte| *byte == BETWEEN).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

/// An input of these texts.
pub fn joined<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut all = Vec::new();
    for (n, part) in parts.into_iter().enumerate() {
        all.extend((n > 0).then_some(BETWEEN));
        all.extend_from_slice(part.as_ref());
    }
    all
}

/// Takes a piece of bytes: a byte for the caller, a length of two bytes, as much of that as there is.
pub fn counted<'a>(data: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (head, rest) = data.split_first_chunk::<3>()?;
    let len = usize::from(u16::from_be_bytes([head[1], head[2]])).min(rest.len());
    let (piece, rest) = rest.split_at(len);
    *data = rest;
    Some((head[0], piece))
}
